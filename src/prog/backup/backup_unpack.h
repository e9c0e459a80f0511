/* SPDX-License-Identifier: Apache-2.0 */
/* backup_unpack: the members of a backup as files DATA/NAME.part, synced, once all checksums were right. Names that are
 * none of a backup's are refused: nothing is written anywhere else. */
#ifndef PUGMARK_PROG_BACKUP_UNPACK_H
#define PUGMARK_PROG_BACKUP_UNPACK_H

#include "prog/backup/backup_make.h"

struct unpacked {
	int64_t made_us;
	bool has_store, has_config;
};

/* STATUS_CORRUPT, STATUS_BAD_INPUT as backup_restore; the files that were made are the caller's to take away. */
enum status backup_unpack(const char *path, const char *data, const struct backup_watch *watch, struct unpacked *ret,
			  struct err *err) MUST_CHECK;

#endif
