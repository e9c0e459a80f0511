/* SPDX-License-Identifier: Apache-2.0 */
/* Written as it is read, under names that mean nothing to anybody, because whether it is whole is known at its end. */
#include "prog/backup/backup_unpack.h"

#include "base/clock.h"
#include "codec/text/json_find.h"
#include "prog/backup/archive.h"
#include "prog/backup/durable_file.h"
#include <limits.h>
#include <stdio.h>

enum { MANIFEST_MAX = 4096 };

struct unpacking {
	const char *data;
	const struct backup_watch *watch;
	struct archive_reader *reader;
	struct archive_member member;
	bool has_manifest, has_keys;
	struct unpacked result;
	bool says_store; /* the manifest does */
};

/* ---- The manifest */

static enum status read_manifest(struct unpacking *u, struct slice json, struct err *err)
{
	struct arena *arena = arena_new();
	struct slice format = SLICE_EMPTY, made = SLICE_EMPTY, store = SLICE_EMPTY;
	uint64_t number = 0;
	bool is_good = json_find(json, SLICE("format"), &format) == STATUS_OK &&
		       slice_to_u64(format, INT32_MAX, &number) &&
		       json_find_string(json, SLICE("made_at"), arena, &made) == STATUS_OK &&
		       time_parse_rfc3339(made, &u->result.made_us) &&
		       json_find_string(json, SLICE("store"), arena, &store) == STATUS_OK;
	u->says_store = slice_equal(store, SLICE("sqlite"));
	arena_free(&arena);
	if (!is_good)
		return err_set(err, STATUS_BAD_INPUT, BACKUP_MANIFEST " in the backup is not what pugmark writes");
	if (number > BACKUP_FORMAT)
		return err_set(err, STATUS_BAD_INPUT, "the backup is of a newer program; use that one");
	u->has_manifest = true;
	return STATUS_OK;
}

static enum status take_manifest(struct unpacking *u, struct err *err)
{
	char room[MANIFEST_MAX];
	struct buf text;
	struct slice part = SLICE_EMPTY;
	enum status status;
	buf_init_fixed(&text, room, sizeof room);
	while ((status = archive_reader_read(u->reader, &part, err)) == STATUS_OK && part.n)
		buf_append(&text, part);
	return status == STATUS_OK ? read_manifest(u, slice_trim(buf_slice(&text)), err) : status;
}

/* ---- Files */

static enum status copy_out(struct unpacking *u, int fd, const char *path, struct err *err)
{
	struct slice part = SLICE_EMPTY;
	uint64_t done = 0;
	enum status status;
	while ((status = archive_reader_read(u->reader, &part, err)) == STATUS_OK && part.n) {
		status = durable_file_write(fd, path, part, err);
		if (status != STATUS_OK)
			return status;
		done += part.n;
		if (u->watch->step && (done & 0x3fffff) < part.n)
			u->watch->step(u->watch->user, (unsigned)(done * 1000 / u->member.size), done >> 20,
				       "MB unpacked");
	}
	return status;
}

static enum status take_file(struct unpacking *u, bool *ret_has, struct err *err)
{
	char path[PATH_MAX];
	struct err ignored;
	int fd = -1;
	if (*ret_has)
		return err_set(err, STATUS_CORRUPT, "the backup is damaged: it has '%s' twice", u->member.name);
	if (snprintf(path, sizeof path, "%s/%s.part", u->data, u->member.name) >= (int)sizeof path)
		return err_set(err, STATUS_TOO_BIG, "the path %.80s… is too long", u->data);
	enum status status = durable_file_create(path, &fd, err);
	if (status != STATUS_OK)
		return status;
	status = copy_out(u, fd, path, err);
	enum status closed = durable_file_close(&fd, path, status == STATUS_OK ? err : &ignored);
	*ret_has = true;
	return status == STATUS_OK ? closed : status;
}

static enum status take_member(struct unpacking *u, struct err *err)
{
	const char *name = u->member.name;
	if (strcmp(name, BACKUP_MANIFEST) == 0)
		return take_manifest(u, err);
	if (!u->has_manifest)
		return err_set(err, STATUS_BAD_INPUT, "this is no backup of pugmark");
	if (strcmp(name, BACKUP_KEYS) == 0)
		return take_file(u, &u->has_keys, err);
	if (strcmp(name, BACKUP_CONFIG) == 0)
		return take_file(u, &u->result.has_config, err);
	if (strcmp(name, BACKUP_STORE) == 0)
		return take_file(u, &u->result.has_store, err);
	return err_set(err, STATUS_BAD_INPUT, "the backup holds '%s', which is none of a backup's files", name);
}

enum status backup_unpack(const char *path, const char *data, const struct backup_watch *watch, struct unpacked *ret,
			  struct err *err)
{
	struct unpacking u = {.data = data, .watch = watch};
	enum status status = archive_reader_open(path, &u.reader, err);
	if (status != STATUS_OK)
		return status;
	while ((status = archive_reader_next(u.reader, &u.member, err)) == STATUS_OK) {
		status = take_member(&u, err);
		if (status != STATUS_OK)
			break;
	}
	archive_reader_free(&u.reader);
	if (status == STATUS_END && (!u.has_keys || u.says_store != u.result.has_store))
		return err_set(err, STATUS_CORRUPT, "the backup is damaged: keys or store are missing");
	if (status == STATUS_END)
		return *ret = u.result, STATUS_OK;
	return status;
}
