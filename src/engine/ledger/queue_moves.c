/* SPDX-License-Identifier: Apache-2.0 */
/* A list and the set of its messages. store_queue_end_attempts takes each message once, because a statement over a list
 * changes a row once; two outcomes of one message in a batch (it was refused and tried again within 10 ms) are written
 * one after the other. */
#include "engine/ledger/queue_moves.h"

#include "base/map.h"
#include "base/mem.h"

enum { FIRST_ROOM = 64 };

struct queue_moves {
	struct store_session *session;
	struct arena *arena; /* of the texts */
	struct queue_outcome *outcomes;
	size_t count, room;
	struct map *messages; /* id -> anything: it is among them */
};

struct queue_moves *queue_moves_new(struct store_session *session)
{
	struct queue_moves *m = MEM_NEW(struct queue_moves);
	m->session = session;
	m->arena = arena_new();
	m->messages = map_new();
	m->room = FIRST_ROOM;
	m->outcomes = mem_alloc_array(m->room, sizeof *m->outcomes);
	return m;
}

void queue_moves_free(struct queue_moves **moves)
{
	struct queue_moves *m = *moves;
	*moves = NULL;
	if (!m)
		return;
	map_free(&m->messages);
	arena_free(&m->arena);
	mem_free(m->outcomes);
	mem_free(m);
}

void queue_moves_clear(struct queue_moves *m)
{
	if (m->count == 0)
		return;
	m->count = 0;
	map_clear(m->messages);
	arena_reset(m->arena);
}

enum status queue_moves_flush(struct queue_moves *m, struct err *err)
{
	if (m->count == 0)
		return STATUS_OK;
	enum status status = store_queue_end_attempts(m->session, m->outcomes, m->count, err);
	queue_moves_clear(m);
	return status;
}

enum status queue_moves_before(struct queue_moves *m, struct uuid message, struct err *err)
{
	return map_get(m->messages, uuid_slice(&message)) ? queue_moves_flush(m, err) : STATUS_OK;
}

enum status queue_moves_add(struct queue_moves *m, const struct queue_outcome *outcome, struct err *err)
{
	enum status status = queue_moves_before(m, outcome->message, err);
	if (status != STATUS_OK)
		return status;
	if (m->count == m->room) {
		m->room *= 2;
		m->outcomes = mem_resize(m->outcomes, m->room * sizeof *m->outcomes);
	}
	m->outcomes[m->count] = *outcome;
	m->outcomes[m->count].error = arena_copy(m->arena, outcome->error);
	m->count++;
	(void)map_put(m->messages, uuid_slice(&outcome->message), m);
	return STATUS_OK;
}
