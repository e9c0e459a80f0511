/* SPDX-License-Identifier: Apache-2.0 */
/* bench_store: an SQLite store with a tenant, in a directory of its own that goes away with it; or one that is kept, so
 * that later runs begin with a copy of it instead of making it again; or one in a PostgreSQL database. */
#ifndef PUGMARK_SIMULATOR_BENCH_STORE_H
#define PUGMARK_SIMULATOR_BENCH_STORE_H

#include "codec/token/link_token.h"
#include "store/core/store.h"

enum { BENCH_DIRECTORY_MAX = 1024 };

struct bench_store {
	char directory[BENCH_DIRECTORY_MAX]; /* in TMPDIR, or else /tmp; more may be put into it */
	bool is_kept;                        /* the directory is the caller's and stays */
	struct store *store;
	struct store_session *session; /* writes */
	struct link_token_keys *keys;  /* one, with the id 1 */
	uint32_t tenant;
};

/* New, and removed when it is closed. Give it to bench_store_close in any case. Blocks, as does closing. */
enum status bench_store_open(struct bench_store *b, int64_t now_us, struct err *err) MUST_CHECK;
/* New, in the PostgreSQL database at `url`; the directory is there for the rest. STATUS_CONFLICT: the database holds a
 * store already. STATUS_BAD_INPUT: the URL is not PostgreSQL's. Closing leaves the database as it is. Otherwise as
 * above. */
enum status bench_store_open_in(struct bench_store *b, const char *url, int64_t now_us, struct err *err) MUST_CHECK;
/* New, in `directory`, which is made and stays. STATUS_CONFLICT: there is something of that name. Otherwise as above.
 */
enum status bench_store_create(struct bench_store *b, const char *directory, int64_t now_us,
			       struct err *err) MUST_CHECK;
/* A copy of one that was made by bench_store_create and closed, with the folder "journal" if there is one; brought to
 * this program's schema. The copy is removed when it is closed, which bench_store_close wants in any case. */
enum status bench_store_open_copy(struct bench_store *b, const char *from, struct err *err) MUST_CHECK;
/* Unless it is kept, removes the directory with all that is in it, which must be closed. */
void bench_store_close(struct bench_store *b);

#endif
