/* SPDX-License-Identifier: Apache-2.0 */
/* Linear probing with backward-shift deletion: no tombstones, so a table that only churns never degrades. */
#include "base/map.h"

#include "base/mem.h"
#include "base/random.h"

enum { FIRST_SLOTS = 16 };

struct slot {
	uint64_t hash;
	char *key; /* NULL: free */
	size_t key_n;
	void *value;
};

struct map {
	struct slot *slots;
	size_t slot_count; /* a power of two */
	size_t used;
	uint64_t seed[2];
};

static uint64_t rotate(uint64_t x, int by)
{
	return (x << by) | (x >> (64 - by));
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static uint64_t hash_of(const struct map *map, struct slice key)
{
	uint64_t v[4] = {map->seed[0] ^ 0x736f6d6570736575U, map->seed[1] ^ 0x646f72616e646f6dU,
			 map->seed[0] ^ 0x6c7967656e657261U, map->seed[1] ^ 0x7465646279746573U};
	size_t i = 0;
	for (; i + 8 <= key.n; i += 8) {
		uint64_t word;
		memcpy(&word, key.p + i, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	uint64_t last = (uint64_t)key.n << 56;
	if (key.n > i)
		memcpy(&last, key.p + i, key.n - i);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *map_new(void)
{
	struct map *map = MEM_NEW(struct map);
	map->slots = mem_alloc_array(FIRST_SLOTS, sizeof *map->slots);
	map->slot_count = FIRST_SLOTS;
	random_bytes(map->seed, sizeof map->seed);
	return map;
}

void map_clear(struct map *map)
{
	for (size_t i = 0; i < map->slot_count; i++)
		mem_free(map->slots[i].key);
	memset(map->slots, 0, map->slot_count * sizeof *map->slots);
	map->used = 0;
}

void map_free(struct map **map)
{
	if (!*map)
		return;
	map_clear(*map);
	mem_free((*map)->slots);
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
		if (!s->key)
			return s;
		if (s->hash == hash && slice_equal(slice_of(s->key, s->key_n), key))
			return s;
	}
}

void *map_get(const struct map *map, struct slice key)
{
	return find(map, key, hash_of(map, key))->value;
}

static void grow(struct map *map)
{
	struct slot *old = map->slots;
	size_t old_count = map->slot_count;
	map->slot_count *= 2;
	map->slots = mem_alloc_array(map->slot_count, sizeof *map->slots);
	for (size_t i = 0; i < old_count; i++)
		if (old[i].key)
			*find(map, slice_of(old[i].key, old[i].key_n), old[i].hash) = old[i];
	mem_free(old);
}

void *map_put(struct map *map, struct slice key, void *value)
{
	BUG_IF(!value);
	uint64_t hash = hash_of(map, key);
	struct slot *s = find(map, key, hash);
	void *previous = s->value;
	if (!s->key) {
		if ((map->used + 1) * 4 > map->slot_count * 3) {
			grow(map);
			s = find(map, key, hash);
		}
		*s = (struct slot){hash, mem_copy(key), key.n, NULL};
		map->used++;
	}
	s->value = value;
	return previous;
}

static void close_gap(struct map *map, size_t gap)
{
	size_t mask = map->slot_count - 1;
	for (size_t i = (gap + 1) & mask; map->slots[i].key; i = (i + 1) & mask) {
		size_t home = (size_t)map->slots[i].hash & mask;
		if (((i - home) & mask) >= ((i - gap) & mask)) {
			map->slots[gap] = map->slots[i];
			gap = i;
		}
	}
	map->slots[gap] = (struct slot){0};
}

void *map_remove(struct map *map, struct slice key)
{
	struct slot *s = find(map, key, hash_of(map, key));
	void *value = s->value;
	if (!s->key)
		return NULL;
	mem_free(s->key);
	close_gap(map, (size_t)(s - map->slots));
	map->used--;
	return value;
}

bool map_next(const struct map *map, size_t *cursor, struct slice *ret_key, void **ret_value)
{
	for (; *cursor < map->slot_count; (*cursor)++) {
		const struct slot *s = &map->slots[*cursor];
		if (!s->key)
			continue;
		if (ret_key)
			*ret_key = slice_of(s->key, s->key_n);
		if (ret_value)
			*ret_value = s->value;
		(*cursor)++;
		return true;
	}
	return false;
}
