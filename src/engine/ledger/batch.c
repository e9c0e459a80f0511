/* SPDX-License-Identifier: Apache-2.0 */
/* Gatherings of the transaction:
 *
 *   events    a growing array, added in one call at flush; those of one message are linked, so that a question about
 *             one message does not look at the thousands around it
 *   sums      what they and the states of messages add up to, moved at flush (effects.h)
 *   repeats   of events that are written: how often each came again
 *   settling  messages to look at again, each time once
 *
 * A flush empties these and keeps the messages, which are clean then.
 *
 * Messages are in memory by id, read on first use and saved at flush when touched. Reading one costs as much as all
 * else of a hit, and the hits of a message come near each other: so in a store of our own (batch_keep_messages) they
 * outlive the transaction, in two generations. When the young one is full it becomes the old one and the old one is
 * dropped, only ever between transactions, because callers hold pointers within one. A message keeps its place, so one
 * that is used all the time is read again once in a while; that is cheaper than moving it.
 *
 * Contacts' consent lives longer than a transaction too (batch.h), in an arena of its own. */
#include "engine/ledger/batch.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/wire.h"
#include "engine/ledger/effects.h"
#include "engine/ledger/queue_moves.h"

enum {
	KEY_MAX = 4096,             /* of a contact; ids are bounded far below where they come in */
	FIRST_EVENTS = 64,          /* the array doubles from here */
	MESSAGES_YOUNG_MAX = 8192,  /* of a generation; each takes about a kilobyte, and there is a … */
	YOUNG_BYTES_MAX = 16 << 20, /* … bound for those that take more */
	CONTACTS_MAX = 65536,       /* remembered consents */
	CONTACTS_MAX_AGE_US = 1000000,
	NO_EVENT = UINT32_MAX,
};
/* In place of a position: an event of this batch, by its place in the array. No store gets that far. */
static const uint64_t GATHERED = UINT64_C(1) << 63;

struct cached_message {
	struct message message; /* first: callers hold a pointer to it */
	struct message saved;   /* as the store has it: which half is to be written, and which numbers move */
	bool is_touched;
	struct cached_message *next_touched;
	uint32_t last_event; /* gathered; good while `gathering` is the batch's */
	uint64_t gathering;
};

/* What the array of events does not say. */
struct gathered {
	struct cached_message *of; /* NULL: of no message of this batch */
	uint32_t before;           /* the event of that message before it; NO_EVENT: none */
	bool may_come_again;       /* the message remembers it */
};

/* An event that is written came again. */
struct repeated {
	uint32_t tenant;
	uint64_t position;
	uint32_t additional;
	int64_t last_us;
};

struct generation {
	struct map *messages; /* id -> struct cached_message */
	struct arena *arena;  /* of them and their texts */
};

struct cached_consent {
	enum consent opens, clicks;
};

struct batch {
	struct store_session *session;
	const struct tenant_policies *policies;
	struct arena *arena;
	int64_t now_us;
	struct generation young, old;
	bool keeps_messages;
	struct cached_message *touched;
	struct event *events; /* on the heap, reused, as the next */
	struct gathered *gathered;
	size_t event_count, event_room;
	uint64_t gathering; /* goes up when events are dropped */
	size_t events_written;
	struct sums *sums;
	struct map *settling; /* time and id -> struct settling */
	struct map *repeated; /* tenant and position -> struct repeated */
	struct queue_moves *queue;
	char key[KEY_MAX];
	struct arena *contact_arena;
	struct map *contacts; /* tenant and id -> struct cached_consent */
	int64_t contacts_since_us;
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

struct batch *batch_new(struct store_session *session)
{
	struct batch *b = MEM_NEW(struct batch);
	b->session = session;
	b->arena = arena_new();
	b->young = generation_new();
	b->old = generation_new();
	b->sums = sums_new();
	b->settling = map_new();
	b->repeated = map_new();
	b->queue = queue_moves_new(session);
	b->event_room = FIRST_EVENTS;
	b->events = mem_alloc_array(b->event_room, sizeof *b->events);
	b->gathered = mem_alloc_array(b->event_room, sizeof *b->gathered);
	b->gathering = 1;
	b->contact_arena = arena_new();
	b->contacts = map_new();
	return b;
}

void batch_free(struct batch **batch)
{
	struct batch *b = *batch;
	if (!b)
		return;
	generation_free(&b->young);
	generation_free(&b->old);
	sums_free(&b->sums);
	map_free(&b->settling);
	map_free(&b->repeated);
	queue_moves_free(&b->queue);
	map_free(&b->contacts);
	arena_free(&b->contact_arena);
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

static struct cached_message *find_cached(const struct batch *batch, struct uuid id)
{
	struct cached_message *cached = map_get(batch->young.messages, uuid_slice(&id));
	return cached ? cached : map_get(batch->old.messages, uuid_slice(&id));
}

static struct cached_message *remember(struct batch *batch, const struct message *message)
{
	struct cached_message *cached = ARENA_NEW(batch->young.arena, struct cached_message);
	cached->message = cached->saved = *message;
	(void)map_put(batch->young.messages, uuid_slice(&message->id), cached);
	return cached;
}

enum status batch_message(struct batch *batch, struct uuid id, struct message **ret, struct err *err)
{
	struct cached_message *cached = find_cached(batch, id);
	if (!cached) {
		struct message found;
		enum status status = store_message_find(batch->session, 0, id, batch->young.arena, &found, err);
		if (status != STATUS_OK)
			return status;
		cached = remember(batch, &found);
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
	for (struct cached_message *c = batch->touched; c; c = c->next_touched)
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

static bool is_among(struct uuid id, const struct uuid *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (uuid_equal(ids[i], id))
			return true;
	return false;
}

enum status batch_read_ahead(struct batch *batch, const struct uuid *ids, size_t count, struct err *err)
{
	struct uuid wanted[BATCH_READ_AHEAD];
	size_t n = 0;
	BUG_IF(count > BATCH_READ_AHEAD);
	for (size_t i = 0; i < count; i++)
		if (!find_cached(batch, ids[i]) && !is_among(ids[i], wanted, n))
			wanted[n++] = ids[i];
	if (n < 2)
		return STATUS_OK; /* nothing is gained */
	struct message *found = arena_alloc_array(batch->arena, n, sizeof *found);
	enum status status = store_message_find_all(batch->session, wanted, n, batch->young.arena, found, err);
	for (size_t i = 0; status == STATUS_OK && i < n; i++)
		if (!uuid_is_zero(found[i].id))
			(void)remember(batch, &found[i]);
	return status;
}

static void touch(struct batch *batch, struct cached_message *cached)
{
	if (cached->is_touched)
		return;
	cached->is_touched = true;
	cached->next_touched = batch->touched;
	batch->touched = cached;
}

void batch_touch(struct batch *batch, struct message *message)
{
	struct cached_message *cached = find_cached(batch, message->id);
	BUG_IF(!cached || &cached->message != message);
	touch(batch, cached);
}

/* ---- Consent of contacts */

void batch_forget_contacts(struct batch *batch)
{
	if (map_count(batch->contacts) == 0)
		return;
	map_clear(batch->contacts);
	arena_reset(batch->contact_arena);
}

static enum status read_consent(struct batch *batch, const struct message *message, struct cached_consent *ret,
				struct err *err)
{
	struct contact contact = {0};
	enum status status =
	    store_contact_find(batch->session, message->tenant, message->contact_id, batch->arena, &contact, err);
	if (status == STATUS_NOT_FOUND)
		*ret = (struct cached_consent){CONSENT_FULL, CONSENT_FULL};
	else if (status != STATUS_OK)
		return status;
	else
		*ret = (struct cached_consent){contact.opens, contact.clicks};
	return STATUS_OK;
}

enum status batch_contact_consent(struct batch *batch, const struct message *message, enum consent *ret_opens,
				  enum consent *ret_clicks, struct err *err)
{
	struct buf key;
	buf_init_fixed(&key, batch->key, sizeof batch->key);
	wire_put_varint(&key, message->tenant);
	buf_append(&key, message->contact_id);
	struct cached_consent *cached = map_get(batch->contacts, buf_slice(&key));
	if (!cached) {
		struct cached_consent found;
		enum status status = read_consent(batch, message, &found, err);
		if (status != STATUS_OK)
			return status;
		if (map_count(batch->contacts) >= CONTACTS_MAX)
			batch_forget_contacts(batch);
		cached = ARENA_NEW(batch->contact_arena, struct cached_consent);
		*cached = found;
		(void)map_put(batch->contacts, buf_slice(&key), cached);
	}
	*ret_opens = cached->opens;
	*ret_clicks = cached->clicks;
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
static struct cached_message *own_message(const struct batch *batch, const struct message *message)
{
	struct cached_message *cached = find_cached(batch, message->id);
	return cached && &cached->message == message ? cached : NULL;
}

static void link_event(struct batch *batch, struct cached_message *cached)
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
	struct cached_message *cached = own_message(batch, message);
	struct event *e = new_event(batch);
	BUG_IF(!cached && effects_has(event->type) && event->type != EVENT_SENT); /* effects_accepted */
	*e = *event;
	keep_own_texts(batch->arena, e);
	e->message_number = message->number;
	e->owner = message->contact_id;
	e->message_remote_id = message->remote_id;
	if (!cached)
		keep_message_texts(batch->arena, e);
	link_event(batch, cached);
}

const struct event *batch_last_event(const struct batch *batch, struct uuid message)
{
	const struct cached_message *cached = find_cached(batch, message);
	return cached && cached->gathering == batch->gathering ? &batch->events[cached->last_event] : NULL;
}

const struct event *batch_event_before(const struct batch *batch, const struct event *event)
{
	uint32_t before = batch->gathered[event - batch->events].before;
	return before == NO_EVENT ? NULL : &batch->events[before];
}

/* ---- Repeats */

static void count_repeat(struct event *event, int64_t time_us)
{
	event->repeats++;
	event->last_repeat_us = time_us;
}

static void repeat_written(struct batch *batch, const struct message *message, uint64_t position, int64_t time_us)
{
	uint64_t key[2] = {message->tenant, position};
	struct repeated *r = map_get(batch->repeated, slice_of(key, sizeof key));
	if (!r) {
		r = ARENA_NEW(batch->arena, struct repeated);
		*r = (struct repeated){.tenant = message->tenant, .position = position};
		(void)map_put(batch->repeated, slice_of(key, sizeof key), r);
	}
	r->additional++;
	r->last_us = time_us;
}

void batch_remember_hit(struct batch *batch, struct message *message, uint64_t key)
{
	struct cached_message *cached = own_message(batch, message);
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

void batch_repeat(struct batch *batch, struct message *message, struct recent_hit *hit, int64_t time_us)
{
	/* One that came in the wrong order does not make the last time an earlier one. */
	hit->time_us = time_us > hit->time_us ? time_us : hit->time_us;
	if (hit->position & GATHERED)
		count_repeat(&batch->events[hit->position & ~GATHERED], hit->time_us);
	else
		repeat_written(batch, message, hit->position, hit->time_us);
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

/* ---- Settling */

void batch_settle_later(struct batch *batch, struct uuid message, int64_t occurred_us)
{
	struct buf key;
	struct settling settling = {settling_due_us(occurred_us), message};
	buf_init_fixed(&key, batch->key, sizeof batch->key);
	wire_put_u64(&key, (uint64_t)settling.due_us);
	buf_append(&key, uuid_slice(&message));
	if (map_get(batch->settling, buf_slice(&key)))
		return;
	struct settling *kept = ARENA_NEW(batch->arena, struct settling);
	*kept = settling;
	(void)map_put(batch->settling, buf_slice(&key), kept);
}

/* ---- Writing */

/* In the order in which they came: the first that counts is unique. */
static void move_numbers(struct batch *batch)
{
	for (size_t i = 0; i < batch->event_count; i++) {
		struct cached_message *of = batch->gathered[i].of;
		if (!of || !effects_has(batch->events[i].type))
			continue;
		effects_add(batch->sums, &of->message, &batch->events[i]);
		touch(batch, of);
	}
	for (struct cached_message *c = batch->touched; c; c = c->next_touched)
		effects_state(batch->sums, &c->message, c->saved.state);
}

static bool has_moved(const struct message *now, const struct message *saved)
{
	return now->state != saved->state || now->send_at_us != saved->send_at_us || now->sent_us != saved->sent_us ||
	       now->delivered_us != saved->delivered_us || now->cohort_day != saved->cohort_day ||
	       now->attempts != saved->attempts || !slice_equal(now->remote_id, saved->remote_id) ||
	       !slice_equal(now->error, saved->error);
}

static bool has_counted(const struct message *now, const struct message *saved)
{
	return now->reported_us != saved->reported_us ||
	       memcmp(&now->counters, &saved->counters, sizeof now->counters) != 0;
}

/* Texts that it was given live in the arena of the transaction; the message may live longer. */
static void keep_given_texts(struct batch *batch, struct cached_message *cached)
{
	struct message *m = &cached->message;
	if (m->remote_id.p != cached->saved.remote_id.p)
		m->remote_id = arena_copy(batch->young.arena, m->remote_id);
	if (m->error.p != cached->saved.error.p)
		m->error = arena_copy(batch->young.arena, m->error);
}

static enum status save_message(struct batch *batch, struct cached_message *cached, struct err *err)
{
	enum status status = STATUS_OK;
	if (has_moved(&cached->message, &cached->saved))
		status = store_message_save_delivery(batch->session, &cached->message, err);
	if (status == STATUS_OK && has_counted(&cached->message, &cached->saved))
		status = store_message_save_counters(batch->session, &cached->message, err);
	if (status != STATUS_OK)
		return status;
	keep_given_texts(batch, cached);
	cached->saved = cached->message;
	return STATUS_OK;
}

static enum status save_messages(struct batch *batch, struct err *err)
{
	while (batch->touched) {
		struct cached_message *cached = batch->touched;
		enum status status = save_message(batch, cached, err);
		if (status != STATUS_OK)
			return status;
		cached->is_touched = false;
		batch->touched = cached->next_touched;
	}
	return STATUS_OK;
}

static enum status add_settling(struct batch *batch, struct err *err)
{
	enum status status = STATUS_OK;
	void *row;
	size_t cursor = 0;
	while (status == STATUS_OK && map_next(batch->settling, &cursor, NULL, &row))
		status = store_settling_add(batch->session, row, err);
	return status;
}

static void drop_gathered(struct batch *batch)
{
	batch->event_count = 0;
	batch->gathering++;
	sums_clear(batch->sums);
	map_clear(batch->settling);
	map_clear(batch->repeated);
	queue_moves_clear(batch->queue);
}

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
		status = sums_write(batch->sums, batch->session, err);
	if (status == STATUS_OK)
		status = add_settling(batch, err);
	if (status == STATUS_OK)
		status = queue_moves_flush(batch->queue, err);
	if (status != STATUS_OK)
		return status;
	batch->events_written += batch->event_count;
	drop_gathered(batch);
	return STATUS_OK;
}

void batch_forget(struct batch *batch)
{
	drop_gathered(batch);
	batch->touched = NULL;
	batch->keeps_messages = false;
	/* Their arenas stay until the transaction is over: callers still hold what they were told. */
	map_clear(batch->young.messages);
	map_clear(batch->old.messages);
}

void batch_keep_messages(struct batch *batch)
{
	batch->keeps_messages = true;
}

static void age_messages(struct batch *batch)
{
	struct generation dropped = batch->old;
	if (map_count(batch->young.messages) < MESSAGES_YOUNG_MAX && arena_used(batch->young.arena) < YOUNG_BYTES_MAX)
		return;
	generation_clear(&dropped);
	batch->old = batch->young;
	batch->young = dropped;
}

static void forget_messages(struct batch *batch)
{
	batch->touched = NULL;
	generation_clear(&batch->young);
	generation_clear(&batch->old);
}

void batch_reset(struct batch *batch, int64_t now_us)
{
	drop_gathered(batch);
	if (batch->keeps_messages)
		age_messages(batch);
	else
		forget_messages(batch);
	batch->keeps_messages = false;
	arena_reset(batch->arena);
	batch->events_written = 0;
	batch->now_us = now_us;
	int64_t age_us = now_us - batch->contacts_since_us;
	if (age_us < 0 || age_us > CONTACTS_MAX_AGE_US) {
		batch_forget_contacts(batch);
		batch->contacts_since_us = now_us;
	}
}
