/* SPDX-License-Identifier: Apache-2.0 */
/* What every disk has to do for short reads and short writes, in one place. */
#include "journal/disk.h"

#include <errno.h>

ssize_t disk_read_all(const struct disk *disk, int file, void *to, size_t n, uint64_t at)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = disk->pread(disk->self, file, (char *)to + done, n - done, at + done);

		if (got < 0)
			return got;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int disk_write_all(const struct disk *disk, int file, struct iovec *parts, int count, uint64_t at)
{
	while (count > 0) {
		ssize_t wrote = disk->pwritev(disk->self, file, parts, count, at);

		if (wrote < 0)
			return (int)wrote;
		/* A short write is how a disk that fills up begins to say so; one that takes nothing at all is full. */
		if (wrote == 0)
			return -ENOSPC;
		at += (uint64_t)wrote;
		while (count > 0 && (size_t)wrote >= parts->iov_len) {
			wrote -= (ssize_t)parts->iov_len;
			parts++;
			count--;
		}
		if (count > 0) {
			parts->iov_base = (char *)parts->iov_base + wrote;
			parts->iov_len -= (size_t)wrote;
		}
	}
	return 0;
}
