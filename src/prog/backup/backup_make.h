/* SPDX-License-Identifier: Apache-2.0 */
/* backup_make: an installation into one file (archive.h), beside a server that runs or while none does.
 *
 *   backup.json    what it is: format, version of the program, when, of which store
 *   keys           the keys of links
 *   pugmark.conf   if the data directory has one
 *   pugmark.db     the store, unless it is a PostgreSQL database
 *   SHA256SUMS
 *
 * The journal is not in it: everything that was received by the time of the call is applied first (catch_up.h), so that
 * it is in the store. Nor is DATA/node, because what is restored is another node (store/house/incarnation.h).
 */
#ifndef PUGMARK_PROG_BACKUP_MAKE_H
#define PUGMARK_PROG_BACKUP_MAKE_H

#include "prog/serve/installation.h"

enum { BACKUP_FORMAT = 1 };
#define BACKUP_MANIFEST "backup.json"
#define BACKUP_KEYS "keys"
#define BACKUP_CONFIG "pugmark.conf"
#define BACKUP_STORE "pugmark.db"

struct backup_watch {
	/* `what`: "records to apply", "MB copied", "MB packed"; NULL is allowed. */
	void (*step)(void *user, unsigned per_mille, uint64_t count, const char *what);
	void *user;
};
struct backup_result {
	int64_t made_us;
	uint64_t applied;     /* the journal's records up to here are in it */
	uint64_t bytes;       /* of the file */
	uint64_t store_bytes; /* 0: the store is elsewhere */
	bool has_store, has_config;
};

/* The installation is configured, and may be open. Needs as much room beside FILE as the store takes, for a copy that
 * goes again. STATUS_CONFLICT: the server that runs there cannot be asked, or FILE is there and is neither a backup nor
 * empty; STATUS_IO: what was received cannot be applied, or one of the files cannot be read or written; no FILE is made
 * or changed then. */
enum status backup_make(struct installation *installation, const char *path, const struct backup_watch *watch,
			struct backup_result *ret, struct err *err) MUST_CHECK;

#endif
