/* SPDX-License-Identifier: Apache-2.0 */
/* Each member's digest is taken while it is read and looked for in SHA256SUMS, which comes last; a file that ends
 * before it is cut off, whatever came until then. */
#include "prog/backup/archive.h"

#include "base/buf.h"
#include "base/mem.h"
#include "codec/text/sha256.h"
#include "prog/backup/archive_format.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

enum { SUMS_MAX = 1 << 16 };

struct archive_reader {
	int fd;
	ZSTD_DCtx *zstd;
	char *packed, *plain;
	ZSTD_inBuffer in; /* of packed */
	size_t plain_size;
	struct slice ready; /* of plain, not handed out yet */
	bool is_over;       /* the file is read to its end */
	bool is_whole;      /* and so was the compressed stream */
	struct archive_member member;
	uint64_t left; /* of the member */
	struct sha256 *sha256;
	struct buf sums; /* as we found them */
	bool has_sums;
};

static enum status damaged(struct err *err, const char *what)
{
	return err_set(err, STATUS_CORRUPT, "the backup is damaged: %s", what);
}

enum status archive_reader_open(const char *path, struct archive_reader **ret, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, STATUS_NOT_FOUND, "there is no file %s", path);
	if (fd < 0)
		return err_set_errno(err, errno, "%s cannot be read", path);
	struct archive_reader *r = MEM_NEW(struct archive_reader);
	r->fd = fd;
	r->zstd = ZSTD_createDCtx();
	r->plain_size = ZSTD_DStreamOutSize();
	r->packed = mem_alloc(ZSTD_DStreamInSize());
	r->plain = mem_alloc(r->plain_size);
	buf_init(&r->sums, SUMS_MAX);
	if (!r->zstd) {
		archive_reader_free(&r);
		return err_set(err, STATUS_IO, "no memory for zstd");
	}
	*ret = r;
	return STATUS_OK;
}

void archive_reader_free(struct archive_reader **reader)
{
	struct archive_reader *r = *reader;
	if (!r)
		return;
	(void)close(r->fd); /* only read from */
	(void)ZSTD_freeDCtx(r->zstd);
	sha256_end(&r->sha256, NULL);
	buf_done(&r->sums);
	mem_free(r->packed);
	mem_free(r->plain);
	mem_free(r);
	*reader = NULL;
}

/* ---- Bytes */

static enum status read_more(struct archive_reader *r, struct err *err)
{
	ssize_t n = read(r->fd, r->packed, ZSTD_DStreamInSize());
	if (n < 0)
		return err_set_errno(err, errno, "the backup cannot be read");
	r->in = (ZSTD_inBuffer){r->packed, (size_t)n, 0};
	r->is_over = n == 0;
	return STATUS_OK;
}

/* At least one byte is ready then, unless the stream has ended. */
static enum status unpack(struct archive_reader *r, struct err *err)
{
	while (!r->ready.n) {
		if (r->in.pos == r->in.size && !r->is_over) {
			enum status status = read_more(r, err);
			if (status != STATUS_OK)
				return status;
		}
		ZSTD_outBuffer out = {r->plain, r->plain_size, 0};
		size_t more = ZSTD_decompressStream(r->zstd, &out, &r->in);
		if (ZSTD_isError(more))
			return damaged(err, ZSTD_getErrorName(more));
		r->ready = slice_of(r->plain, out.pos);
		if (!out.pos && r->is_over)
			return STATUS_END;
		r->is_whole = more == 0;
	}
	return STATUS_OK;
}

static enum status take_exactly(struct archive_reader *r, char *to, size_t n, struct err *err)
{
	while (n) {
		enum status status = unpack(r, err);
		if (status != STATUS_OK)
			return status == STATUS_END ? damaged(err, "it is cut off") : status;
		size_t part = r->ready.n < n ? r->ready.n : n;
		if (to) {
			memcpy(to, r->ready.p, part);
			to += part;
		}
		r->ready = slice_from(r->ready, part);
		n -= part;
	}
	return STATUS_OK;
}

/* ---- Members */

static void note_sum(struct archive_reader *r)
{
	uint8_t digest[SHA256_SIZE];
	sha256_end(&r->sha256, digest);
	buf_append_hex(&r->sums, slice_of(digest, sizeof digest));
	buf_printf(&r->sums, "  %s\n", r->member.name);
}

static enum status pass_over(struct archive_reader *r, struct err *err)
{
	struct slice ignored = {"", 1};
	enum status status = STATUS_OK;
	if (!r->sha256)
		return STATUS_OK; /* before the first one */
	while (status == STATUS_OK && ignored.n)
		status = archive_reader_read(r, &ignored, err);
	if (status == STATUS_OK)
		status = take_exactly(r, NULL, tar_padding(r->member.size), err);
	if (status == STATUS_OK)
		note_sum(r);
	return status;
}

/* What it says is what we found, to the byte: the members come in the order in which they were written. */
static enum status check_sums(struct archive_reader *r, struct err *err)
{
	char text[SUMS_MAX];
	if (r->member.size >= sizeof text)
		return damaged(err, ARCHIVE_SUMS " is too large");
	size_t n = (size_t)r->member.size;
	enum status status = take_exactly(r, text, n, err);
	if (status == STATUS_OK)
		status = take_exactly(r, NULL, tar_padding(n), err);
	if (status == STATUS_OK && (buf_failed(&r->sums) || !slice_equal(slice_of(text, n), buf_slice(&r->sums))))
		status = damaged(err, "a checksum of " ARCHIVE_SUMS " is another one");
	r->has_sums = status == STATUS_OK;
	return status;
}

/* To its very end, because the checksum of the stream is there. */
static enum status read_end(struct archive_reader *r, struct err *err)
{
	enum status status = STATUS_OK;
	while (status == STATUS_OK) {
		r->ready = SLICE_EMPTY;
		status = unpack(r, err);
	}
	if (status == STATUS_END && (!r->is_whole || !r->has_sums))
		return damaged(err, "it is cut off");
	return status;
}

enum status archive_reader_next(struct archive_reader *r, struct archive_member *ret, struct err *err)
{
	char header[TAR_BLOCK];
	enum status status = pass_over(r, err);
	if (status == STATUS_OK)
		status = take_exactly(r, header, sizeof header, err);
	if (status != STATUS_OK)
		return status;
	status = tar_header_read(header, &r->member);
	if (status == STATUS_END)
		return read_end(r, err);
	if (status != STATUS_OK || r->has_sums)
		return damaged(err, "there is no backup in it");
	if (strcmp(r->member.name, ARCHIVE_SUMS) == 0) {
		status = check_sums(r, err);
		return status == STATUS_OK ? archive_reader_next(r, ret, err) : status;
	}
	r->left = r->member.size;
	r->sha256 = sha256_new();
	*ret = r->member;
	return STATUS_OK;
}

enum status archive_reader_read(struct archive_reader *r, struct slice *ret, struct err *err)
{
	*ret = SLICE_EMPTY;
	if (!r->left)
		return STATUS_OK;
	enum status status = unpack(r, err);
	if (status != STATUS_OK)
		return status == STATUS_END ? damaged(err, "it is cut off") : status;
	*ret = slice_sub(r->ready, 0, r->left < r->ready.n ? (size_t)r->left : r->ready.n);
	r->ready = slice_from(r->ready, ret->n);
	r->left -= ret->n;
	sha256_add(r->sha256, *ret);
	return STATUS_OK;
}
