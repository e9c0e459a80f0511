/* SPDX-License-Identifier: Apache-2.0 */
/* The file is replaced and never written in place, synced before and after the rename: losing a key breaks every link
 * that was made with it, for ever, and a power cut while rotating must not be able to do that. Keys are wiped from
 * memory as soon as they are in the sealer's form. */
#include "engine/keys/key_file.h"

#include "base/buf.h"
#include "base/random.h"
#include "base/secret_memory.h"
#include "codec/text/hex.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 32768, KEY_DIGITS = 2 * LINK_TOKEN_KEY_SIZE, CHECK_DIGITS = 8 };

/* One read: the file has 32 KiB at most, which is all 255 keys with comments. */
static enum status read_whole(const char *path, struct buf *to, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, STATUS_NOT_FOUND, "there is no key file %s", path);
	if (fd < 0)
		return err_set_errno(err, errno, "the key file %s cannot be read", path);
	char *room = buf_reserve(to, FILE_MAX);
	ssize_t n = room ? read(fd, room, FILE_MAX) : -1;
	int failed = errno;
	(void)close(fd); /* only read from */
	if (n < 0)
		return err_set_errno(err, failed, "the key file %s cannot be read", path);
	if (n == FILE_MAX) /* a key that is overlooked would be given out a second time */
		return err_set(err, STATUS_BAD_INPUT, "the key file %s is larger than %d bytes", path, FILE_MAX - 1);
	buf_commit(to, (size_t)n);
	return STATUS_OK;
}

/* All 64 digits or none: half a key would be a key that is known to whoever knows the half. */
static bool parse_key(struct slice hex, uint8_t key[LINK_TOKEN_KEY_SIZE])
{
	if (hex.n != KEY_DIGITS)
		return false;
	for (size_t i = 0; i < KEY_DIGITS; i++) {
		int value = hex_value(hex.p[i]);
		if (value < 0)
			return false;
		key[i / 2] = (uint8_t)(key[i / 2] << 4 | value);
	}
	return true;
}

struct parsing {
	const char *path;
	struct link_token_keys *keys;
	bool *checked; /* LINK_TOKEN_KEYS_MAX of them */
	unsigned newest;
	int line_number;
};

static void check_of(const struct link_token_keys *keys, uint8_t id, struct buf *to)
{
	uint8_t fingerprint[LINK_TOKEN_FINGERPRINT_SIZE];
	link_token_keys_fingerprint(keys, id, fingerprint);
	buf_append_hex(to, slice_of(fingerprint, CHECK_DIGITS / 2));
}

/* A digit that was changed, by a hand or a disk, makes another key that looks as good. */
static enum status check_key(struct parsing *p, uint8_t id, struct slice check, struct err *err)
{
	char room[CHECK_DIGITS + 1];
	struct buf wanted;
	if (!check.n)
		return STATUS_OK; /* from before there were any */
	buf_init_fixed(&wanted, room, sizeof room);
	check_of(p->keys, id, &wanted);
	p->checked[id] = slice_equal_nocase(check, buf_slice(&wanted));
	if (p->checked[id])
		return STATUS_OK;
	return err_set(err, STATUS_CORRUPT,
		       "%s line %d: key %u is damaged, its check value is another one: put the file back from a backup "
		       "or copy it from another server",
		       p->path, p->line_number, id);
}

/* Strict: a key that is read wrong opens nothing and says nothing. */
static enum status parse_line(struct parsing *p, struct slice line, struct err *err)
{
	uint8_t key[LINK_TOKEN_KEY_SIZE] = {0};
	uint64_t id;
	struct slice id_text = slice_cut(&line, ' ');
	line = slice_trim(line);
	struct slice hex = slice_cut(&line, ' ');
	if (!slice_to_u64(id_text, 255, &id) || id == 0 || !parse_key(hex, key))
		return err_set(err, STATUS_BAD_INPUT, "%s line %d is not a key ('ID', a space, %d hexadecimal digits)",
			       p->path, p->line_number, KEY_DIGITS);
	if (link_token_keys_has(p->keys, (uint8_t)id))
		return err_set(err, STATUS_BAD_INPUT, "%s line %d names key %u a second time", p->path, p->line_number,
			       (unsigned)id);
	link_token_keys_set(p->keys, (uint8_t)id, key);
	OPENSSL_cleanse(key, sizeof key);
	p->newest = id > p->newest ? (unsigned)id : p->newest;
	return check_key(p, (uint8_t)id, slice_trim(line), err);
}

static enum status parse(struct parsing *p, struct slice text, struct err *err)
{
	enum status status = STATUS_OK;
	while (status == STATUS_OK && text.n) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));
		p->line_number++;
		if (line.n && line.p[0] != '#')
			status = parse_line(p, line, err);
	}
	if (status == STATUS_OK && p->newest == 0)
		return err_set(err, STATUS_BAD_INPUT, "%s holds no key", p->path);
	return status;
}

enum status key_file_load(const char *path, struct link_token_keys **ret, uint8_t *ret_newest, struct err *err)
{
	bool ignored[LINK_TOKEN_KEYS_MAX];
	return key_file_load_checked(path, ret, ret_newest, ignored, err);
}

enum status key_file_load_checked(const char *path, struct link_token_keys **ret, uint8_t *ret_newest,
				  bool ret_checked[LINK_TOKEN_KEYS_MAX], struct err *err)
{
	struct buf text;
	buf_init(&text, FILE_MAX);
	struct link_token_keys *keys = link_token_keys_new_with(secret_memory_allocator());
	struct parsing p = {.path = path, .keys = keys, .checked = ret_checked};
	memset(ret_checked, 0, LINK_TOKEN_KEYS_MAX * sizeof *ret_checked);
	enum status status = read_whole(path, &text, err);
	if (status == STATUS_OK)
		status = parse(&p, buf_slice(&text), err);
	if (text.p)
		OPENSSL_cleanse(text.p, text.n);
	buf_done(&text);
	if (status != STATUS_OK) {
		link_token_keys_free(&keys);
		return status;
	}
	*ret = keys;
	*ret_newest = (uint8_t)p.newest;
	return STATUS_OK;
}

/* An interrupted write goes on; whatever else fails leaves the old file as it is. */
static enum status write_and_sync(int fd, struct slice text)
{
	for (size_t at = 0; at < text.n;) {
		ssize_t n = write(fd, text.p + at, text.n - at);
		if (n < 0 && errno != EINTR)
			return STATUS_IO;
		at += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) == 0 ? STATUS_OK : STATUS_IO;
}

/* A rename is not durable before its directory is (fsync(2)). */
static enum status sync_directory_of(const char *path)
{
	char copy[4096];
	struct buf b;
	buf_init_fixed(&b, copy, sizeof copy);
	buf_append_cstr(&b, path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return STATUS_IO;
	enum status status = fsync(fd) == 0 ? STATUS_OK : STATUS_IO;
	(void)close(fd); /* a directory opened for its fsync only */
	return status;
}

/* Beside it, synced, renamed, directory synced: after a crash there is the old file or the new one, whole. */
static enum status replace_file(const char *path, struct slice text, struct err *err)
{
	char beside[4096];
	struct buf b;
	buf_init_fixed(&b, beside, sizeof beside);
	buf_printf(&b, "%s.new", path);
	int fd = buf_failed(&b) ? -1 : open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set_errno(err, errno, "the key file %s cannot be written", path);
	enum status status = write_and_sync(fd, text);
	int failed = errno;
	if (close(fd) != 0 && status == STATUS_OK) {
		status = STATUS_IO;
		failed = errno;
	}
	if (status == STATUS_OK && (rename(beside, path) != 0 || sync_directory_of(path) != STATUS_OK)) {
		status = STATUS_IO;
		failed = errno;
	}
	return status == STATUS_OK ? STATUS_OK : err_set_errno(err, failed, "the key file %s cannot be written", path);
}

static void append_key(struct buf *text, unsigned id)
{
	uint8_t key[LINK_TOKEN_KEY_SIZE];
	struct link_token_keys *keys = link_token_keys_new_with(secret_memory_allocator());
	random_bytes(key, sizeof key);
	link_token_keys_set(keys, (uint8_t)id, key);
	buf_printf(text, "%u ", id);
	buf_append_hex(text, slice_of(key, sizeof key));
	buf_append_byte(text, ' ');
	check_of(keys, (uint8_t)id, text);
	buf_append_byte(text, '\n');
	OPENSSL_cleanse(key, sizeof key);
	link_token_keys_free(&keys);
}

enum status key_file_create(const char *path, struct err *err)
{
	struct buf text;
	buf_init(&text, FILE_MAX);
	buf_append(&text,
		   SLICE("# Pugmark token keys. Every link ever sent needs the key it was made with: keep a copy.\n"));
	append_key(&text, 1);
	enum status status = replace_file(path, buf_slice(&text), err);
	OPENSSL_cleanse(text.p, text.n);
	buf_done(&text);
	return status;
}

/* The text is kept as it is, comments of an operator included; one line comes behind it. */
enum status key_file_rotate(const char *path, uint8_t *ret_newest, struct err *err)
{
	struct link_token_keys *keys = NULL;
	uint8_t newest = 0;
	enum status status = key_file_load(path, &keys, &newest, err);
	if (status != STATUS_OK)
		return status;
	link_token_keys_free(&keys);
	if (newest == 255)
		return err_set(err, STATUS_CONFLICT, "all 255 key ids are used");
	struct buf text;
	buf_init(&text, (size_t)2 * FILE_MAX);
	status = read_whole(path, &text, err);
	if (status == STATUS_OK) {
		if (!slice_ends_with(buf_slice(&text), SLICE("\n"))) /* an editor left the last line open */
			buf_append_byte(&text, '\n');
		append_key(&text, newest + 1U);
		status = replace_file(path, buf_slice(&text), err);
	}
	if (text.p)
		OPENSSL_cleanse(text.p, text.n);
	buf_done(&text);
	if (status == STATUS_OK)
		*ret_newest = (uint8_t)(newest + 1);
	return status;
}
