/* SPDX-License-Identifier: Apache-2.0 */
/* archive: the file that a backup is: a tar of a few files, compressed by zstd, so that an operator can look into it
 * with what he has (tar --zstd -tf FILE). Its last member, SHA256SUMS, has the digest of each other one, as sha256sum
 * writes and checks it; the compressed stream has a checksum of its own. Sizes above 8 GiB are written as GNU and BSD
 * tar do. Blocks; one thread.
 */
#ifndef PUGMARK_PROG_ARCHIVE_H
#define PUGMARK_PROG_ARCHIVE_H

#include "base/slice.h"
#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

enum { ARCHIVE_NAME_MAX = 99 };

/* ---- Writing. To FILE.part, which gets its name when all is on the disk; for its owner only. */
struct archive_writer;

enum status archive_writer_open(const char *path, int64_t now_us, struct archive_writer **ret,
				struct err *err) MUST_CHECK;
/* A member from memory. */
enum status archive_writer_add(struct archive_writer *writer, const char *name, struct slice bytes,
			       struct err *err) MUST_CHECK;
struct archive_watch {
	void (*step)(void *user, uint64_t done, uint64_t all); /* bytes of the member; may be NULL */
	void *user;
};
/* A member from a file that nobody changes meanwhile. STATUS_CORRUPT: it got shorter. */
enum status archive_writer_add_file(struct archive_writer *writer, const char *name, const char *path,
				    const struct archive_watch *watch, struct err *err) MUST_CHECK;
/* The digests, the end, and the name. *ret_bytes: the file's size. */
enum status archive_writer_finish(struct archive_writer *writer, uint64_t *ret_bytes, struct err *err) MUST_CHECK;
/* One that is not finished leaves nothing behind. NULL is allowed. */
void archive_writer_free(struct archive_writer **writer);

/* ---- Reading. */
struct archive_reader;

/* STATUS_NOT_FOUND, STATUS_IO. */
enum status archive_reader_open(const char *path, struct archive_reader **ret, struct err *err) MUST_CHECK;
struct archive_member {
	char name[ARCHIVE_NAME_MAX + 1];
	uint64_t size;
};
/* The next one; what was not read of the last is passed over. STATUS_END: there was the last, and all digests were
 * right. STATUS_CORRUPT: the file is cut off, damaged or no backup, with words. */
enum status archive_reader_next(struct archive_reader *reader, struct archive_member *ret, struct err *err) MUST_CHECK;
/* The next bytes of it, valid until the next call; empty: there are no more. STATUS_CORRUPT as above. */
enum status archive_reader_read(struct archive_reader *reader, struct slice *ret, struct err *err) MUST_CHECK;
void archive_reader_free(struct archive_reader **reader);

#endif
