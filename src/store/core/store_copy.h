/* SPDX-License-Identifier: Apache-2.0 */
/* store_copy: the whole store as one file, for a backup. Part of the store (see store.h).
 *
 * Beside whoever writes it: the copy is what one transaction sees, and nobody waits for it. The write-ahead log cannot
 * be written back past that transaction, so it grows meanwhile by what is written. Of SQLite; a store of PostgreSQL is
 * copied by what PostgreSQL has for it.
 */
#ifndef PUGMARK_STORE_STORE_COPY_H
#define PUGMARK_STORE_STORE_COPY_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct store;

struct store_copy_watch {
	/* Now and then; in pages. False: give up, with STATUS_AGAIN. May be NULL. */
	bool (*step)(void *user, uint64_t done, uint64_t all);
	void *user;
};

/* Writes `path`, which may be there and is then written over; readable for its owner only, and not synced. A session of
 * its own that reads. STATUS_BAD_INPUT: the store is no file (store_is_shared). After a failure the file is not a copy.
 * Blocks. */
enum status store_copy(struct store *store, const char *path, const struct store_copy_watch *watch,
		       struct err *err) MUST_CHECK;
/* The path of a store that is a file; NULL: it is none. */
const char *store_file(const struct store *store);

#endif
