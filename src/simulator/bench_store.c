/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/bench_store.h"

#include "store/house/accounts.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

enum status bench_store_open(struct bench_store *b, int64_t now_us, struct err *err)
{
	static const uint8_t KEY[LINK_TOKEN_KEY_SIZE] = {1, 2, 3};
	char url[BENCH_DIRECTORY_MAX + 32];
	const char *root = getenv("TMPDIR");
	struct tenant tenant = {.name = SLICE("bench"), .time_zone = SLICE("UTC"), .created_us = now_us};
	*b = (struct bench_store){.keys = link_token_keys_new()};
	link_token_keys_set(b->keys, 1, KEY);
	(void)snprintf(b->directory, sizeof b->directory, "%.900s/pugmark-bench-XXXXXX", root ? root : "/tmp");
	if (!mkdtemp(b->directory)) {
		b->directory[0] = '\0';
		return err_set(err, STATUS_IO, "cannot make a directory in %.100s", root ? root : "/tmp");
	}
	(void)snprintf(url, sizeof url, "sqlite:%s/store.db", b->directory);
	enum status status = store_open(url, &b->store, err);
	if (status == STATUS_OK)
		status = store_migrate(b->store, err);
	if (status == STATUS_OK)
		status = store_session_open(b->store, STORE_WRITE, &b->session, err);
	return status == STATUS_OK ? store_tenant_add(b->session, &tenant, &b->tenant, err) : status;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info, (void)kind, (void)place;
	(void)remove(path); /* what cannot be removed is in a temporary directory */
	return 0;
}

void bench_store_close(struct bench_store *b)
{
	enum { OPEN_DIRECTORIES = 4 };
	store_session_close(&b->session);
	store_close(&b->store);
	link_token_keys_free(&b->keys);
	if (b->directory[0])
		(void)nftw(b->directory, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS);
}
