/* SPDX-License-Identifier: Apache-2.0 */
/* archive_format: what the writer and the reader of an archive both know: the header of a tar member. Private to them.
 */
#ifndef PUGMARK_PROG_ARCHIVE_FORMAT_H
#define PUGMARK_PROG_ARCHIVE_FORMAT_H

#include "prog/backup/archive.h"

enum { TAR_BLOCK = 512 };
#define ARCHIVE_SUMS "SHA256SUMS"

/* A regular file of that name and size, mode 0600, of nobody in particular. */
void tar_header_write(char header[TAR_BLOCK], const char *name, uint64_t size, int64_t mtime_s);
/* STATUS_END: a block of zeros. STATUS_CORRUPT: no header of a regular file. */
enum status tar_header_read(const char header[TAR_BLOCK], struct archive_member *ret) MUST_CHECK;
/* Zeros behind a member of that size. */
size_t tar_padding(uint64_t size);

#endif
