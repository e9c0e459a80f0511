/* SPDX-License-Identifier: Apache-2.0 */
/* Which segments there are, in memory. Rebuilt from the names at every start; nothing of it is ever written (R8). */
#include "journal/segment_index.h"

#include "base/mem.h"
#include <string.h>

void index_init(struct segment_index *index)
{
	*index = (struct segment_index){0};
	(void)pthread_mutex_init(&index->lock, NULL); /* cannot fail with default attributes */
}

void index_done(struct segment_index *index)
{
	(void)pthread_mutex_destroy(&index->lock);
	mem_free(index->firsts);
	index->firsts = NULL;
}

void index_add(struct segment_index *index, uint64_t first)
{
	pthread_mutex_lock(&index->lock);
	if (index->count == index->room) {
		index->room = index->room * 2 + 16;
		index->firsts = mem_resize(index->firsts, index->room * sizeof *index->firsts);
	}
	if (index->count == 0 || index->firsts[index->count - 1] != first)
		index->firsts[index->count++] = first;
	pthread_mutex_unlock(&index->lock);
}

bool index_find(struct segment_index *index, uint64_t sequence, uint64_t *ret_first)
{
	size_t i;

	pthread_mutex_lock(&index->lock);
	i = index->count;
	while (i > 0 && index->firsts[i - 1] > sequence)
		i--;
	if (i > 0)
		*ret_first = index->firsts[i - 1];
	pthread_mutex_unlock(&index->lock);
	return i > 0;
}

uint64_t index_last_of(struct segment_index *index, uint64_t first)
{
	uint64_t last = UINT64_MAX;

	pthread_mutex_lock(&index->lock);
	for (size_t i = index->count; i > 0 && index->firsts[i - 1] > first; i--)
		last = index->firsts[i - 1] - 1;
	pthread_mutex_unlock(&index->lock);
	return last;
}

bool index_oldest(struct segment_index *index, uint64_t applied, uint64_t *ret_first)
{
	bool deletable;

	pthread_mutex_lock(&index->lock);
	deletable = index->count > 1 && index->firsts[1] - 1 <= applied;
	if (deletable)
		*ret_first = index->firsts[0];
	pthread_mutex_unlock(&index->lock);
	return deletable;
}

void index_remove_oldest(struct segment_index *index, uint64_t first)
{
	pthread_mutex_lock(&index->lock);
	/* Somebody else who trims may have been faster. */
	if (index->count > 0 && index->firsts[0] == first) {
		index->count--;
		memmove(index->firsts, index->firsts + 1, index->count * sizeof *index->firsts);
	}
	pthread_mutex_unlock(&index->lock);
}
