/* SPDX-License-Identifier: Apache-2.0 */
/* bench_store: a new SQLite store with a tenant, in a directory of its own that goes away with it. */
#ifndef PUGMARK_SIMULATOR_BENCH_STORE_H
#define PUGMARK_SIMULATOR_BENCH_STORE_H

#include "codec/token/link_token.h"
#include "store/core/store.h"

enum { BENCH_DIRECTORY_MAX = 1024 };

struct bench_store {
	char directory[BENCH_DIRECTORY_MAX]; /* in TMPDIR, or else /tmp; more may be put into it */
	struct store *store;
	struct store_session *session; /* writes */
	struct link_token_keys *keys;  /* one, with the id 1 */
	uint32_t tenant;
};

/* Give it to bench_store_close in any case. Blocks, as does closing. */
enum status bench_store_open(struct bench_store *b, int64_t now_us, struct err *err) MUST_CHECK;
/* Removes the directory with all that is in it, which must be closed. */
void bench_store_close(struct bench_store *b);

#endif
