/* SPDX-License-Identifier: Apache-2.0 */
/* vandal: files of a simulated disk, changed behind the back of everybody, durably. */
#ifndef PUGMARK_TEST_UNIT_JOURNAL_VANDAL_H
#define PUGMARK_TEST_UNIT_JOURNAL_VANDAL_H

#include "sim_script.h"

#define SIM_MARK SIM_DIRECTORY ".end"

struct vandal_file {
	char path[64];
	char *bytes; /* mem_free */
	size_t size;
};

/* The segment at this place among `firsts`. */
struct vandal_file vandal_read_segment(struct sim_disk *sim, uint64_t first);
struct vandal_file vandal_read(struct sim_disk *sim, const char *path);
/* The file now has these bytes. */
void vandal_write(struct sim_disk *sim, const struct vandal_file *file);
void vandal_delete(struct sim_disk *sim, const char *path);
void vandal_delete_segment(struct sim_disk *sim, uint64_t first);

/* What can be done to a region of a file. */
enum vandalism {
	VANDAL_FLIP,      /* one bit in the middle of it */
	VANDAL_ZERO,      /* all of it */
	VANDAL_GARBLE,    /* all of it, with noise */
	VANDAL_CUT,       /* the file ends where it starts */
	VANDAL_ZERO_TAIL, /* zeros from there to the end */
	VANDAL_DUPLICATE, /* it stands in the place of the next region, too */
	VANDAL_INSERT,    /* it stands there twice, and all that follows is moved */
	VANDALISMS
};
/* On a copy of the disk, for the caller to free. False and no copy when it would change nothing. */
bool vandal_damage(struct sim_disk *sim, const struct vandal_file *file, enum vandalism how, size_t at, size_t n,
		   struct sim_disk **ret);

#endif
