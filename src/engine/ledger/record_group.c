/* SPDX-License-Identifier: Apache-2.0 */
/* Two servers that take hits for the same messages wait for one another, as each locks all messages of its group: one
 * works, the other one watches (0.70 of the rate of separate messages on two cores). With halves they swap. Node 1
 * begins with one half, node 2 with the other; whoever is first waits for the other's end once, and from then on each
 * takes what the other one has just left.
 *
 * The halves go by the parity of all bits of the id: half of all ids have it, whatever they are made of. */
#include "engine/ledger/record_group.h"

#include "base/mem.h"

enum {
	DIVISIBLE_LEAST = 256, /* records; below, a transaction more costs more than waiting */
	HALF_LEAST_OF = 8,     /* a half has at least one of so many */
	FIRST_ROOM = 64,       /* doubles from here */
};

struct record_group {
	uint16_t node;
	record_message *message_of;
	struct arena *arena;            /* of the records' bytes */
	struct journal_record *records; /* on the heap, reused, as the next */
	struct uuid *messages;          /* zero: the record names none */
	size_t count, room;
	size_t unnamed;   /* records without a message */
	size_t halves[2]; /* how many records each has */
};

static void make_room(struct record_group *g, size_t room)
{
	g->room = room;
	g->records = mem_resize(g->records, room * sizeof *g->records);
	g->messages = mem_resize(g->messages, room * sizeof *g->messages);
}

struct record_group *record_group_new(uint16_t node, record_message *message_of)
{
	struct record_group *g = MEM_NEW(struct record_group);
	g->node = node;
	g->message_of = message_of;
	g->arena = arena_new();
	make_room(g, FIRST_ROOM);
	return g;
}

void record_group_free(struct record_group **group)
{
	struct record_group *g = *group;
	if (!g)
		return;
	arena_free(&g->arena);
	mem_free(g->records);
	mem_free(g->messages);
	mem_free(g);
	*group = NULL;
}

void record_group_clear(struct record_group *group)
{
	arena_reset(group->arena);
	group->count = 0;
	group->unnamed = 0;
	group->halves[0] = group->halves[1] = 0;
}

/* What names no message is of the second half: by then everything before it has been applied. Another rule in a later
 * program would apply hits twice, or not at all, where this one has left a first half. */
static enum record_half half_of(const struct record_group *g, size_t at)
{
	uint64_t bits[2];
	if (uuid_is_zero(g->messages[at]))
		return RECORD_HALF_SECOND;
	memcpy(bits, g->messages[at].bytes, sizeof bits);
	bool is_odd = __builtin_parityll(bits[0] ^ bits[1]);
	return is_odd == (g->node % 2 != 0) ? RECORD_HALF_FIRST : RECORD_HALF_SECOND;
}

void record_group_add(struct record_group *group, const struct journal_record *record)
{
	size_t at = group->count;
	if (at == group->room)
		make_room(group, 2 * group->room);
	group->count++;
	group->records[at] = *record;
	group->records[at].payload = arena_copy(group->arena, record->payload);
	group->messages[at] = (struct uuid){{0}};
	if (!group->message_of(&group->records[at], &group->messages[at]))
		group->unnamed++;
	group->halves[half_of(group, at)]++;
}

size_t record_group_count(const struct record_group *group)
{
	return group->count;
}

const struct journal_record *record_group_first(const struct record_group *group)
{
	BUG_IF(group->count == 0);
	return &group->records[0];
}

uint64_t record_group_last(const struct record_group *group)
{
	BUG_IF(group->count == 0);
	return group->records[group->count - 1].sequence;
}

bool record_group_ends_at(const struct record_group *group, uint64_t sequence)
{
	uint64_t last = record_group_last(group);
	BUG_IF(last > sequence); /* on it would be applied what is applied, or be left out */
	return last == sequence;
}

bool record_group_is_divisible(const struct record_group *group)
{
	size_t least = group->count / HALF_LEAST_OF;
	return group->count >= DIVISIBLE_LEAST && group->unnamed == 0 && group->halves[RECORD_HALF_FIRST] >= least &&
	       group->halves[RECORD_HALF_SECOND] >= least;
}

struct record_part record_group_part(const struct record_group *group, enum record_half half, struct arena *arena)
{
	struct record_part part = {
	    .records = arena_alloc_array(arena, group->count, sizeof *part.records),
	    .messages = arena_alloc_array(arena, group->count, sizeof *part.messages),
	};
	for (size_t i = 0; i < group->count; i++) {
		if (half != RECORD_HALVES && half != half_of(group, i))
			continue;
		struct journal_record *record = &part.records[part.count++];
		*record = group->records[i];
		record->payload = arena_copy(arena, record->payload);
		if (!uuid_is_zero(group->messages[i]))
			part.messages[part.message_count++] = group->messages[i];
	}
	return part;
}
