/* SPDX-License-Identifier: Apache-2.0 */
/* Gatherings of the transaction:
 *   events    a growing array, added in one call at flush; those of one message are linked, so that a question about
 *             one message does not look at the thousands around it
 *   sums      what they and the states of messages add up to (effects.h)
 *   repeats   of events that are written: how often each came again
 *   timers    what is to be done later, each once
 * A flush empties these and keeps the messages, which are clean then. Sums wait for the end of the transaction.
 *
 * Messages are read on first use and saved when touched. Where nobody else writes (batch_keep_messages) they outlive
 * the transaction; elsewhere another applier may count on the same ones next, so they are read again under a lock. */
#include "engine/ledger/batch.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/wire.h"
#include "engine/ledger/consent_memory.h"
#include "engine/ledger/effects.h"
#include "engine/ledger/message_memory.h"
#include "engine/ledger/queue_moves.h"
#include <stdlib.h>

enum {
	KEY_MAX = 64,
	FIRST_EVENTS = 64, /* the array doubles from here */
	NO_EVENT = UINT32_MAX,
};
/* In place of a position: an event of this batch, by its place in the array. No store gets that far. */
static const uint64_t GATHERED = UINT64_C(1) << 63;

/* What the array of events does not say. */
struct gathered {
	struct remembered_message *of; /* NULL: of no message of this batch */
	uint32_t before;               /* the event of that message before it; NO_EVENT: none */
	bool may_come_again;           /* the message remembers it */
};

/* An event that is written came again. */
struct repeated {
	uint32_t tenant;
	uint64_t position;
	uint32_t additional;
	int64_t last_us;
};

struct batch {
	struct store_session *session;
	const struct tenant_policies *policies;
	struct arena *arena;
	int64_t now_us;
	struct message_memory *messages;
	bool keeps_messages;
	struct remembered_message *touched;
	struct event *events; /* on the heap, reused, as the next */
	struct gathered *gathered;
	size_t event_count, event_room;
	uint64_t gathering; /* goes up when events are dropped */
	size_t events_written;
	struct sums *sums;
	struct map *timers; /* kind, time and key -> struct timer */
	int64_t first_timer_us;
	struct map *repeated; /* tenant and position -> struct repeated */
	struct queue_moves *queue;
	char key[KEY_MAX];
	struct consent_memory *consents;
};

struct batch *batch_new(struct store_session *session)
{
	struct batch *b = MEM_NEW(struct batch);
	b->session = session;
	b->arena = arena_new();
	b->messages = message_memory_new();
	b->sums = sums_new();
	b->timers = map_new();
	b->repeated = map_new();
	b->queue = queue_moves_new(session);
	b->event_room = FIRST_EVENTS;
	b->events = mem_alloc_array(b->event_room, sizeof *b->events);
	b->gathered = mem_alloc_array(b->event_room, sizeof *b->gathered);
	b->gathering = 1;
	b->consents = consent_memory_new();
	return b;
}

void batch_free(struct batch **batch)
{
	struct batch *b = *batch;
	if (!b)
		return;
	message_memory_free(&b->messages);
	sums_free(&b->sums);
	map_free(&b->timers);
	map_free(&b->repeated);
	queue_moves_free(&b->queue);
	consent_memory_free(&b->consents);
	arena_free(&b->arena);
	mem_free(b->events);
	mem_free(b->gathered);
	mem_free(b);
	*batch = NULL;
}

void batch_use_policies(struct batch *batch, const struct tenant_policies *policies)
{
	batch->policies = policies;
}

const struct tenant_policies *batch_policies(const struct batch *batch)
{
	return batch->policies;
}

struct store_session *batch_session(struct batch *batch)
{
	return batch->session;
}

struct arena *batch_arena(struct batch *batch)
{
	return batch->arena;
}

int64_t batch_now_us(const struct batch *batch)
{
	return batch->now_us;
}

size_t batch_event_count(const struct batch *batch)
{
	return batch->events_written;
}

struct sums *batch_sums(struct batch *batch)
{
	return batch->sums;
}

/* ---- Messages */

enum status batch_message(struct batch *batch, struct uuid id, struct message **ret, struct err *err)
{
	struct remembered_message *cached = message_memory_find(batch->messages, id);
	if (!cached) {
		struct message found;
		enum status status =
		    store_message_find(batch->session, 0, id, message_memory_arena(batch->messages), &found, err);
		if (status != STATUS_OK)
			return status;
		cached = message_memory_add(batch->messages, &found);
	}
	*ret = &cached->message;
	return STATUS_OK;
}

static bool is_called(const struct message *m, const struct remote_message *remote)
{
	bool is_through = slice_equal(m->provider, remote->provider) || slice_equal(m->provider, SLICE("smtp")) ||
			  slice_equal(m->provider, SLICE("external"));
	return is_through && slice_equal(m->remote_id, remote->remote_id) &&
	       (remote->tenant == 0 || m->tenant == remote->tenant);
}

/* What is not saved yet the store does not know. */
static struct message *touched_of_remote(const struct batch *batch, const struct remote_message *remote)
{
	for (struct remembered_message *c = batch->touched; c; c = c->next_touched)
		if (is_called(&c->message, remote))
			return &c->message;
	return NULL;
}

enum status batch_message_of_remote(struct batch *batch, const struct remote_message *remote, struct message **ret,
				    struct err *err)
{
	struct uuid id;
	struct message *found = touched_of_remote(batch, remote);
	if (found) {
		*ret = found;
		return STATUS_OK;
	}
	enum status status = store_message_find_remote(batch->session, remote->tenant, remote->remote_id, &id, err);
	if (status == STATUS_OK)
		status = batch_message(batch, id, &found, err);
	if (status != STATUS_OK)
		return status;
	if (!is_called(found, remote))
		return err_set(err, STATUS_NOT_FOUND, "there is no such message");
	*ret = found;
	return STATUS_OK;
}

/* The others come first in `ids`, each once; returns how many they are. */
static size_t unknown_of(const struct batch *batch, struct uuid *ids, size_t count)
{
	size_t n = 0;
	if (count)
		qsort(ids, count, sizeof *ids, uuid_order);
	for (size_t i = 0; i < count; i++)
		if (!(n && uuid_equal(ids[n - 1], ids[i])) && !message_memory_find(batch->messages, ids[i]))
			ids[n++] = ids[i];
	return n;
}

enum status batch_read_ahead(struct batch *batch, struct uuid *ids, size_t count, struct err *err)
{
	size_t n = unknown_of(batch, ids, count);
	if (n < 2)
		return STATUS_OK; /* nothing is gained */
	struct message *found = arena_alloc_array(batch->arena, n, sizeof *found);
	enum status status =
	    store_message_find_all(batch->session, ids, n, message_memory_arena(batch->messages), found, err);
	for (size_t i = 0; status == STATUS_OK && i < n; i++)
		if (!uuid_is_zero(found[i].id))
			(void)message_memory_add(batch->messages, &found[i]);
	return status;
}

static void touch(struct batch *batch, struct remembered_message *cached)
{
	if (cached->is_touched)
		return;
	cached->is_touched = true;
	cached->next_touched = batch->touched;
	batch->touched = cached;
}

void batch_touch(struct batch *batch, struct message *message)
{
	struct remembered_message *cached = message_memory_find(batch->messages, message->id);
	BUG_IF(!cached || &cached->message != message);
	touch(batch, cached);
}

/* ---- Consent of contacts */

void batch_change_contact(struct batch *batch, uint32_t tenant, const struct contact_consent *what)
{
	consent_memory_change(batch->consents, tenant, what);
}

void batch_forget_contacts(struct batch *batch)
{
	consent_memory_forget(batch->consents);
}

enum status batch_contact_consent(struct batch *batch, const struct message *message, enum consent *ret_opens,
				  enum consent *ret_clicks, struct err *err)
{
	struct remembered_consent found;
	enum status status = consent_memory_find(batch->consents, batch->session, message, &found, err);
	if (status != STATUS_OK)
		return status;
	*ret_opens = found.opens;
	*ret_clicks = found.clicks;
	return STATUS_OK;
}

/* ---- Events */

static struct event *new_event(struct batch *batch)
{
	if (batch->event_count == batch->event_room) {
		batch->event_room *= 2;
		batch->events = mem_resize(batch->events, batch->event_room * sizeof *batch->events);
		batch->gathered = mem_resize(batch->gathered, batch->event_room * sizeof *batch->gathered);
	}
	return &batch->events[batch->event_count++];
}

/* In one piece; most events have five. */
static void keep_texts(struct arena *arena, struct slice *const texts[], size_t count)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += texts[i]->n;
	char *to = arena_alloc(arena, size);
	for (size_t i = 0; i < count; i++) {
		size_t n = texts[i]->n;
		if (n)
			memcpy(to, texts[i]->p, n);
		*texts[i] = slice_of(to, n);
		to += n;
	}
}

static void keep_own_texts(struct arena *arena, struct event *e)
{
	struct slice *const texts[] = {&e->reasons,     &e->rules,         &e->destination_url, &e->ip,
				       &e->user_agent,  &e->provider,      &e->remote_id,       &e->bounce_class,
				       &e->bounce_code, &e->bounce_reason, &e->previous};
	keep_texts(arena, texts, sizeof texts / sizeof texts[0]);
}

static void keep_message_texts(struct arena *arena, struct event *e)
{
	struct slice *const texts[] = {&e->owner, &e->message_remote_id};
	keep_texts(arena, texts, sizeof texts / sizeof texts[0]);
}

/* A message of this batch lives as long as its events; the texts of a caller's own must be copied. */
static struct remembered_message *own_message(const struct batch *batch, const struct message *message)
{
	struct remembered_message *cached = message_memory_find(batch->messages, message->id);
	return cached && &cached->message == message ? cached : NULL;
}

static void link_event(struct batch *batch, struct remembered_message *cached)
{
	uint32_t at = (uint32_t)batch->event_count - 1;
	bool has_last = cached && cached->gathering == batch->gathering;
	batch->gathered[at] = (struct gathered){cached, has_last ? cached->last_event : NO_EVENT, false};
	if (!cached)
		return;
	cached->last_event = at;
	cached->gathering = batch->gathering;
}

void batch_event(struct batch *batch, const struct message *message, const struct event *event)
{
	struct remembered_message *cached = own_message(batch, message);
	struct event *e = new_event(batch);
	BUG_IF(!cached && effects_has(event->type) && event->type != EVENT_SENT); /* effects_accepted */
	*e = *event;
	keep_own_texts(batch->arena, e);
	e->message_number = message->number;
	e->owner = message->to_email.n ? message->to_email : message->contact_id;
	e->message_remote_id = message->remote_id;
	if (!cached)
		keep_message_texts(batch->arena, e);
	link_event(batch, cached);
}

const struct event *batch_last_event(const struct batch *batch, struct uuid message)
{
	const struct remembered_message *cached = message_memory_find(batch->messages, message);
	return cached && cached->gathering == batch->gathering ? &batch->events[cached->last_event] : NULL;
}

const struct event *batch_event_before(const struct batch *batch, const struct event *event)
{
	uint32_t before = batch->gathered[event - batch->events].before;
	return before == NO_EVENT ? NULL : &batch->events[before];
}

/* ---- Repeats */

static void count_repeat(struct event *event, uint32_t times, int64_t time_us)
{
	event->repeats += times;
	event->last_repeat_us = time_us;
}

static void repeat_written(struct batch *batch, const struct message *message, const struct recent_hit *hit,
			   uint32_t times)
{
	uint64_t key[2] = {message->tenant, hit->position};
	struct repeated *r = map_get(batch->repeated, slice_of(key, sizeof key));
	if (!r) {
		r = ARENA_NEW(batch->arena, struct repeated);
		*r = (struct repeated){.tenant = message->tenant, .position = hit->position};
		(void)map_put(batch->repeated, slice_of(key, sizeof key), r);
	}
	r->additional += times;
	r->last_us = hit->time_us;
}

void batch_remember_hit(struct batch *batch, struct message *message, uint64_t key)
{
	struct remembered_message *cached = own_message(batch, message);
	struct message_counters *c = &message->counters;
	BUG_IF(!cached || cached->gathering != batch->gathering || c->recent_count == RECENT_HITS_MAX);
	c->recent[c->recent_count++] = (struct recent_hit){
	    .key = key,
	    .time_us = batch->events[cached->last_event].occurred_us,
	    .position = GATHERED | cached->last_event,
	};
	batch->gathered[cached->last_event].may_come_again = true;
	touch(batch, cached);
}

void batch_repeat(struct batch *batch, struct message *message, struct recent_hit *hit, uint32_t times, int64_t time_us)
{
	/* One that came in the wrong order does not make the last time an earlier one. */
	hit->time_us = time_us > hit->time_us ? time_us : hit->time_us;
	if (hit->position & GATHERED)
		count_repeat(&batch->events[hit->position & ~GATHERED], times, hit->time_us);
	else
		repeat_written(batch, message, hit, times);
	batch_touch(batch, message);
}

/* Now that events have positions. One that its message remembers no longer is passed over. */
static void note_positions(struct batch *batch)
{
	for (size_t i = 0; i < batch->event_count; i++) {
		const struct gathered *g = &batch->gathered[i];
		struct message_counters *c = g->may_come_again ? &g->of->message.counters : NULL;
		for (size_t k = 0; c && k < c->recent_count; k++)
			if (c->recent[k].position == (GATHERED | i))
				c->recent[k].position = batch->events[i].position;
	}
}

static enum status write_repeats(struct batch *batch, struct err *err)
{
	enum status status = STATUS_OK;
	void *row;
	size_t cursor = 0;
	while (status == STATUS_OK && map_next(batch->repeated, &cursor, NULL, &row)) {
		const struct repeated *r = row;
		status = store_event_repeat(batch->session, r->tenant, r->position, r->additional, r->last_us, err);
	}
	return status;
}

struct queue_moves *batch_queue_moves(struct batch *batch)
{
	return batch->queue;
}

/* ---- Timers */

void batch_set_timer(struct batch *batch, const struct timer *timer)
{
	struct buf key;
	buf_init_fixed(&key, batch->key, sizeof batch->key);
	wire_put_u64(&key, (uint64_t)timer->due_us);
	wire_put_u8(&key, (uint8_t)timer->kind);
	buf_append(&key, timer->key);
	if (map_get(batch->timers, buf_slice(&key)))
		return;
	struct timer *kept = ARENA_NEW(batch->arena, struct timer);
	*kept = *timer;
	kept->key = arena_copy(batch->arena, timer->key);
	(void)map_put(batch->timers, buf_slice(&key), kept);
	if (!batch->first_timer_us || timer->due_us < batch->first_timer_us)
		batch->first_timer_us = timer->due_us;
}

int64_t batch_first_timer_us(const struct batch *batch)
{
	return batch->first_timer_us;
}

/* ---- Writing */

/* In the order in which they came: the first that counts is unique. */
static void move_numbers(struct batch *batch)
{
	for (size_t i = 0; i < batch->event_count; i++) {
		struct remembered_message *of = batch->gathered[i].of;
		if (!of || !effects_has(batch->events[i].type))
			continue;
		effects_add(batch->sums, &of->message, &batch->events[i]);
		touch(batch, of);
	}
	for (struct remembered_message *c = batch->touched; c; c = c->next_touched)
		effects_saved(batch->sums, &c->message, &c->saved);
}

/* Texts that it was given live in the arena of the transaction; the message may live longer. */
static void keep_given_texts(struct batch *batch, struct remembered_message *cached)
{
	struct message *m = &cached->message;
	if (m->remote_id.p != cached->saved.remote_id.p)
		m->remote_id = arena_copy(message_memory_arena(batch->messages), m->remote_id);
	if (m->error.p != cached->saved.error.p)
		m->error = arena_copy(message_memory_arena(batch->messages), m->error);
}

static enum status save_touched(struct batch *batch, struct err *err)
{
	size_t n = 0;
	for (const struct remembered_message *c = batch->touched; c; c = c->next_touched)
		n++;
	const struct message **moved = arena_alloc_array(batch->arena, 2 * n, sizeof *moved);
	const struct message **counted = moved + n;
	size_t moved_count = 0;
	size_t counted_count = 0;
	for (const struct remembered_message *c = batch->touched; c; c = c->next_touched) {
		if (remembered_message_moved(c))
			moved[moved_count++] = &c->message;
		if (remembered_message_counted(c))
			counted[counted_count++] = &c->message;
	}
	enum status status =
	    store_message_save_deliveries(batch->session, &(struct message_list){moved, moved_count}, err);
	if (status == STATUS_OK)
		status = store_message_save_all_counters(batch->session, &(struct message_list){counted, counted_count},
							 err);
	return status;
}

static enum status save_messages(struct batch *batch, struct err *err)
{
	if (!batch->touched)
		return STATUS_OK;
	enum status status = save_touched(batch, err);
	for (struct remembered_message *c = batch->touched; status == STATUS_OK && c; c = batch->touched) {
		keep_given_texts(batch, c);
		c->saved = c->message;
		c->is_touched = false;
		batch->touched = c->next_touched;
	}
	return status;
}

static enum status add_timers(struct batch *batch, struct err *err)
{
	void *row;
	size_t cursor = 0, count = 0;
	if (!map_count(batch->timers))
		return STATUS_OK;
	const struct timer **timers = arena_alloc_array(batch->arena, map_count(batch->timers), sizeof *timers);
	while (map_next(batch->timers, &cursor, NULL, &row))
		timers[count++] = row;
	return store_timer_add_all(batch->session, timers, count, err);
}

static void drop_gathered(struct batch *batch)
{
	batch->event_count = 0;
	batch->gathering++;
	map_clear(batch->timers);
	map_clear(batch->repeated);
	queue_moves_clear(batch->queue);
}

/* Events come first, because they get their positions by it, which the messages then remember. */
enum status batch_flush(struct batch *batch, struct err *err)
{
	enum status status = STATUS_OK;
	move_numbers(batch);
	if (batch->event_count)
		status = store_event_add(batch->session, batch->events, batch->event_count, err);
	note_positions(batch);
	if (status == STATUS_OK)
		status = save_messages(batch, err);
	if (status == STATUS_OK)
		status = write_repeats(batch, err);
	if (status == STATUS_OK)
		status = sums_flush(batch->sums, batch->session, err);
	if (status == STATUS_OK)
		status = add_timers(batch, err);
	if (status == STATUS_OK)
		status = queue_moves_flush(batch->queue, err);
	if (status != STATUS_OK)
		return status;
	batch->events_written += batch->event_count;
	drop_gathered(batch);
	return STATUS_OK;
}

void batch_keep(struct batch *batch)
{
	sums_keep(batch->sums);
}

enum status batch_finish(struct batch *batch, struct err *err)
{
	enum status status = batch_flush(batch, err);
	batch_keep(batch);
	return status == STATUS_OK ? sums_write(batch->sums, batch->session, err) : status;
}

void batch_forget(struct batch *batch)
{
	drop_gathered(batch);
	sums_forget(batch->sums);
	batch->touched = NULL;
	batch->keeps_messages = false;
	message_memory_forget(batch->messages);
}

void batch_keep_messages(struct batch *batch)
{
	batch->keeps_messages = true;
}

void batch_reset(struct batch *batch, int64_t now_us)
{
	drop_gathered(batch);
	sums_clear(batch->sums);
	batch->touched = NULL;
	if (batch->keeps_messages)
		message_memory_age(batch->messages);
	else
		message_memory_clear(batch->messages);
	batch->keeps_messages = false;
	arena_reset(batch->arena);
	batch->events_written = 0;
	batch->first_timer_us = 0;
	batch->now_us = now_us;
	consent_memory_age(batch->consents, batch->session, now_us);
}
