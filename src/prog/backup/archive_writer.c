/* SPDX-License-Identifier: Apache-2.0 */
/* A tar header is 512 bytes of text (POSIX.1-1988, ustar), so writing it takes less of this program than a library for
 * all archives would: libarchive brings an XML parser and four compressors into every process. */
#include "prog/backup/archive.h"

#include "base/buf.h"
#include "base/mem.h"
#include "codec/text/sha256.h"
#include "prog/backup/archive_format.h"
#include "prog/backup/durable_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { CHUNK = 1 << 20, SUMS_MAX = 1 << 16, LEVEL = 3 };

struct archive_writer {
	char *path, *part;
	int fd;
	int64_t now_us;
	ZSTD_CCtx *zstd;
	char *room; /* of what is compressed */
	size_t room_size;
	uint64_t bytes; /* written */
	struct buf sums;
};

static enum status compress(struct archive_writer *w, struct slice bytes, ZSTD_EndDirective end, struct err *err)
{
	ZSTD_inBuffer in = {bytes.p, bytes.n, 0};
	for (;;) {
		ZSTD_outBuffer out = {w->room, w->room_size, 0};
		size_t left = ZSTD_compressStream2(w->zstd, &out, &in, end);
		if (ZSTD_isError(left))
			return err_set(err, STATUS_IO, "zstd: %s", ZSTD_getErrorName(left));
		enum status status = durable_file_write(w->fd, w->part, slice_of(w->room, out.pos), err);
		if (status != STATUS_OK)
			return status;
		w->bytes += out.pos;
		if (end == ZSTD_e_end ? left == 0 : in.pos == in.size)
			return STATUS_OK;
	}
}

enum status archive_writer_open(const char *path, int64_t now_us, struct archive_writer **ret, struct err *err)
{
	struct archive_writer *w = MEM_NEW(struct archive_writer);
	size_t size = strlen(path) + sizeof ".part";
	w->fd = -1;
	w->now_us = now_us;
	w->path = mem_copy(slice_from_cstr(path));
	w->part = mem_alloc(size);
	(void)snprintf(w->part, size, "%s.part", path);
	buf_init(&w->sums, SUMS_MAX);
	w->room_size = ZSTD_CStreamOutSize();
	w->room = mem_alloc(w->room_size);
	w->zstd = ZSTD_createCCtx();
	bool is_set = w->zstd && !ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL)) &&
		      !ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1));
	enum status status =
	    is_set ? durable_file_create(w->part, &w->fd, err) : err_set(err, STATUS_IO, "no memory for zstd");
	if (status != STATUS_OK)
		archive_writer_free(&w);
	else
		*ret = w;
	return status;
}

/* ---- Members */

static enum status begin_member(struct archive_writer *w, const char *name, uint64_t size, struct err *err)
{
	char header[TAR_BLOCK];
	tar_header_write(header, name, size, w->now_us / 1000000);
	return compress(w, slice_of(header, sizeof header), ZSTD_e_continue, err);
}

static enum status end_member(struct archive_writer *w, const char *name, uint64_t size, struct sha256 **sha256,
			      struct err *err)
{
	static const char zeros[TAR_BLOCK];
	uint8_t digest[SHA256_SIZE];
	sha256_end(sha256, digest);
	buf_append_hex(&w->sums, slice_of(digest, sizeof digest));
	buf_printf(&w->sums, "  %s\n", name);
	return compress(w, slice_of(zeros, tar_padding(size)), ZSTD_e_continue, err);
}

enum status archive_writer_add(struct archive_writer *w, const char *name, struct slice bytes, struct err *err)
{
	struct sha256 *sha256 = sha256_new();
	sha256_add(sha256, bytes);
	enum status status = begin_member(w, name, bytes.n, err);
	if (status == STATUS_OK)
		status = compress(w, bytes, ZSTD_e_continue, err);
	if (status == STATUS_OK)
		status = end_member(w, name, bytes.n, &sha256, err);
	sha256_end(&sha256, NULL);
	return status;
}

struct copying {
	int fd;
	const char *path;
	uint64_t size;
	struct sha256 *sha256;
	char *room;
};

static enum status copy_bytes(struct archive_writer *w, struct copying *c, const struct archive_watch *watch,
			      struct err *err)
{
	for (uint64_t done = 0; done < c->size;) {
		uint64_t left = c->size - done;
		ssize_t n = read(c->fd, c->room, left < CHUNK ? (size_t)left : CHUNK);
		if (n < 0)
			return err_set_errno(err, errno, "%s cannot be read", c->path);
		if (n == 0)
			return err_set(err, STATUS_CORRUPT, "%s got shorter meanwhile", c->path);
		sha256_add(c->sha256, slice_of(c->room, (size_t)n));
		enum status status = compress(w, slice_of(c->room, (size_t)n), ZSTD_e_continue, err);
		if (status != STATUS_OK)
			return status;
		done += (uint64_t)n;
		if (watch->step)
			watch->step(watch->user, done, c->size);
	}
	return STATUS_OK;
}

enum status archive_writer_add_file(struct archive_writer *w, const char *name, const char *path,
				    const struct archive_watch *watch, struct err *err)
{
	struct stat info;
	struct copying c = {.fd = open(path, O_RDONLY | O_CLOEXEC), .path = path};
	if (c.fd < 0 || fstat(c.fd, &info) != 0) {
		int failed = errno;
		if (c.fd >= 0)
			(void)close(c.fd); /* only read from */
		return err_set_errno(err, failed, "%s cannot be read", path);
	}
	c.size = (uint64_t)info.st_size;
	c.sha256 = sha256_new();
	c.room = mem_alloc(CHUNK);
	enum status status = begin_member(w, name, c.size, err);
	if (status == STATUS_OK)
		status = copy_bytes(w, &c, watch, err);
	if (status == STATUS_OK)
		status = end_member(w, name, c.size, &c.sha256, err);
	sha256_end(&c.sha256, NULL);
	mem_free(c.room);
	(void)close(c.fd); /* only read from */
	return status;
}

/* ---- The end */

static enum status write_end(struct archive_writer *w, struct err *err)
{
	static const char zeros[2 * TAR_BLOCK];
	struct slice sums = buf_slice(&w->sums);
	enum status status = begin_member(w, ARCHIVE_SUMS, sums.n, err);
	if (status == STATUS_OK)
		status = compress(w, sums, ZSTD_e_continue, err);
	if (status == STATUS_OK)
		status = compress(w, slice_of(zeros, tar_padding(sums.n)), ZSTD_e_continue, err);
	return status == STATUS_OK ? compress(w, slice_of(zeros, sizeof zeros), ZSTD_e_end, err) : status;
}

enum status archive_writer_finish(struct archive_writer *w, uint64_t *ret_bytes, struct err *err)
{
	enum status status = write_end(w, err);
	if (status == STATUS_OK)
		status = durable_file_close(&w->fd, w->part, err);
	if (status == STATUS_OK)
		status = durable_file_rename(w->part, w->path, err);
	if (status != STATUS_OK)
		return status;
	mem_free(w->part);
	w->part = NULL; /* nothing is left to take away */
	*ret_bytes = w->bytes;
	return STATUS_OK;
}

void archive_writer_free(struct archive_writer **writer)
{
	struct archive_writer *w = *writer;
	if (!w)
		return;
	if (w->fd >= 0)
		(void)close(w->fd); /* it goes */
	if (w->part)
		(void)unlink(w->part); /* when it was never made there is none */
	(void)ZSTD_freeCCtx(w->zstd);
	buf_done(&w->sums);
	mem_free(w->room);
	mem_free(w->path);
	mem_free(w->part);
	mem_free(w);
	*writer = NULL;
}
