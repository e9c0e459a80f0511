/* SPDX-License-Identifier: Apache-2.0 */
/* backup_restore: a backup (backup_make.h) into an empty data directory, as a new incarnation.
 *
 * What the backup was made of went on after it, so the restored one is another node with ids of its own, and mail that
 * may have left since is in doubt (engine/upkeep/restored_doubt.h). The keys get their name last: a directory that is
 * half restored does not start.
 *
 * A database of PostgreSQL is not in a backup. Where it was put back by its own means, with_database makes a new
 * incarnation of it in the same way.
 */
#ifndef PUGMARK_PROG_BACKUP_RESTORE_H
#define PUGMARK_PROG_BACKUP_RESTORE_H

#include "engine/upkeep/restored_doubt.h"
#include "prog/backup/backup_make.h"

struct restore_result {
	int64_t made_us;     /* when the backup was made */
	int64_t restored_us; /* and when this was */
	struct restored_doubt mail;
	uint16_t node;
	bool has_store; /* the mail below was looked at; false: only keys and configuration were restored */
	bool has_config;
};

/* with_database: the PostgreSQL database that the configuration names was put back, and no server runs on it.
 * `installation` is not configured yet: its data directory is absent or empty, and its configuration may be in the
 * backup. STATUS_CONFLICT: the directory, or the file that is to be the store, or the database is in use; nothing was
 * changed. STATUS_CORRUPT: the backup is damaged; STATUS_BAD_INPUT: it is none, or of a newer program. After a failure
 * what was made is gone again. Blocks. */
enum status backup_restore(struct installation *installation, const char *path, bool with_database,
			   const struct backup_watch *watch, struct restore_result *ret, struct err *err) MUST_CHECK;

#endif
