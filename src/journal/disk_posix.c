/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's file system.
 *
 * fsync and fdatasync are not called again after EINTR: whether the first one dropped dirty pages is not known then,
 * and a second one that says "done" proves nothing. EINTR becomes EIO there, everywhere else the call is repeated.
 */
#include "journal/disk.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ZEROS_AT_ONCE = 65536 };

static int posix_open(void *self, const char *path, enum disk_open_mode mode)
{
	static const int flags[] = {
	    [DISK_READ] = O_RDONLY, [DISK_WRITE] = O_RDWR, [DISK_CREATE] = O_RDWR | O_CREAT | O_TRUNC};
	int fd;

	(void)self;
	do
		/* No link is followed: whoever can put one there must not choose where hits are written. Nobody else
		 * may read them: they have addresses in them. */
		fd = open(path, flags[mode] | O_CLOEXEC | O_NOFOLLOW, 0600);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

static int posix_close(void *self, int file)
{
	(void)self;
	/* On Linux the descriptor is gone after EINTR, too. */
	return close(file) < 0 && errno != EINTR ? -errno : 0;
}

static ssize_t posix_pread(void *self, int file, void *to, size_t n, uint64_t at)
{
	ssize_t got;

	(void)self;
	do
		got = pread(file, to, n, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static ssize_t posix_pwritev(void *self, int file, const struct iovec *parts, int count, uint64_t at)
{
	ssize_t wrote;

	(void)self;
	do
		wrote = pwritev(file, parts, count, (off_t)at);
	while (wrote < 0 && errno == EINTR);
	return wrote < 0 ? -errno : wrote;
}

static int sync_result(int result)
{
	if (result == 0)
		return 0;
	return errno == EINTR ? -EIO : -errno;
}

static int posix_fdatasync(void *self, int file)
{
	(void)self;
	return sync_result(fdatasync(file));
}

static int posix_fsync(void *self, int file)
{
	(void)self;
	return sync_result(fsync(file));
}

/* For file systems that cannot set space aside: writing zeros does. */
static int write_zeros(int file, uint64_t size)
{
	char *zeros = mem_alloc(ZEROS_AT_ONCE);
	uint64_t at = 0;
	int result = 0;

	while (at < size && result == 0) {
		size_t n = size - at < ZEROS_AT_ONCE ? (size_t)(size - at) : ZEROS_AT_ONCE;
		ssize_t wrote = pwrite(file, zeros, n, (off_t)at);

		if (wrote > 0)
			at += (uint64_t)wrote;
		else if (wrote == 0)
			result = -ENOSPC;
		else if (errno != EINTR)
			result = -errno;
	}
	mem_free(zeros);
	return result;
}

static int posix_fallocate_space(void *self, int file, uint64_t size)
{
	int result;

	(void)self;
	do
		result = fallocate(file, 0, 0, (off_t)size);
	while (result < 0 && errno == EINTR);
	if (result == 0)
		return 0;
	return errno == EOPNOTSUPP || errno == ENOSYS ? write_zeros(file, size) : -errno;
}

static int64_t posix_size(void *self, int file)
{
	struct stat st;

	(void)self;
	return fstat(file, &st) < 0 ? -errno : st.st_size;
}

static int posix_rename(void *self, const char *from, const char *to)
{
	(void)self;
	return rename(from, to) < 0 ? -errno : 0;
}

static int posix_unlink(void *self, const char *path)
{
	(void)self;
	return unlink(path) < 0 ? -errno : 0;
}

static int posix_mkdir(void *self, const char *path)
{
	(void)self;
	return mkdir(path, 0700) < 0 ? -errno : 0;
}

static int posix_fsync_directory(void *self, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	(void)self;
	if (fd < 0)
		return -errno;
	result = sync_result(fsync(fd));
	(void)close(fd); /* opened for reading: nothing can be lost here */
	return result;
}

static int posix_list(void *self, const char *path, void (*each)(void *user, const char *name), void *user)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int result;

	(void)self;
	if (!directory)
		return -errno;
	/* That it failed readdir says by errno alone. */
	for (errno = 0; (entry = readdir(directory)); errno = 0)
		each(user, entry->d_name);
	result = -errno;
	(void)closedir(directory); /* as above */
	return result;
}

static int posix_lock(void *self, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int result;

	(void)self;
	if (fd < 0)
		return -errno;
	/* flock belongs to the open file, so a second journal in the same process is refused as well. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	result = -errno;
	(void)close(fd); /* nothing was written */
	return result;
}

const struct disk *disk_posix(void)
{
	static const struct disk disk = {
	    .open = posix_open,
	    .close = posix_close,
	    .pread = posix_pread,
	    .pwritev = posix_pwritev,
	    .fdatasync = posix_fdatasync,
	    .fsync = posix_fsync,
	    .fallocate = posix_fallocate_space,
	    .size = posix_size,
	    .rename = posix_rename,
	    .unlink = posix_unlink,
	    .mkdir = posix_mkdir,
	    .fsync_directory = posix_fsync_directory,
	    .list = posix_list,
	    .lock = posix_lock,
	};

	return &disk;
}
