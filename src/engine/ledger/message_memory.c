/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a message costs as much as all else of a hit, and the hits of a message come near each other: a gateway's
 * burst, a click after the open, the second look two minutes later.
 *
 * Two generations: when the young one is full it becomes the old one, and the old one is dropped. A message keeps its
 * place, so one that is used all the time is read again once in a while; that is cheaper than moving it, and needs no
 * list of what was used when. */
#include "engine/ledger/message_memory.h"

#include "base/map.h"
#include "base/mem.h"

enum {
	YOUNG_MAX = 8192,           /* each takes about a kilobyte, and there is a … */
	YOUNG_BYTES_MAX = 16 << 20, /* … bound for those that take more */
};

struct generation {
	struct map *messages; /* id -> struct remembered_message */
	struct arena *arena;  /* of them and their texts */
};

struct message_memory {
	struct generation young, old;
};

static struct generation generation_new(void)
{
	return (struct generation){map_new(), arena_new()};
}

static void generation_clear(struct generation *g)
{
	map_clear(g->messages);
	arena_reset(g->arena);
}

static void generation_free(struct generation *g)
{
	map_free(&g->messages);
	arena_free(&g->arena);
}

struct message_memory *message_memory_new(void)
{
	struct message_memory *m = MEM_NEW(struct message_memory);
	m->young = generation_new();
	m->old = generation_new();
	return m;
}

void message_memory_free(struct message_memory **memory)
{
	if (!*memory)
		return;
	generation_free(&(*memory)->young);
	generation_free(&(*memory)->old);
	mem_free(*memory);
	*memory = NULL;
}

struct remembered_message *message_memory_find(const struct message_memory *m, struct uuid id)
{
	struct remembered_message *found = map_get(m->young.messages, uuid_slice(&id));
	return found ? found : map_get(m->old.messages, uuid_slice(&id));
}

struct remembered_message *message_memory_add(struct message_memory *m, const struct message *message)
{
	struct remembered_message *added = ARENA_NEW(m->young.arena, struct remembered_message);
	added->message = added->saved = *message;
	(void)map_put(m->young.messages, uuid_slice(&message->id), added);
	return added;
}

struct arena *message_memory_arena(struct message_memory *m)
{
	return m->young.arena;
}

void message_memory_forget(struct message_memory *m)
{
	map_clear(m->young.messages);
	map_clear(m->old.messages);
}

void message_memory_clear(struct message_memory *m)
{
	generation_clear(&m->young);
	generation_clear(&m->old);
}

void message_memory_age(struct message_memory *m)
{
	struct generation dropped = m->old;
	if (map_count(m->young.messages) < YOUNG_MAX && arena_used(m->young.arena) < YOUNG_BYTES_MAX)
		return;
	/* Emptied and not freed: it becomes the young one. */
	generation_clear(&dropped);
	m->old = m->young;
	m->young = dropped;
}

bool remembered_message_moved(const struct remembered_message *remembered)
{
	const struct message *now = &remembered->message, *saved = &remembered->saved;
	return now->state != saved->state || now->send_at_us != saved->send_at_us || now->sent_us != saved->sent_us ||
	       now->delivered_us != saved->delivered_us || now->cohort_day != saved->cohort_day ||
	       now->attempts != saved->attempts || !slice_equal(now->remote_id, saved->remote_id) ||
	       !slice_equal(now->error, saved->error);
}

bool remembered_message_counted(const struct remembered_message *remembered)
{
	const struct message *now = &remembered->message, *saved = &remembered->saved;
	return now->reported_us != saved->reported_us ||
	       memcmp(&now->counters, &saved->counters, sizeof now->counters) != 0;
}
