/* SPDX-License-Identifier: Apache-2.0 */
/* Figures need a store that already holds millions of rows, and making one takes minutes; copying its files takes
 * seconds. So a store can be made once, closed (which puts everything into one file) and kept, and every run that is to
 * be compared with another begins with the same bytes. */
#include "simulator/bench_store.h"

#include "store/house/accounts.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_AT_ONCE = 1 << 30, FIRST_TENANT = 1 };

static enum status open_session(struct bench_store *b, struct err *err)
{
	static const uint8_t KEY[LINK_TOKEN_KEY_SIZE] = {1, 2, 3};
	b->keys = link_token_keys_new();
	link_token_keys_set(b->keys, 1, KEY);
	enum status status = store_migrate(b->store, err);
	return status == STATUS_OK ? store_session_open(b->store, STORE_WRITE, &b->session, err) : status;
}

static enum status open_parts(struct bench_store *b, struct err *err)
{
	char url[BENCH_DIRECTORY_MAX + 32];
	(void)snprintf(url, sizeof url, "sqlite:%s/store.db", b->directory);
	enum status status = store_open(url, &b->store, err);
	return status == STATUS_OK ? open_session(b, err) : status;
}

static enum status add_tenant(struct bench_store *b, int64_t now_us, struct err *err)
{
	struct tenant tenant = {.name = SLICE("bench"), .time_zone = SLICE("UTC"), .created_us = now_us};
	return store_tenant_add(b->session, &tenant, &b->tenant, err);
}

static enum status open_new(struct bench_store *b, int64_t now_us, struct err *err)
{
	enum status status = open_parts(b, err);
	return status == STATUS_OK ? add_tenant(b, now_us, err) : status;
}

static enum status make_directory(struct bench_store *b, struct err *err)
{
	const char *root = getenv("TMPDIR");
	*b = (struct bench_store){0};
	(void)snprintf(b->directory, sizeof b->directory, "%.900s/pugmark-bench-XXXXXX", root ? root : "/tmp");
	if (mkdtemp(b->directory))
		return STATUS_OK;
	b->directory[0] = '\0';
	return err_set(err, STATUS_IO, "cannot make a directory in %.100s", root ? root : "/tmp");
}

enum status bench_store_open(struct bench_store *b, int64_t now_us, struct err *err)
{
	enum status status = make_directory(b, err);
	return status == STATUS_OK ? open_new(b, now_us, err) : status;
}

/* What is measured is written over whatever is there, so it had better be nothing that somebody needs. */
static enum status check_empty(struct store *store, struct err *err)
{
	if (!store_is_shared(store))
		return err_set(err, STATUS_BAD_INPUT, "this is not the URL of a PostgreSQL database");
	switch (store_check(store, err)) {
	case STATUS_NOT_FOUND: return STATUS_OK;
	case STATUS_IO: return STATUS_IO;
	default: return err_set(err, STATUS_CONFLICT, "the database is not empty; make one for this measurement");
	}
}

enum status bench_store_open_in(struct bench_store *b, const char *url, int64_t now_us, struct err *err)
{
	enum status status = make_directory(b, err);
	if (status == STATUS_OK)
		status = store_open(url, &b->store, err);
	if (status == STATUS_OK)
		status = check_empty(b->store, err);
	if (status == STATUS_OK)
		status = open_session(b, err);
	return status == STATUS_OK ? add_tenant(b, now_us, err) : status;
}

enum status bench_store_create(struct bench_store *b, const char *directory, int64_t now_us, struct err *err)
{
	*b = (struct bench_store){.is_kept = true};
	(void)snprintf(b->directory, sizeof b->directory, "%.1000s", directory);
	if (mkdir(directory, 0700) != 0)
		return err_set_errno(err, errno, "cannot make %.100s", directory);
	return open_new(b, now_us, err);
}

/* ---- Copying */

static enum status copy_bytes(int from, int to, struct err *err)
{
	ssize_t n;
	/* The kernel copies, and shares the blocks where the file system can. */
	while ((n = copy_file_range(from, NULL, to, NULL, COPY_AT_ONCE, 0)) > 0)
		continue;
	return n == 0 ? STATUS_OK : err_set_errno(err, errno, "cannot copy a store");
}

static enum status copy_file(int from_dir, int to_dir, const char *name, struct err *err)
{
	int from = openat(from_dir, name, O_RDONLY | O_CLOEXEC);
	int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum status status =
	    from < 0 || to < 0 ? err_set_errno(err, errno, "cannot copy %.100s", name) : copy_bytes(from, to, err);
	if (from >= 0)
		(void)close(from);
	if (to >= 0 && close(to) != 0 && status == STATUS_OK)
		status = err_set_errno(err, errno, "cannot copy %.100s", name);
	return status;
}

static bool is_file(int directory, const char *name)
{
	struct stat s;
	return fstatat(directory, name, &s, 0) == 0 && S_ISREG(s.st_mode);
}

/* All files that stand in it, and nothing below. */
static enum status copy_files(const char *from, const char *to, struct err *err)
{
	DIR *files = opendir(from);
	int to_dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum status status = files && to_dir >= 0 ? STATUS_OK : err_set_errno(err, errno, "cannot copy %.100s", from);
	for (struct dirent *entry; status == STATUS_OK && (entry = readdir(files));)
		if (is_file(dirfd(files), entry->d_name))
			status = copy_file(dirfd(files), to_dir, entry->d_name, err);
	if (files)
		(void)closedir(files);
	if (to_dir >= 0)
		(void)close(to_dir);
	return status;
}

static enum status copy_journal(const char *from, const char *to, struct err *err)
{
	char from_path[BENCH_DIRECTORY_MAX + 16];
	char to_path[BENCH_DIRECTORY_MAX + 16];
	(void)snprintf(from_path, sizeof from_path, "%.1000s/journal", from);
	(void)snprintf(to_path, sizeof to_path, "%.1000s/journal", to);
	if (access(from_path, F_OK) != 0)
		return STATUS_OK;
	if (mkdir(to_path, 0700) != 0)
		return err_set_errno(err, errno, "cannot make %.100s", to_path);
	return copy_files(from_path, to_path, err);
}

enum status bench_store_open_copy(struct bench_store *b, const char *from, struct err *err)
{
	enum status status = make_directory(b, err);
	if (status == STATUS_OK)
		status = copy_files(from, b->directory, err);
	if (status == STATUS_OK)
		status = copy_journal(from, b->directory, err);
	b->tenant = FIRST_TENANT;
	return status == STATUS_OK ? open_parts(b, err) : status;
}

/* ---- */

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
	if (b->directory[0] && !b->is_kept)
		(void)nftw(b->directory, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS);
}
