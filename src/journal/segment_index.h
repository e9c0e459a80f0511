/* SPDX-License-Identifier: Apache-2.0 */
/* segment_index: which segments there are, in memory. The journal thread adds, readers look, whoever trims removes. */
#ifndef PUGMARK_JOURNAL_SEGMENT_INDEX_H
#define PUGMARK_JOURNAL_SEGMENT_INDEX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment_index {
	pthread_mutex_t lock;
	uint64_t *firsts; /* in order */
	size_t count;
	size_t room;
};

void index_init(struct segment_index *index);
void index_done(struct segment_index *index);
/* Nothing when it is the newest already. */
void index_add(struct segment_index *index, uint64_t first);
/* The segment that holds or will hold `sequence`; false when it was deleted. */
bool index_find(struct segment_index *index, uint64_t sequence, uint64_t *ret_first);
/* The last sequence number that the segment at `first` holds or will hold. */
uint64_t index_last_of(struct segment_index *index, uint64_t first);
/* The oldest one, if all of its records are at or below `applied` and it is not the newest. */
bool index_oldest(struct segment_index *index, uint64_t applied, uint64_t *ret_first);
/* Forgets the oldest one if it is this one. */
void index_remove_oldest(struct segment_index *index, uint64_t first);

#endif
