/* SPDX-License-Identifier: Apache-2.0 */
/* Every file has two images, what programs see and what is on the platter, and a list of the writes between them; names
 * likewise. Images are tables of shared 4 KiB pages (NULL is zeros), so that a copy of a disk costs next to nothing.
 */
#include "sim_disk_priv.h"

#include "base/mem.h"
#include "base/slice.h"

#include <errno.h>

enum { GO = 0, GO_AND_DIE = 1 };

/* GO, GO_AND_DIE (begin it, then fail with EIO), or a negative errno. */
static int begin(struct sim_disk *sim, enum sim_operation operation)
{
	if (sim->cut)
		return -EIO;
	sim->operations++;
	if (sim->cut_at && sim->operations >= sim->cut_at) {
		sim->cut = true;
		return GO_AND_DIE;
	}
	if (!(sim->fault.operations & operation))
		return GO;
	sim->fault_matched++;
	if (sim->fault_matched < sim->fault.at || sim->fault_matched - sim->fault.at >= sim->fault.times)
		return GO;
	sim->failures++;
	return -sim->fault.error;
}

static int take_handle(struct sim_disk *sim, struct sim_inode *inode)
{
	for (int i = 0; i < SIM_HANDLES; i++)
		if (!sim->handles[i] && i != sim->lock_handle) {
			sim->handles[i] = inode;
			return i;
		}
	return -EMFILE;
}

static struct sim_disk *enter(void *self)
{
	struct sim_disk *sim = self;

	pthread_mutex_lock(&sim->lock);
	return sim;
}

static void leave(struct sim_disk *sim)
{
	pthread_mutex_unlock(&sim->lock);
}

static int sim_create(struct sim_disk *sim, const char *path)
{
	struct sim_name *name = sim_names_find(&sim->seen, path);
	int result = begin(sim, SIM_CREATE);
	struct sim_inode *inode;

	if (result < 0)
		return result;
	if (name && name->inode) {
		inode = name->inode;
		sim_inode_resize(inode, 0);
	} else {
		inode = sim_inode_new(sim);
		sim_change_names(sim, NULL, path, inode);
	}
	return result == GO ? take_handle(sim, inode) : -EIO;
}

static int sim_open(void *self, const char *path, enum disk_open_mode mode)
{
	struct sim_disk *sim = enter(self);
	struct sim_name *name = sim_names_find(&sim->seen, path);
	int result;

	if (mode == DISK_CREATE)
		result = sim_create(sim, path);
	else if (sim->cut)
		result = -EIO;
	else
		result = name && name->inode ? take_handle(sim, name->inode) : -ENOENT;
	leave(sim);
	return result;
}

static int sim_close(void *self, int file)
{
	struct sim_disk *sim = enter(self);

	if (file == sim->lock_handle) {
		sim->locked[0] = 0;
		sim->lock_handle = -1;
	} else {
		sim->handles[file] = NULL;
	}
	leave(sim);
	return 0;
}

static ssize_t sim_pread(void *self, int file, void *to, size_t n, uint64_t at)
{
	struct sim_disk *sim = enter(self);
	const struct sim_image *image = &sim->handles[file]->seen;
	ssize_t result = -EIO;

	if (!sim->cut) {
		if (at >= image->size)
			n = 0;
		else if (n > image->size - at)
			n = image->size - at;
		sim_image_read(image, at, to, n);
		result = (ssize_t)n;
	}
	leave(sim);
	return result;
}

static char *join(const struct iovec *parts, int count, size_t *ret_n)
{
	size_t n = 0, at = 0;
	char *bytes;

	for (int i = 0; i < count; i++)
		n += parts[i].iov_len;
	bytes = mem_alloc(n + 1);
	for (int i = 0; i < count; i++) {
		memcpy(bytes + at, parts[i].iov_base, parts[i].iov_len);
		at += parts[i].iov_len;
	}
	*ret_n = n;
	return bytes;
}

static ssize_t sim_pwritev(void *self, int file, const struct iovec *parts, int count, uint64_t at)
{
	struct sim_disk *sim = enter(self);
	int result = begin(sim, SIM_WRITE);
	size_t n;
	char *bytes = join(parts, count, &n);
	ssize_t wrote = result < 0 ? result : (ssize_t)n;

	if (result == GO || result == GO_AND_DIE) {
		sim_inode_write(sim->handles[file], at, bytes, n);
	} else if (!sim->cut && n > 1) {
		/* Half of it. Running out of space shows as a short write before it shows as an error. */
		if (result == -EIO || sim->failures == 1)
			sim_inode_write(sim->handles[file], at, bytes, n / 2);
		if (result == -ENOSPC && sim->failures == 1)
			wrote = (ssize_t)(n / 2);
	}
	if (result == GO_AND_DIE)
		wrote = -EIO;
	mem_free(bytes);
	leave(sim);
	return wrote;
}

static int sync_file(struct sim_disk *sim, int file, enum sim_operation operation)
{
	int result = begin(sim, operation);

	if (result == GO)
		sim_inode_sync(sim->handles[file]);
	else if (result < 0 && !sim->cut)
		sim_forget_writes(sim->handles[file]); /* the pages look clean now, and are not on the platter */
	return result == GO_AND_DIE ? -EIO : result;
}

static int sim_fdatasync(void *self, int file)
{
	struct sim_disk *sim = enter(self);
	int result = sync_file(sim, file, SIM_FDATASYNC);

	leave(sim);
	return result;
}

static int sim_fsync(void *self, int file)
{
	struct sim_disk *sim = enter(self);
	int result = sync_file(sim, file, SIM_FSYNC);

	leave(sim);
	return result;
}

static int sim_fallocate(void *self, int file, uint64_t size)
{
	struct sim_disk *sim = enter(self);
	int result = begin(sim, SIM_FALLOCATE);

	if (result >= 0 && size > sim->handles[file]->seen.size)
		sim_inode_resize(sim->handles[file], size);
	leave(sim);
	return result == GO_AND_DIE ? -EIO : result;
}

static int64_t sim_size(void *self, int file)
{
	struct sim_disk *sim = enter(self);
	int64_t size = (int64_t)sim->handles[file]->seen.size;

	leave(sim);
	return size;
}

static int sim_rename(void *self, const char *from, const char *to)
{
	struct sim_disk *sim = enter(self);
	struct sim_name *name = sim_names_find(&sim->seen, from);
	int result = name ? begin(sim, SIM_RENAME) : -ENOENT;

	if (result >= 0)
		sim_change_names(sim, from, to, name->inode);
	leave(sim);
	return result == GO_AND_DIE ? -EIO : result;
}

static int sim_unlink(void *self, const char *path)
{
	struct sim_disk *sim = enter(self);
	int result = sim_names_find(&sim->seen, path) ? begin(sim, SIM_UNLINK) : -ENOENT;

	if (result >= 0)
		sim_change_names(sim, path, NULL, NULL);
	leave(sim);
	return result == GO_AND_DIE ? -EIO : result;
}

static int sim_mkdir(void *self, const char *path)
{
	struct sim_disk *sim = enter(self);
	int result = sim_names_find(&sim->seen, path) ? -EEXIST : begin(sim, SIM_MKDIR);

	if (result >= 0)
		sim_change_names(sim, NULL, path, NULL);
	leave(sim);
	return result == GO_AND_DIE ? -EIO : result;
}

static int sim_fsync_directory(void *self, const char *path)
{
	struct sim_disk *sim = enter(self);
	int result = begin(sim, SIM_FSYNC_DIRECTORY);
	char directory[SIM_NAME];
	size_t kept = 0;

	sim_set_text(directory, path);
	if (slice_ends_with(slice_from_cstr(path), SLICE("/.."))) {
		char below[SIM_NAME];

		sim_set_parent(below, path);
		sim_set_parent(directory, below);
	}
	/* After a failed sync the changes count as written, though they are not. */
	for (size_t i = 0; i < sim->changes_count && (result == GO || (result < 0 && !sim->cut)); i++) {
		if (strcmp(sim->changes[i].directory, directory) != 0)
			sim->changes[kept++] = sim->changes[i];
		else if (result == GO)
			sim_names_apply(&sim->stored, &sim->changes[i]);
	}
	if (result == GO || (result < 0 && !sim->cut))
		sim->changes_count = kept;
	leave(sim);
	return result == GO_AND_DIE ? -EIO : result;
}

static int sim_list(void *self, const char *path, void (*each)(void *user, const char *name), void *user)
{
	struct sim_disk *sim = enter(self);
	char parent[SIM_NAME];
	int result = sim->cut ? -EIO : 0;

	for (size_t i = 0; i < sim->seen.count && result == 0; i++) {
		sim_set_parent(parent, sim->seen.entries[i].path);
		if (strcmp(parent, path) == 0)
			each(user, sim->seen.entries[i].path + strlen(parent) + 1);
	}
	leave(sim);
	return result;
}

static int sim_lock(void *self, const char *path)
{
	struct sim_disk *sim = enter(self);
	int result = -EIO;

	if (!sim->cut && sim->locked[0]) {
		result = -EWOULDBLOCK;
	} else if (!sim->cut) {
		sim_set_text(sim->locked, path);
		for (result = 0; sim->handles[result]; result++)
			;
		sim->lock_handle = result;
	}
	leave(sim);
	return result;
}

struct sim_disk *sim_disk_new(void)
{
	struct sim_disk *sim = MEM_NEW(struct sim_disk);

	sim->table = (struct disk){
	    .open = sim_open,
	    .close = sim_close,
	    .pread = sim_pread,
	    .pwritev = sim_pwritev,
	    .fdatasync = sim_fdatasync,
	    .fsync = sim_fsync,
	    .fallocate = sim_fallocate,
	    .size = sim_size,
	    .rename = sim_rename,
	    .unlink = sim_unlink,
	    .mkdir = sim_mkdir,
	    .fsync_directory = sim_fsync_directory,
	    .list = sim_list,
	    .lock = sim_lock,
	    .self = sim,
	};
	sim->lock_handle = -1;
	(void)pthread_mutex_init(&sim->lock, NULL);
	return sim;
}

void sim_disk_free(struct sim_disk **sim_at)
{
	struct sim_disk *sim = *sim_at;

	if (!sim)
		return;
	while (sim->inodes) {
		struct sim_inode *inode = sim->inodes;

		sim->inodes = inode->next;
		sim_forget_writes(inode);
		mem_free(inode->writes);
		sim_image_clear(&inode->seen);
		sim_image_clear(&inode->stored);
		mem_free(inode);
	}
	mem_free(sim->changes);
	(void)pthread_mutex_destroy(&sim->lock);
	mem_free(sim);
	*sim_at = NULL;
}

static struct sim_inode *copy_inode(struct sim_disk *to, const struct sim_inode *from)
{
	struct sim_inode *inode = sim_inode_new(to);

	inode->number = from->number;
	sim_image_copy(&inode->seen, &from->seen);
	sim_image_copy(&inode->stored, &from->stored);
	for (size_t i = 0; i < from->writes_count; i++) {
		struct sim_write write = from->writes[i];

		if (write.bytes)
			write.bytes = memcpy(mem_alloc(write.n + 1), write.bytes, write.n);
		sim_note_write(inode, write);
	}
	return inode;
}

static struct sim_inode *inode_of(struct sim_disk *sim, const struct sim_inode *original)
{
	struct sim_inode *inode = sim->inodes;

	if (!original)
		return NULL;
	while (inode && inode->number != original->number)
		inode = inode->next;
	return inode;
}

static bool is_named(struct sim_disk *sim, const struct sim_inode *inode)
{
	for (size_t i = 0; i < sim->seen.count; i++)
		if (sim->seen.entries[i].inode == inode)
			return true;
	for (size_t i = 0; i < sim->stored.count; i++)
		if (sim->stored.entries[i].inode == inode)
			return true;
	for (size_t i = 0; i < sim->changes_count; i++)
		if (sim->changes[i].added.inode == inode)
			return true;
	return false;
}

static void copy_names(struct sim_disk *copy, struct sim_names *to, const struct sim_names *from)
{
	*to = *from;
	for (size_t i = 0; i < to->count; i++)
		to->entries[i].inode = inode_of(copy, from->entries[i].inode);
}

static struct sim_disk *copy_disk(struct sim_disk *sim)
{
	struct sim_disk *copy = sim_disk_new();

	(void)enter(sim);
	for (const struct sim_inode *inode = sim->inodes; inode; inode = inode->next)
		if (is_named(sim, inode))
			(void)copy_inode(copy, inode);
	copy->inode_count = sim->inode_count;
	copy_names(copy, &copy->seen, &sim->seen);
	copy_names(copy, &copy->stored, &sim->stored);
	copy->changes = mem_alloc_array(sim->changes_count + 1, sizeof *copy->changes);
	copy->changes_room = sim->changes_count + 1;
	copy->changes_count = sim->changes_count;
	for (size_t i = 0; i < sim->changes_count; i++) {
		copy->changes[i] = sim->changes[i];
		copy->changes[i].added.inode = inode_of(copy, sim->changes[i].added.inode);
	}
	leave(sim);
	return copy;
}

struct sim_disk *sim_disk_after_kill(struct sim_disk *sim)
{
	return copy_disk(sim);
}

struct sim_disk *sim_disk_after_power_cut(struct sim_disk *sim, enum sim_damage damage, uint64_t seed)
{
	struct sim_disk *copy = copy_disk(sim);
	struct prng g;

	prng_init(&g, seed);
	for (struct sim_inode *inode = copy->inodes; inode; inode = inode->next)
		sim_inode_lose_power(inode, damage, &g);
	sim_names_lose_power(copy, damage, &g);
	return copy;
}

const struct disk *sim_disk_table(struct sim_disk *sim)
{
	return &sim->table;
}

uint64_t sim_disk_operations(struct sim_disk *sim)
{
	uint64_t operations = enter(sim)->operations;

	leave(sim);
	return operations;
}

void sim_disk_cut_at(struct sim_disk *sim, uint64_t n)
{
	(void)enter(sim);
	sim->cut_at = n ? sim->operations + n : 0;
	leave(sim);
}

bool sim_disk_is_cut(struct sim_disk *sim)
{
	bool cut = enter(sim)->cut;

	leave(sim);
	return cut;
}

void sim_disk_fail(struct sim_disk *sim, struct sim_fault fault)
{
	(void)enter(sim);
	sim->fault = fault;
	sim->fault_matched = 0;
	sim->failures = 0;
	leave(sim);
}

void sim_disk_heal(struct sim_disk *sim)
{
	(void)enter(sim);
	sim->fault = (struct sim_fault){0};
	leave(sim);
}

uint64_t sim_disk_failures(struct sim_disk *sim)
{
	uint64_t failures = enter(sim)->failures;

	leave(sim);
	return failures;
}

bool sim_disk_has(struct sim_disk *sim, const char *path)
{
	bool has = sim_names_find(&enter(sim)->seen, path) != NULL;

	leave(sim);
	return has;
}
