/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the simulated disk share. */
#ifndef PUGMARK_TEST_HARNESS_SIM_DISK_PRIV_H
#define PUGMARK_TEST_HARNESS_SIM_DISK_PRIV_H

#include "base/random.h"
#include "sim_disk.h"

#include <pthread.h>

enum {
	SIM_PAGE = 4096,
	SIM_SECTOR = 512,
	SIM_NAME = 160,
	SIM_HANDLES = 256,
	SIM_PAGES_MAX = 2048,
	SIM_NAMES_MAX = 128
};

struct sim_page {
	unsigned refs;
	char bytes[SIM_PAGE];
};

struct sim_image {
	size_t size;
	struct sim_page *pages[SIM_PAGES_MAX];
};

struct sim_write {
	bool is_resize;
	size_t at;
	size_t n;
	char *bytes;
};

struct sim_inode {
	struct sim_inode *next; /* all of a disk */
	struct sim_image seen;
	struct sim_image stored;
	struct sim_write *writes; /* since the last sync */
	size_t writes_count;
	size_t writes_room;
	unsigned number; /* to find the copy of an inode in a copied disk */
};

struct sim_name {
	char path[SIM_NAME];
	struct sim_inode *inode; /* NULL: a directory */
};

struct sim_names {
	struct sim_name entries[SIM_NAMES_MAX];
	size_t count;
};

struct sim_change {
	char directory[SIM_NAME]; /* synced with this one */
	char removed[SIM_NAME];   /* empty: nothing */
	struct sim_name added;    /* empty path: nothing */
};

struct sim_disk {
	struct disk table;
	pthread_mutex_t lock;
	struct sim_inode *inodes;
	unsigned inode_count;
	struct sim_names seen;
	struct sim_names stored;
	struct sim_change *changes;
	size_t changes_count;
	size_t changes_room;
	struct sim_inode *handles[SIM_HANDLES];
	char locked[SIM_NAME];
	int lock_handle;
	uint64_t operations;
	uint64_t cut_at;
	bool cut;
	struct sim_fault fault;
	uint64_t fault_matched;
	uint64_t failures;
};

/* ---- Images (sim_image.c). */
void sim_page_share(struct sim_page **to, struct sim_page *from);
void sim_image_copy(struct sim_image *to, const struct sim_image *from);
void sim_image_clear(struct sim_image *image);
void sim_image_write(struct sim_image *image, size_t at, const char *bytes, size_t n);
void sim_image_read(const struct sim_image *image, size_t at, char *to, size_t n);

/* ---- Files and names between program and platter (sim_state.c). */
struct sim_inode *sim_inode_new(struct sim_disk *sim);
void sim_forget_writes(struct sim_inode *inode);
void sim_note_write(struct sim_inode *inode, struct sim_write write);
void sim_inode_write(struct sim_inode *inode, size_t at, const char *bytes, size_t n);
void sim_inode_resize(struct sim_inode *inode, size_t size);
void sim_inode_sync(struct sim_inode *inode);
void sim_inode_lose_power(struct sim_inode *inode, enum sim_damage damage, struct prng *g);
struct sim_name *sim_names_find(struct sim_names *names, const char *path);
void sim_names_apply(struct sim_names *names, const struct sim_change *change);
void sim_set_text(char to[SIM_NAME], const char *from);
void sim_set_parent(char to[SIM_NAME], const char *path);
void sim_change_names(struct sim_disk *sim, const char *removed, const char *added, struct sim_inode *inode);
void sim_names_lose_power(struct sim_disk *sim, enum sim_damage damage, struct prng *g);

#endif
