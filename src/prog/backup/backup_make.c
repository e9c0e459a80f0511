/* SPDX-License-Identifier: Apache-2.0 */
/* The command copies, not the server: it may write where a server that is locked up may not, and as a reader it holds
 * up nobody. The server only sees to it that its store has all that was received.
 *
 * The copy of the store is a file beside FILE first, because tar wants to know a size before it has the bytes. */
#include "prog/backup/backup_make.h"

#include "codec/text/json_text.h"
#include "engine/upkeep/catch_up.h"
#include "prog/backup/archive.h"
#include "prog/serve/errand.h"
#include "store/core/store_copy.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANIFEST_MAX = 4096 };

struct making {
	struct installation *installation;
	const char *path;
	const char *copy; /* of the store, beside it */
	const struct backup_watch *watch;
	struct backup_result result;
	bool is_made;
};

static void tell(const struct making *m, unsigned per_mille, uint64_t count, const char *what)
{
	if (m->watch->step)
		m->watch->step(m->watch->user, per_mille, count, what);
}

/* ---- The store */

static bool tell_pages(void *user, uint64_t done, uint64_t all)
{
	tell(user, all ? (unsigned)(done * 1000 / all) : 1000, done / 256, "MB copied");
	return true;
}

static enum status copy_store(struct making *m, struct err *err)
{
	const struct store_copy_watch watch = {.step = tell_pages, .user = m};
	struct stat info;
	enum status status = store_copy(m->installation->store, m->copy, &watch, err);
	if (status == STATUS_OK && stat(m->copy, &info) != 0)
		status = err_set_errno(err, errno, "%s cannot be read", m->copy);
	if (status == STATUS_OK)
		m->result.store_bytes = (uint64_t)info.st_size;
	return status;
}

/* ---- The file */

static void write_manifest(const struct making *m, struct buf *b)
{
	struct json_text w = json_text_on(b);
	json_open(&w, '{');
	JSON_FIELD(&w, "format", i64, BACKUP_FORMAT);
	JSON_FIELD(&w, "program", cstring, PUGMARK_VERSION);
	JSON_FIELD(&w, "made_at", time, m->result.made_us);
	JSON_FIELD(&w, "store", cstring, m->result.has_store ? "sqlite" : "postgresql");
	JSON_FIELD(&w, "applied", i64, (int64_t)m->result.applied);
	json_close(&w, '}');
	buf_append_byte(b, '\n');
}

static void tell_bytes(void *user, uint64_t done, uint64_t all)
{
	tell(user, all ? (unsigned)(done * 1000 / all) : 1000, done >> 20, "MB packed");
}

static enum status add_files(struct making *m, struct archive_writer *w, struct err *err)
{
	const struct installation *i = m->installation;
	const char *config = arena_printf(i->arena, "%s/" BACKUP_CONFIG, i->data).p;
	const struct archive_watch quiet = {NULL, NULL}, watch = {tell_bytes, m};
	struct buf manifest;
	m->result.has_config = access(config, F_OK) == 0;
	buf_init(&manifest, MANIFEST_MAX);
	write_manifest(m, &manifest);
	enum status status = archive_writer_add(w, BACKUP_MANIFEST, buf_slice(&manifest), err);
	buf_done(&manifest);
	if (status == STATUS_OK)
		status = archive_writer_add_file(w, BACKUP_KEYS, i->keys_path, &quiet, err);
	if (status == STATUS_OK && m->result.has_config)
		status = archive_writer_add_file(w, BACKUP_CONFIG, config, &quiet, err);
	if (status == STATUS_OK && m->result.has_store)
		status = archive_writer_add_file(w, BACKUP_STORE, m->copy, &watch, err);
	return status == STATUS_OK ? archive_writer_finish(w, &m->result.bytes, err) : status;
}

static enum status write_archive(struct making *m, struct err *err)
{
	struct archive_writer *w = NULL;
	enum status status = archive_writer_open(m->path, m->result.made_us, &w, err);
	if (status == STATUS_OK)
		status = add_files(m, w, err);
	archive_writer_free(&w);
	return status;
}

/* Its keys are read as a start would: a backup whose keys do not open the links of its store is none. */
static enum status make(struct making *m, struct err *err)
{
	enum status status = m->installation->store ? STATUS_OK : installation_open(m->installation, err);
	if (status != STATUS_OK)
		return status;
	m->result.made_us = clock_now_us(clock_system());
	m->result.has_store = store_file(m->installation->store) != NULL;
	if (m->result.has_store)
		status = copy_store(m, err);
	if (status == STATUS_OK)
		status = write_archive(m, err);
	if (m->result.has_store)
		(void)unlink(m->copy); /* the archive has it */
	m->is_made = status == STATUS_OK;
	return status;
}

/* ---- What was received first */

static void tell_records(void *user, uint64_t left, unsigned per_mille)
{
	tell(user, per_mille, left, "records to apply");
}

static bool tell_records_here(void *user, uint64_t left, uint32_t per_mille)
{
	tell_records(user, left, per_mille);
	return true;
}

/* With the data directory locked, so that no server begins to change what is copied. */
static enum status make_here(void *user, struct writer *writer, uint64_t *ret_count, struct err *err)
{
	struct making *m = user;
	const struct catch_up_watch watch = {.step = tell_records_here, .user = m};
	enum status status = catch_up_run(writer, &watch, &m->result.applied, err);
	if (status == STATUS_OK)
		status = make(m, err);
	*ret_count = m->result.applied;
	return status;
}

/* ---- What FILE may be */

static bool begins_as_archive(int fd)
{
	static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd}; /* RFC 8878, 3.1.1 */
	unsigned char begin[sizeof zstd];
	ssize_t n = read(fd, begin, sizeof begin);
	return n == 0 || (n == sizeof begin && memcmp(begin, zstd, sizeof zstd) == 0);
}

/* An earlier backup is replaced, as whoever makes one each night wants. Anything else is a mistake that cannot be taken
 * back: the store or the keys themselves, or a device. */
static enum status check_target(const char *path, struct err *err)
{
	struct stat info;
	if (lstat(path, &info) != 0)
		return errno == ENOENT ? STATUS_OK : err_set_errno(err, errno, "%s cannot be made", path);
	if (!S_ISREG(info.st_mode))
		return err_set(err, STATUS_CONFLICT, "%s is there and no file: name another one", path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return err_set_errno(err, errno, "%s is there and cannot be read", path);
	bool may_go = begins_as_archive(fd);
	(void)close(fd); /* only read from */
	return may_go
		   ? STATUS_OK
		   : err_set(err, STATUS_CONFLICT, "%s is there and no backup: name another file, or remove it", path);
}

enum status backup_make(struct installation *installation, const char *path, const struct backup_watch *watch,
			struct backup_result *ret, struct err *err)
{
	struct making m = {.installation = installation,
			   .path = path,
			   .copy = arena_printf(installation->arena, "%s.store.part", path).p,
			   .watch = watch};
	const struct errand errand = {
	    .request = "catch-up\n", .here = make_here, .needs_writer = true, .progress = tell_records, .user = &m};
	uint64_t applied = 0;
	enum status status = check_target(path, err);
	if (status == STATUS_OK)
		status = errand_run(installation, &errand, &applied, err);
	m.result.applied = applied;
	if (status == STATUS_OK && !m.is_made)
		status = make(&m, err);
	if (status == STATUS_OK)
		*ret = m.result;
	return status;
}
