/* SPDX-License-Identifier: Apache-2.0 */
/* What happened since the last sync, to files and to names, and what a power cut makes of it. */
#include "sim_disk_priv.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

struct sim_inode *sim_inode_new(struct sim_disk *sim)
{
	struct sim_inode *inode = MEM_NEW(struct sim_inode);

	inode->number = sim->inode_count++;
	inode->next = sim->inodes;
	sim->inodes = inode;
	return inode;
}

void sim_forget_writes(struct sim_inode *inode)
{
	for (size_t i = 0; i < inode->writes_count; i++)
		mem_free(inode->writes[i].bytes);
	inode->writes_count = 0;
}

void sim_note_write(struct sim_inode *inode, struct sim_write write)
{
	if (inode->writes_count == inode->writes_room) {
		inode->writes_room = inode->writes_room * 2 + 8;
		inode->writes = mem_resize(inode->writes, inode->writes_room * sizeof *inode->writes);
	}
	inode->writes[inode->writes_count++] = write;
}

void sim_inode_write(struct sim_inode *inode, size_t at, const char *bytes, size_t n)
{
	sim_image_write(&inode->seen, at, bytes, n);
	sim_note_write(inode, (struct sim_write){.at = at, .n = n, .bytes = memcpy(mem_alloc(n + 1), bytes, n)});
}

void sim_inode_resize(struct sim_inode *inode, size_t size)
{
	if (size < inode->seen.size)
		sim_image_clear(&inode->seen);
	inode->seen.size = size;
	sim_note_write(inode, (struct sim_write){.is_resize = true, .n = size});
}

/* Dirty pages go to the platter whole. */
void sim_inode_sync(struct sim_inode *inode)
{
	for (size_t i = 0; i < inode->writes_count; i++) {
		const struct sim_write *write = &inode->writes[i];

		if (write->is_resize && write->n < inode->stored.size)
			sim_image_clear(&inode->stored);
		for (size_t p = write->at / SIM_PAGE; !write->is_resize && p * SIM_PAGE < write->at + write->n; p++)
			sim_page_share(&inode->stored.pages[p], inode->seen.pages[p]);
	}
	if (inode->writes_count > 0)
		inode->stored.size = inode->seen.size;
	sim_forget_writes(inode);
}

/* One write reaches the platter in parts. */
static void store_in_parts(struct sim_inode *inode, const struct sim_write *write, enum sim_damage damage,
			   struct prng *g)
{
	if (write->is_resize) {
		if (damage == SIM_KEEP || prng_below(g, 2)) {
			if (write->n < inode->stored.size)
				sim_image_clear(&inode->stored);
			inode->stored.size = write->n;
		}
		return;
	}
	for (size_t from = write->at, end = write->at + write->n; from < end;) {
		size_t to = (from / SIM_SECTOR + 1) * SIM_SECTOR;

		to = to < end ? to : end;
		size_t begin = from, stop = to;
		if (damage == SIM_TEAR && prng_below(g, 2) == 0)
			*(prng_below(g, 2) ? &begin : &stop) = from + (size_t)prng_below(g, to - from);
		if (damage == SIM_KEEP || prng_below(g, 3) != 0)
			sim_image_write(&inode->stored, begin, write->bytes + (begin - write->at), stop - begin);
		from = to;
	}
}

void sim_inode_lose_power(struct sim_inode *inode, enum sim_damage damage, struct prng *g)
{
	for (size_t i = 0; i < inode->writes_count && damage != SIM_LOSE; i++)
		store_in_parts(inode, &inode->writes[i], damage, g);
	sim_forget_writes(inode);
	sim_image_copy(&inode->seen, &inode->stored);
}

struct sim_name *sim_names_find(struct sim_names *names, const char *path)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->entries[i].path, path) == 0)
			return &names->entries[i];
	return NULL;
}

static void names_remove(struct sim_names *names, const char *path)
{
	struct sim_name *name = sim_names_find(names, path);

	if (name)
		*name = names->entries[--names->count];
}

void sim_names_apply(struct sim_names *names, const struct sim_change *change)
{
	names_remove(names, change->removed);
	if (!change->added.path[0])
		return;
	names_remove(names, change->added.path);
	BUG_IF(names->count == SIM_NAMES_MAX);
	names->entries[names->count++] = change->added;
}

void sim_set_text(char to[SIM_NAME], const char *from)
{
	int n = snprintf(to, SIM_NAME, "%s", from);

	BUG_IF(n < 0 || n >= SIM_NAME);
}

void sim_set_parent(char to[SIM_NAME], const char *path)
{
	char *slash;

	sim_set_text(to, path);
	slash = strrchr(to, '/');
	*(slash ? slash : to) = 0;
}

void sim_change_names(struct sim_disk *sim, const char *removed, const char *added, struct sim_inode *inode)
{
	struct sim_change *change;

	if (sim->changes_count == sim->changes_room) {
		sim->changes_room = sim->changes_room * 2 + 8;
		sim->changes = mem_resize(sim->changes, sim->changes_room * sizeof *sim->changes);
	}
	change = &sim->changes[sim->changes_count++];
	*change = (struct sim_change){0};
	sim_set_parent(change->directory, added ? added : removed);
	if (removed)
		sim_set_text(change->removed, removed);
	if (added)
		sim_set_text(change->added.path, added);
	change->added.inode = inode;
	sim_names_apply(&sim->seen, change);
}

/* Without its directory a file cannot be found. */
static void drop_orphans(struct sim_names *names)
{
	for (size_t i = 0; i < names->count;) {
		char parent[SIM_NAME];

		sim_set_parent(parent, names->entries[i].path);
		if (parent[0] && !sim_names_find(names, parent)) {
			names->entries[i] = names->entries[--names->count];
			i = 0;
			continue;
		}
		i++;
	}
}

void sim_names_lose_power(struct sim_disk *sim, enum sim_damage damage, struct prng *g)
{
	for (size_t i = 0; i < sim->changes_count && damage != SIM_LOSE; i++)
		if (damage == SIM_KEEP || prng_below(g, 2))
			sim_names_apply(&sim->stored, &sim->changes[i]);
	sim->changes_count = 0;
	drop_orphans(&sim->stored);
	sim->seen = sim->stored;
}
