/* SPDX-License-Identifier: Apache-2.0 */
/* The file is read into memory and not mapped: a mapped file that somebody cuts off ends the process.
 *
 * Whether it is the same file as before is told by device, inode, size and both times. The time of change (ctime) is
 * among them because `cp -p`, rsync and tar set the time of modification back, and a list that is replaced by one of
 * the same size would go unnoticed. */
#include "engine/judge/network_file.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

const char *network_list_name(enum network_list which)
{
	return which == NETWORK_LIST_EGRESS ? "apple_egress" : "asn";
}

static int64_t nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct network_file_mark mark_of(const struct stat *info)
{
	return (struct network_file_mark){.device = info->st_dev,
					  .inode = info->st_ino,
					  .size_bytes = info->st_size,
					  .modified_ns = nanoseconds(info->st_mtim),
					  .changed_ns = nanoseconds(info->st_ctim)};
}

struct network_file_mark network_file_look(const char *path)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return (struct network_file_mark){.os_errno = errno};
	return mark_of(&info);
}

bool network_file_mark_equal(const struct network_file_mark *a, const struct network_file_mark *b)
{
	return a->os_errno == b->os_errno && a->device == b->device && a->inode == b->inode &&
	       a->size_bytes == b->size_bytes && a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

/* Exactly `size` bytes, else it is not the file that it was. */
static enum status read_all(int fd, char *to, size_t size, struct err *err)
{
	for (size_t have = 0; have < size;) {
		ssize_t n = read(fd, to + have, size - have);
		if (n < 0 && errno != EINTR)
			return err_set_errno(err, errno, "it cannot be read");
		if (n == 0)
			return err_set(err, STATUS_AGAIN, "it became shorter while it was read");
		have += n > 0 ? (size_t)n : 0;
	}
	return STATUS_OK;
}

static enum status take_rows(enum network_list which, struct slice text, struct network_lists *lists, struct err *err)
{
	return which == NETWORK_LIST_EGRESS ? network_lists_read_egress(lists, text, err)
					    : network_lists_read_systems(lists, text, err);
}

static enum status read_open_file(int fd, enum network_list which, struct network_lists *lists, struct err *err)
{
	struct stat before;
	struct stat after;
	if (fstat(fd, &before) != 0)
		return err_set_errno(err, errno, "it cannot be looked at");
	if (!S_ISREG(before.st_mode))
		return err_set(err, STATUS_BAD_INPUT, "it is not a file");
	if ((uint64_t)before.st_size > NETWORK_LIST_BYTES_MAX)
		return err_set(err, STATUS_TOO_BIG, "more than %zu MB", NETWORK_LIST_BYTES_MAX >> 20);
	size_t size = (size_t)before.st_size;
	char *text = mem_alloc(size + 1);
	enum status status = read_all(fd, text, size, err);
	struct network_file_mark begun = mark_of(&before);
	struct network_file_mark ended = fstat(fd, &after) == 0 ? mark_of(&after) : (struct network_file_mark){0};
	if (status == STATUS_OK && !network_file_mark_equal(&begun, &ended))
		status = err_set(err, STATUS_AGAIN, "it changed while it was read");
	if (status == STATUS_OK)
		status = take_rows(which, slice_of(text, size), lists, err);
	mem_free(text);
	return status;
}

enum status network_file_read(const char *path, enum network_list which, struct network_lists *lists, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
	if (fd < 0)
		return err_set_errno(err, errno, "it cannot be opened");
	enum status status = read_open_file(fd, which, lists, err);
	(void)close(fd); /* only read from */
	return status;
}
