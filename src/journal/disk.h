/* SPDX-License-Identifier: Apache-2.0 */
/* disk: what the journal asks of a file system, as a table of functions.
 *
 * The real one is disk_posix(); tests put a simulated one in its place that loses, reorders and tears what was not
 * synced. Every function returns 0 or more, or a negative errno; none of them fails with -EINTR. All of them may block
 * and may be called from several threads at once.
 */
#ifndef PUGMARK_JOURNAL_DISK_H
#define PUGMARK_JOURNAL_DISK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum disk_open_mode {
	DISK_READ,   /* an existing file, for reading */
	DISK_WRITE,  /* an existing file, for reading and writing */
	DISK_CREATE, /* an empty file, made or emptied, for reading and writing */
};

struct disk {
	/* A handle, for close. */
	int (*open)(void *self, const char *path, enum disk_open_mode mode);
	int (*close)(void *self, int file);
	/* Bytes read or written, which may be fewer than asked for. */
	ssize_t (*pread)(void *self, int file, void *to, size_t n, uint64_t at);
	ssize_t (*pwritev)(void *self, int file, const struct iovec *parts, int count, uint64_t at);
	/* Returns after what was written to the file is on stable storage, with the metadata needed to find it. */
	int (*fdatasync)(void *self, int file);
	/* The same with all metadata. */
	int (*fsync)(void *self, int file);
	/* Gives the file `size` bytes that read as zeros, with space set aside for them. */
	int (*fallocate)(void *self, int file, uint64_t size);
	int64_t (*size)(void *self, int file);
	int (*rename)(void *self, const char *from, const char *to);
	int (*unlink)(void *self, const char *path);
	/* -EEXIST when it is there. */
	int (*mkdir)(void *self, const char *path);
	/* Returns after the names in the directory are on stable storage. */
	int (*fsync_directory)(void *self, const char *path);
	/* Calls `each` once for every name, in no order. */
	int (*list)(void *self, const char *path, void (*each)(void *user, const char *name), void *user);
	/* Takes the lock that the file stands for, making the file when absent; -EWOULDBLOCK when somebody else, this
	 * process included, holds it. A handle: closing it, or the end of the process, gives the lock back. */
	int (*lock)(void *self, const char *path);
	void *self;
};

/* The machine's own. */
const struct disk *disk_posix(void);

/* Reads until `n` bytes or the end of the file; the number of bytes, or a negative errno. */
ssize_t disk_read_all(const struct disk *disk, int file, void *to, size_t n, uint64_t at);
/* Writes all parts, going on after short writes; consumes `parts`. 0 or a negative errno; -ENOSPC also when the disk
 * takes nothing and gives no reason. */
int disk_write_all(const struct disk *disk, int file, struct iovec *parts, int count, uint64_t at);

#endif
