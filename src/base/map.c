/* SPDX-License-Identifier: Apache-2.0 */
/* Entries stand one behind the other; a table of their numbers, probed linearly, finds them. So walking and clearing
 * cost what is in the map, not the largest it has ever been: the writer's maps hold thousands in one transaction and
 * three in the next, and clearing the table took a sixth of its time. Keys up to 40 bytes (ids, and most of what is
 * made of them) stand in the entry; longer ones are allocated. Backward-shift deletion: no tombstones, so a table that
 * only churns never degrades. */
#include "base/map.h"

#include "base/mem.h"
#include "base/random.h"
#include "base/siphash.h"

enum { FIRST_SLOTS = 16, NEAR_MAX = 40 };

struct entry {
	uint64_t hash;
	size_t key_n;
	union {
		char near[NEAR_MAX]; /* up to so many bytes */
		char *far;
	} key;
	void *value;
};

struct slot {
	uint32_t entry; /* its number plus one; 0: free */
	uint32_t hash;  /* the upper half, so that few entries are looked at in vain */
};

struct map {
	struct slot *slots;
	size_t slot_count; /* a power of two */
	struct entry *entries;
	size_t entry_room;
	size_t used;
	uint64_t seed[2];
};

struct map *map_new(void)
{
	struct map *map = MEM_NEW(struct map);
	map->slots = mem_alloc_array(FIRST_SLOTS, sizeof *map->slots);
	map->slot_count = FIRST_SLOTS;
	random_bytes(map->seed, sizeof map->seed);
	return map;
}

static struct slice key_of(const struct entry *e)
{
	return slice_of(e->key_n <= NEAR_MAX ? e->key.near : e->key.far, e->key_n);
}

static void keep_key(struct entry *e, struct slice key)
{
	e->key_n = key.n;
	if (key.n > NEAR_MAX)
		e->key.far = mem_copy(key);
	else if (key.n)
		memcpy(e->key.near, key.p, key.n);
}

static void drop_key(struct entry *e)
{
	if (e->key_n > NEAR_MAX)
		mem_free(e->key.far);
}

/* The slot that has this entry, which is there. Does not stop at free ones, since map_clear makes them. */
static struct slot *slot_of(const struct map *map, size_t entry)
{
	size_t mask = map->slot_count - 1;
	size_t i = (size_t)map->entries[entry].hash & mask;
	while (map->slots[i].entry != entry + 1)
		i = (i + 1) & mask;
	return &map->slots[i];
}

void map_clear(struct map *map)
{
	/* Few entries in a large table: looking up each one's slot touches less memory than wiping all of them. */
	bool is_sparse = map->used < map->slot_count / 16;
	for (size_t i = 0; i < map->used; i++) {
		if (is_sparse)
			*slot_of(map, i) = (struct slot){0};
		drop_key(&map->entries[i]);
	}
	if (!is_sparse)
		memset(map->slots, 0, map->slot_count * sizeof *map->slots);
	map->used = 0;
}

void map_free(struct map **map)
{
	if (!*map)
		return;
	map_clear(*map);
	mem_free((*map)->slots);
	mem_free((*map)->entries);
	mem_free(*map);
	*map = NULL;
}

size_t map_count(const struct map *map)
{
	return map->used;
}

/* The slot of the key, or the free one where it belongs. */
static struct slot *find(const struct map *map, struct slice key, uint64_t hash)
{
	size_t mask = map->slot_count - 1;
	size_t i = (size_t)hash & mask;
	for (;; i = (i + 1) & mask) {
		struct slot *s = &map->slots[i];
		if (!s->entry)
			return s;
		const struct entry *e = &map->entries[s->entry - 1];
		if (s->hash == hash >> 32 && e->hash == hash && slice_equal(key_of(e), key))
			return s;
	}
}

void *map_get(const struct map *map, struct slice key)
{
	if (!map->used)
		return NULL;
	const struct slot *s = find(map, key, siphash(map->seed, key));
	return s->entry ? map->entries[s->entry - 1].value : NULL;
}

static void place(struct map *map, size_t entry)
{
	size_t mask = map->slot_count - 1;
	uint64_t hash = map->entries[entry].hash;
	size_t i = (size_t)hash & mask;
	while (map->slots[i].entry)
		i = (i + 1) & mask;
	map->slots[i] = (struct slot){(uint32_t)entry + 1, (uint32_t)(hash >> 32)};
}

/* Slots count entries in 32 bits; the table ends before they do. */
static void grow(struct map *map)
{
	BUG_IF(map->slot_count > UINT32_MAX / 2);
	mem_free(map->slots);
	map->slot_count *= 2;
	map->slots = mem_alloc_array(map->slot_count, sizeof *map->slots);
	for (size_t i = 0; i < map->used; i++)
		place(map, i);
}

static struct entry *new_entry(struct map *map)
{
	if (map->used == map->entry_room) {
		map->entry_room = map->entry_room ? map->entry_room * 2 : FIRST_SLOTS;
		map->entries = mem_resize(map->entries, map->entry_room * sizeof *map->entries);
	}
	return &map->entries[map->used++];
}

void *map_put(struct map *map, struct slice key, void *value)
{
	BUG_IF(!value);
	uint64_t hash = siphash(map->seed, key);
	const struct slot *s = find(map, key, hash);
	if (s->entry) {
		struct entry *there = &map->entries[s->entry - 1];
		void *previous = there->value;
		there->value = value;
		return previous;
	}
	if ((map->used + 1) * 4 > map->slot_count * 3)
		grow(map);
	struct entry *e = new_entry(map);
	e->hash = hash;
	e->value = value;
	keep_key(e, key);
	/* Searched for anew: after grow the slot that find returned is one of the old table. */
	place(map, map->used - 1);
	return NULL;
}

static void close_gap(struct map *map, size_t gap)
{
	size_t mask = map->slot_count - 1;
	for (size_t i = (gap + 1) & mask; map->slots[i].entry; i = (i + 1) & mask) {
		size_t home = (size_t)map->entries[map->slots[i].entry - 1].hash & mask;
		/* It was pushed past the gap when it was placed, so whoever looks for it would stop at the gap. */
		if (((i - home) & mask) >= ((i - gap) & mask)) {
			map->slots[gap] = map->slots[i];
			gap = i;
		}
	}
	map->slots[gap] = (struct slot){0};
}

/* The last entry takes the place of the one that went. */
static void move_last_to(struct map *map, size_t entry)
{
	size_t last = map->used - 1;
	if (entry != last) {
		slot_of(map, last)->entry = (uint32_t)entry + 1;
		map->entries[entry] = map->entries[last];
	}
	map->used--;
}

void *map_remove(struct map *map, struct slice key)
{
	const struct slot *s = find(map, key, siphash(map->seed, key));
	if (!s->entry)
		return NULL;
	size_t entry = s->entry - 1;
	void *value = map->entries[entry].value;
	drop_key(&map->entries[entry]);
	close_gap(map, (size_t)(s - map->slots));
	move_last_to(map, entry);
	return value;
}

bool map_next(const struct map *map, size_t *cursor, struct slice *ret_key, void **ret_value)
{
	if (*cursor >= map->used)
		return false;
	const struct entry *e = &map->entries[(*cursor)++];
	if (ret_key)
		*ret_key = key_of(e);
	if (ret_value)
		*ret_value = e->value;
	return true;
}
