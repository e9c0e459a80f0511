/* SPDX-License-Identifier: Apache-2.0 */
/* sim_disk: a file system in memory that keeps only what it promised to keep.
 *
 * What was written and not synced may, after a power cut, be there, not be there, or be there in part, sector by sector
 * and in any order; a name that was added, changed or removed is sure only after a sync of its directory. A sync that
 * fails drops the dirty pages and leaves them looking clean, as Linux does: the next sync says "done" and writes
 * nothing. Thread-safe, except that a disk and the ones made from it by sim_disk_after_power_cut share pages: use one
 * at a time.
 */
#ifndef PUGMARK_TEST_HARNESS_SIM_DISK_H
#define PUGMARK_TEST_HARNESS_SIM_DISK_H

#include "journal/disk.h"

#include <stdbool.h>

struct sim_disk;

struct sim_disk *sim_disk_new(void);
/* Sets *sim to NULL; NULL is allowed. */
void sim_disk_free(struct sim_disk **sim);
/* The table of functions; valid as long as the disk. */
const struct disk *sim_disk_table(struct sim_disk *sim);

/* Operations that change something or sync it; reading is not counted. */
enum sim_operation {
	SIM_CREATE = 1,
	SIM_WRITE = 2,
	SIM_FDATASYNC = 4,
	SIM_FSYNC = 8,
	SIM_FALLOCATE = 16,
	SIM_RENAME = 32,
	SIM_UNLINK = 64,
	SIM_MKDIR = 128,
	SIM_FSYNC_DIRECTORY = 256,
	SIM_ALL = 511,
	SIM_SYNCS = SIM_FDATASYNC | SIM_FSYNC | SIM_FSYNC_DIRECTORY,
};
uint64_t sim_disk_operations(struct sim_disk *sim);

/* Power goes at the n-th operation from now (1: the next): it begins but does not return, and everything after it fails
 * with EIO. 0: never. */
void sim_disk_cut_at(struct sim_disk *sim, uint64_t n);
bool sim_disk_is_cut(struct sim_disk *sim);

struct sim_fault {
	unsigned operations; /* of these */
	uint64_t at;         /* the at-th from now fails (1: the next) */
	uint64_t times;      /* and those after it, this many in all */
	int error; /* with this; the first write that gets ENOSPC is short instead, one that gets EIO is done by half */
};
void sim_disk_fail(struct sim_disk *sim, struct sim_fault fault);
/* No faults any more. */
void sim_disk_heal(struct sim_disk *sim);
/* How often the fault struck. */
uint64_t sim_disk_failures(struct sim_disk *sim);

enum sim_damage {
	SIM_LOSE,   /* nothing unsynced survives */
	SIM_KEEP,   /* everything does */
	SIM_MIX,    /* each sector and each name on its own */
	SIM_TEAR,   /* the same, and sectors break in the middle, too */
	SIM_DAMAGES /* how many there are */
};
/* What is found after power came back. `sim` stays as it is. */
struct sim_disk *sim_disk_after_power_cut(struct sim_disk *sim, enum sim_damage damage, uint64_t seed);

/* What the next process finds after this one was killed with the machine up: everything it wrote, synced or not. */
struct sim_disk *sim_disk_after_kill(struct sim_disk *sim);

/* Whether there is a file or directory of this name. */
bool sim_disk_has(struct sim_disk *sim, const char *path);

#endif
