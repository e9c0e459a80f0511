/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunks of positions have events of a minute: what stands in for an index on time (decision 0032).
 *
 * Servers that write at the same time get positions of the same chunks, so they all want to add the same rows, and who
 * adds a row first makes the others wait until its transaction has ended. Hence this is the last thing that a
 * transaction does: nobody waits longer than a commit takes, and nobody who waits has anything yet to come that others
 * could wait for. Sorted, so that those who meet at several rows meet in one order.
 *
 * A row too many does no harm, as it only says where to look: what a part that was taken back had noted stays. */
#include "base/mem.h"
#include "store/core/row_list.h"
#include "store/events/event_flags.h"
#include "store/events/event_rows.h"
#include <stdlib.h>

enum { FIRST_ROOM = 16, COLUMNS = 3 };

struct minute {
	int64_t tenant, minute, chunk;
};
struct minutes {
	struct minute *at;
	size_t n, room;
};

static void minutes_free(void *p)
{
	struct minutes *m = p;
	mem_free(m->at);
	mem_free(m);
}

static struct minutes *minutes_of(struct store_session *s)
{
	struct session_memory *kept = session_memory(s, SESSION_MEMORY_MINUTES);
	if (!kept->p) {
		struct minutes *m = MEM_NEW(struct minutes);
		m->room = FIRST_ROOM;
		m->at = mem_alloc_array(m->room, sizeof *m->at);
		kept->p = m;
		kept->free = minutes_free;
	}
	return kept->p;
}

static int by_key(const void *a, const void *b)
{
	const struct minute *x = a;
	const struct minute *y = b;
	if (x->tenant != y->tenant)
		return x->tenant < y->tenant ? -1 : 1;
	if (x->minute != y->minute)
		return x->minute < y->minute ? -1 : 1;
	return (x->chunk > y->chunk) - (x->chunk < y->chunk);
}

static void note(struct minutes *m, const struct minute *minute)
{
	/* Neighbours are mostly of one minute and one chunk. */
	if (m->n && by_key(&m->at[m->n - 1], minute) == 0)
		return;
	if (m->n == m->room) {
		m->room *= 2;
		m->at = mem_resize(m->at, m->room * sizeof *m->at);
	}
	m->at[m->n++] = *minute;
}

#define INSERT "INSERT INTO event_minutes (tenant_id, minute, chunk) "
static const char insert_minute[] = INSERT "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
static const char insert_minutes[] =
    INSERT "SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING";

/* What is left of repeats after that goes by sorting. */
static enum status write_noted(struct store_session *s, struct err *err)
{
	struct minutes *m = minutes_of(s);
	struct arena *arena = arena_new();
	struct row_list list;
	const struct row_list_plan plan = {insert_minute, insert_minutes, COLUMNS, m->n};
	row_list_begin(&list, s, &plan, arena);
	qsort(m->at, m->n, sizeof *m->at, by_key);
	for (size_t i = 0; i < m->n; i++) {
		if (i && by_key(&m->at[i - 1], &m->at[i]) == 0)
			continue;
		struct value *row = row_list_next(&list);
		row[0] = value_i64(m->at[i].tenant);
		row[1] = value_i64(m->at[i].minute);
		row[2] = value_i64(m->at[i].chunk);
	}
	m->n = 0;
	enum status status = row_list_end(&list, err);
	arena_free(&arena);
	return status;
}

static struct minutes *of_this_transaction(struct store_session *s)
{
	struct minutes *m = minutes_of(s);
	if (session_before_commit(s, write_noted))
		m->n = 0; /* left by one that was taken back */
	return m;
}

void event_minutes_note(struct store_session *s, const struct event *events, size_t count)
{
	struct minutes *m = of_this_transaction(s);
	for (size_t i = 0; i < count; i++)
		note(m, &(struct minute){events[i].tenant, events[i].occurred_us / EVENT_MINUTE_US,
					 (int64_t)(events[i].position >> EVENT_CHUNK_BITS)});
}

enum status event_minutes_settle(struct store_session *s, struct err *err)
{
	return session_in_transaction(s) && of_this_transaction(s)->n ? write_noted(s, err) : STATUS_OK;
}
