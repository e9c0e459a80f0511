/* SPDX-License-Identifier: Apache-2.0 */
/* Two generations of a map: what is put goes into the young one, and so does what the old one is asked for. When the
 * young one is half full the old one is dropped and the young one takes its place. That keeps what is asked for without
 * a list that each look-up would have to change, and memory goes back an arena at a time. A link of a campaign is
 * looked up once for the whole campaign. */
#include "web/edge/link_cache.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/wire.h"
#include <pthread.h>

enum { KEY_MAX = 64 };

struct generation {
	struct map *links; /* tenant and key -> struct slice */
	struct arena *arena;
	size_t bytes;
};

struct link_cache {
	pthread_mutex_t lock;
	size_t bytes_max; /* of a generation */
	struct generation young, old;
};

static void generation_open(struct generation *g)
{
	g->links = map_new();
	g->arena = arena_new();
}

static void generation_close(struct generation *g)
{
	map_free(&g->links);
	arena_free(&g->arena);
}

struct link_cache *link_cache_new(size_t bytes)
{
	struct link_cache *c = MEM_NEW(struct link_cache);
	BUG_IF(pthread_mutex_init(&c->lock, NULL) != 0);
	c->bytes_max = bytes / 2;
	generation_open(&c->young);
	generation_open(&c->old);
	return c;
}

void link_cache_free(struct link_cache **cache)
{
	if (!*cache)
		return;
	generation_close(&(*cache)->young);
	generation_close(&(*cache)->old);
	(void)pthread_mutex_destroy(&(*cache)->lock);
	mem_free(*cache);
	*cache = NULL;
}

static struct slice key_of(uint32_t tenant, struct slice key, char room[KEY_MAX])
{
	struct buf b;
	buf_init_fixed(&b, room, KEY_MAX);
	wire_put_u32(&b, tenant);
	buf_append(&b, key);
	return buf_slice(&b);
}

/* Whatever was asked for since the last turn is in the old generation now, and gets a whole generation's time. */
static void turn_over(struct link_cache *c)
{
	struct generation dropped = c->old;
	c->old = c->young;
	c->young = dropped;
	map_clear(c->young.links);
	arena_reset(c->young.arena);
	c->young.bytes = 0;
}

static void put(struct link_cache *c, struct slice key, struct slice url)
{
	if (map_get(c->young.links, key))
		return;
	if (c->young.bytes + url.n > c->bytes_max && c->young.bytes)
		turn_over(c);
	struct slice *kept = ARENA_NEW(c->young.arena, struct slice);
	*kept = arena_copy(c->young.arena, url);
	(void)map_put(c->young.links, key, kept);
	c->young.bytes += url.n;
}

void link_cache_put(struct link_cache *cache, uint32_t tenant, struct slice key, struct slice url)
{
	char room[KEY_MAX];
	pthread_mutex_lock(&cache->lock);
	put(cache, key_of(tenant, key, room), url);
	pthread_mutex_unlock(&cache->lock);
}

struct slice link_cache_find(struct link_cache *cache, uint32_t tenant, struct slice key, struct arena *arena)
{
	char room[KEY_MAX];
	struct slice name = key_of(tenant, key, room);
	struct slice url = SLICE_EMPTY;
	pthread_mutex_lock(&cache->lock);
	const struct slice *found = map_get(cache->young.links, name);
	bool is_old = !found;
	if (is_old)
		found = map_get(cache->old.links, name);
	if (found)
		url = arena_copy(arena, *found);
	if (found && is_old)
		put(cache, name, url); /* it is asked for still */
	pthread_mutex_unlock(&cache->lock);
	return url;
}
