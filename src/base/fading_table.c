/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of sets with eight places each, as a processor's cache is: a key has one set, and within it any place.
 * So a look is eight comparisons in two or three cache lines whatever happens, nothing is moved when something goes,
 * and there is no moment in which everything is forgotten. */
#include "base/fading_table.h"

#include "base/mem.h"

enum { PLACES = 8 };

struct fading_table {
	struct fading (*sets)[PLACES];
	size_t mask; /* of a set's index */
};

struct fading_table *fading_table_new(size_t keys)
{
	struct fading_table *t = MEM_NEW(struct fading_table);
	size_t sets = 1;
	while (sets * PLACES < keys)
		sets *= 2;
	t->sets = mem_alloc_array(sets, sizeof *t->sets);
	t->mask = sets - 1;
	return t;
}

void fading_table_free(struct fading_table **table)
{
	if (!*table)
		return;
	mem_free((*table)->sets);
	mem_free(*table);
	*table = NULL;
}

/* A free place has the key 0 and matters until 0, as fresh memory says: the one key that is really 0 can have it. */
static struct fading *look(struct fading_table *t, uint64_t key)
{
	struct fading *set = t->sets[key & t->mask];
	for (size_t i = 0; i < PLACES; i++)
		if (set[i].key == key && set[i].until_us)
			return &set[i];
	return NULL;
}

struct fading *fading_table_find(struct fading_table *t, uint64_t key, int64_t now_us)
{
	struct fading *found = look(t, key);
	return found && found->until_us > now_us ? found : NULL;
}

struct fading *fading_table_place(struct fading_table *t, uint64_t key, int64_t now_us)
{
	struct fading *set = t->sets[key & t->mask];
	struct fading *own = look(t, key);
	if (own && own->until_us > now_us)
		return own;
	/* Its own again, so that no key is there twice; else the one that goes first, free ones before all. */
	struct fading *place = own ? own : set;
	for (size_t i = 1; !own && i < PLACES; i++)
		if (set[i].until_us < place->until_us)
			place = &set[i];
	*place = (struct fading){.key = key};
	return place;
}

void fading_table_remove(struct fading_table *t, uint64_t key)
{
	struct fading *found = look(t, key);
	if (found)
		*found = (struct fading){0};
}
