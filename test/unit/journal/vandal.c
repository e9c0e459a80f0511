/* SPDX-License-Identifier: Apache-2.0 */
#include "vandal.h"

#include "base/mem.h"
#include "base/random.h"
#include "journal/segment.h"

#include <stdio.h>
#include <string.h>

struct vandal_file vandal_read(struct sim_disk *sim, const char *path)
{
	const struct disk *disk = sim_disk_table(sim);
	struct vandal_file file = {0};
	int handle = disk->open(disk->self, path, DISK_READ);
	int64_t size;

	BUG_IF(handle < 0);
	size = disk->size(disk->self, handle);
	BUG_IF(size < 0);
	(void)snprintf(file.path, sizeof file.path, "%s", path);
	file.size = (size_t)size;
	file.bytes = mem_alloc(file.size + 1);
	BUG_IF(disk_read_all(disk, handle, file.bytes, file.size, 0) != (ssize_t)file.size);
	(void)disk->close(disk->self, handle);
	return file;
}

static void path_of(uint64_t first, char path[64])
{
	char name[SEGMENT_NAME_BYTES];

	segment_name(first, name);
	(void)snprintf(path, 64, "%s/%s", SIM_DIRECTORY, name);
}

struct vandal_file vandal_read_segment(struct sim_disk *sim, uint64_t first)
{
	char path[64];

	path_of(first, path);
	return vandal_read(sim, path);
}

void vandal_write(struct sim_disk *sim, const struct vandal_file *file)
{
	const struct disk *disk = sim_disk_table(sim);
	struct iovec part = {file->bytes, file->size};
	int handle = disk->open(disk->self, file->path, DISK_CREATE);

	BUG_IF(handle < 0);
	BUG_IF(file->size > 0 && disk_write_all(disk, handle, &part, 1, 0) != 0);
	BUG_IF(disk->fsync(disk->self, handle) != 0);
	(void)disk->close(disk->self, handle);
	BUG_IF(disk->fsync_directory(disk->self, SIM_DIRECTORY) != 0);
	BUG_IF(disk->fsync_directory(disk->self, SIM_DIRECTORY "/..") != 0);
}

void vandal_delete(struct sim_disk *sim, const char *path)
{
	const struct disk *disk = sim_disk_table(sim);

	BUG_IF(disk->unlink(disk->self, path) != 0);
	BUG_IF(disk->fsync_directory(disk->self, SIM_DIRECTORY) != 0);
	BUG_IF(disk->fsync_directory(disk->self, SIM_DIRECTORY "/..") != 0);
}

void vandal_delete_segment(struct sim_disk *sim, uint64_t first)
{
	char path[64];

	path_of(first, path);
	vandal_delete(sim, path);
}

static void garble(char *bytes, size_t n)
{
	struct prng g;

	prng_init(&g, n);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)prng_next(&g);
}

/* `made` has room for the file and one region more. */
static void change(struct vandal_file *made, enum vandalism how, size_t at, size_t n)
{
	switch (how) {
	case VANDAL_FLIP: made->bytes[at + n / 2] = (char)(made->bytes[at + n / 2] ^ 1 << at % 8); break;
	case VANDAL_ZERO: memset(made->bytes + at, 0, n); break;
	case VANDAL_GARBLE: garble(made->bytes + at, n); break;
	case VANDAL_CUT: made->size = at; break;
	case VANDAL_ZERO_TAIL: memset(made->bytes + at, 0, made->size - at); break;
	case VANDAL_DUPLICATE:
		memmove(made->bytes + at + n, made->bytes + at, at + 2 * n > made->size ? made->size - at - n : n);
		break;
	case VANDAL_INSERT:
		memmove(made->bytes + at + n, made->bytes + at, made->size - at);
		made->size += n;
		break;
	case VANDALISMS: break;
	}
}

/* Only what is different is written, and only that differs in memory: thousands of disks share the rest. */
static bool write_difference(struct sim_disk *sim, const struct vandal_file *was, const struct vandal_file *is)
{
	const struct disk *disk = sim_disk_table(sim);
	size_t from = 0, to = is->size;
	struct iovec part;
	int handle;

	while (from < to && was->bytes[from] == is->bytes[from])
		from++;
	while (to > from && was->bytes[to - 1] == is->bytes[to - 1])
		to--;
	if (from == to)
		return false;
	part = (struct iovec){is->bytes + from, to - from};
	handle = disk->open(disk->self, is->path, DISK_WRITE);
	BUG_IF(handle < 0 || disk_write_all(disk, handle, &part, 1, from) != 0);
	BUG_IF(disk->fsync(disk->self, handle) != 0);
	(void)disk->close(disk->self, handle);
	return true;
}

bool vandal_damage(struct sim_disk *sim, const struct vandal_file *file, enum vandalism how, size_t at, size_t n,
		   struct sim_disk **ret)
{
	struct vandal_file made = *file;
	bool is_changed = true;

	BUG_IF(at + n > file->size);
	made.bytes = mem_alloc(file->size + n);
	memcpy(made.bytes, file->bytes, file->size);
	change(&made, how, at, n);
	*ret = sim_disk_after_power_cut(sim, SIM_KEEP, 0);
	if (made.size == file->size)
		is_changed = write_difference(*ret, file, &made);
	else
		vandal_write(*ret, &made);
	if (!is_changed)
		sim_disk_free(ret);
	mem_free(made.bytes);
	return is_changed;
}
