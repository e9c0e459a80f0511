/* SPDX-License-Identifier: Apache-2.0 */
/* Sync, rename, sync of the directory: a name that is durable before its contents, or the other way round, is a backup
 * that is there until it is needed. */
#include "prog/backup/durable_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum status durable_file_create(const char *path, int *ret_fd, struct err *err)
{
	/* Not written over: what somebody else left open would go on being written by him. */
	if (unlink(path) != 0 && errno != ENOENT)
		return err_set_errno(err, errno, "%s cannot be written over", path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set_errno(err, errno, "%s cannot be made", path);
	*ret_fd = fd;
	return STATUS_OK;
}

enum status durable_file_write(int fd, const char *path, struct slice bytes, struct err *err)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n < 0 && errno != EINTR)
			return err_set_errno(err, errno, "%s cannot be written", path);
		bytes = slice_from(bytes, n > 0 ? (size_t)n : 0);
	}
	return STATUS_OK;
}

enum status durable_file_close(int *fd, const char *path, struct err *err)
{
	int failed = *fd >= 0 && fsync(*fd) != 0 ? errno : 0;
	if (*fd >= 0 && close(*fd) != 0 && !failed)
		failed = errno;
	*fd = -1;
	return failed ? err_set_errno(err, failed, "%s cannot be written", path) : STATUS_OK;
}

enum status durable_file_rename(const char *from, const char *to, struct err *err)
{
	char copy[PATH_MAX];
	if (snprintf(copy, sizeof copy, "%s", to) >= (int)sizeof copy)
		return err_set(err, STATUS_TOO_BIG, "the path %.80s… is too long", to);
	if (rename(from, to) != 0)
		return err_set_errno(err, errno, "%s cannot be renamed to %s", from, to);
	int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_synced = directory >= 0 && fsync(directory) == 0;
	int failed = errno;
	if (directory >= 0)
		(void)close(directory); /* opened for its fsync only */
	return is_synced ? STATUS_OK : err_set_errno(err, failed, "the directory of %s cannot be synced", to);
}
