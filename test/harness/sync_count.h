/* SPDX-License-Identifier: Apache-2.0 */
/* sync_count: counts what is really synced. Stands in for fsync() and fdatasync() of the program that includes it, in
 * one of its files only, and does what they do. */
#ifndef PUGMARK_TEST_HARNESS_SYNC_COUNT_H
#define PUGMARK_TEST_HARNESS_SYNC_COUNT_H

#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sync_counts {
	atomic_uint files, data, directories; /* threads sync, too */
} syncs;

int fsync(int fd)
{
	struct stat info = {0};

	if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
		syncs.directories++;
	else
		syncs.files++;
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	syncs.data++;
	return (int)syscall(SYS_fdatasync, fd);
}

#endif
