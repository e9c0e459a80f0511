/* SPDX-License-Identifier: Apache-2.0 */
/* Four gatherings, all in the arena of the transaction:
 *
 *   messages  by id; read on first use, saved at flush when touched
 *   events    a growing array, added in one call at flush
 *   daily     sums by (tenant, day, campaign, template, sender)
 *   settling  messages to look at again, each time once
 *   hourly    sums by (tenant, hour, kind, actor, campaign, template, sender)
 *
 * so that a thousand hits on one campaign cost one statement for its counters, not a thousand. A flush empties events
 * and sums and keeps the messages, which are clean then. Contacts' consent lives longer than a transaction (batch.h),
 * in an arena of its own. */
#include "engine/ledger/batch.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/wire.h"
#include "engine/ledger/queue_moves.h"

enum {
	KEY_MAX = 4096,       /* of a sum; ids are bounded far below where they come in */
	FIRST_EVENTS = 64,    /* the array doubles from here */
	CONTACTS_MAX = 65536, /* remembered consents */
	CONTACTS_MAX_AGE_US = 1000000,
};

struct cached_message {
	struct message message; /* first: callers hold a pointer to it */
	bool is_touched;
	struct cached_message *next_touched;
};

struct cached_consent {
	enum consent opens, clicks;
};

struct batch {
	struct store_session *session;
	const struct tenant_policies *policies;
	struct arena *arena;
	int64_t now_us;
	struct map *messages; /* id -> struct cached_message */
	struct cached_message *touched;
	struct event *events; /* on the heap, reused */
	size_t event_count, event_room;
	size_t events_written;
	struct map *daily;    /* key -> struct stats_daily */
	struct map *hourly;   /* key -> struct stats_hourly */
	struct map *settling; /* time and id -> struct settling */
	struct queue_moves *queue;
	char key[KEY_MAX];
	struct arena *contact_arena;
	struct map *contacts; /* tenant and id -> struct cached_consent */
	int64_t contacts_since_us;
};

struct batch *batch_new(struct store_session *session)
{
	struct batch *b = MEM_NEW(struct batch);
	b->session = session;
	b->arena = arena_new();
	b->messages = map_new();
	b->daily = map_new();
	b->hourly = map_new();
	b->settling = map_new();
	b->queue = queue_moves_new(session);
	b->event_room = FIRST_EVENTS;
	b->events = mem_alloc_array(b->event_room, sizeof *b->events);
	b->contact_arena = arena_new();
	b->contacts = map_new();
	return b;
}

void batch_free(struct batch **batch)
{
	struct batch *b = *batch;
	if (!b)
		return;
	map_free(&b->messages);
	map_free(&b->daily);
	map_free(&b->hourly);
	map_free(&b->settling);
	queue_moves_free(&b->queue);
	map_free(&b->contacts);
	arena_free(&b->contact_arena);
	arena_free(&b->arena);
	mem_free(b->events);
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

enum status batch_message(struct batch *batch, struct uuid id, struct message **ret, struct err *err)
{
	struct cached_message *cached = map_get(batch->messages, uuid_slice(&id));
	if (!cached) {
		cached = ARENA_NEW(batch->arena, struct cached_message);
		enum status status = store_message_find(batch->session, 0, id, batch->arena, &cached->message, err);
		if (status != STATUS_OK)
			return status;
		(void)map_put(batch->messages, uuid_slice(&id), cached);
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

static void remember(struct batch *batch, const struct message *message)
{
	struct cached_message *cached = ARENA_NEW(batch->arena, struct cached_message);
	cached->message = *message;
	(void)map_put(batch->messages, uuid_slice(&message->id), cached);
}

enum status batch_read_ahead(struct batch *batch, const struct uuid *ids, size_t count, struct err *err)
{
	struct uuid wanted[BATCH_READ_AHEAD];
	size_t n = 0;
	BUG_IF(count > BATCH_READ_AHEAD);
	for (size_t i = 0; i < count; i++)
		if (!map_get(batch->messages, uuid_slice(&ids[i])) && !is_among(ids[i], wanted, n))
			wanted[n++] = ids[i];
	if (n < 2)
		return STATUS_OK; /* nothing is gained */
	struct message *found = arena_alloc_array(batch->arena, n, sizeof *found);
	enum status status = store_message_find_all(batch->session, wanted, n, batch->arena, found, err);
	for (size_t i = 0; status == STATUS_OK && i < n; i++)
		if (!uuid_is_zero(found[i].id))
			remember(batch, &found[i]);
	return status;
}

void batch_touch(struct batch *batch, struct message *message)
{
	struct cached_message *cached = map_get(batch->messages, uuid_slice(&message->id));
	BUG_IF(!cached || &cached->message != message);
	if (cached->is_touched)
		return;
	cached->is_touched = true;
	cached->next_touched = batch->touched;
	batch->touched = cached;
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
	}
	return &batch->events[batch->event_count++];
}

static void keep_texts(struct arena *arena, struct event *e)
{
	struct slice *const texts[] = {&e->token,        &e->reasons,     &e->rules,         &e->destination_url,
				       &e->ip,           &e->user_agent,  &e->provider,      &e->remote_id,
				       &e->bounce_class, &e->bounce_code, &e->bounce_reason, &e->previous};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i]->n)
			*texts[i] = arena_copy(arena, *texts[i]);
}

static struct slice keep_id(struct batch *batch, struct slice id)
{
	return id.n ? arena_copy(batch->arena, id) : SLICE_EMPTY;
}

/* A message of this batch lives as long as its events; the texts of a caller's own must be copied. */
static bool is_cached(const struct batch *batch, const struct message *message)
{
	const struct cached_message *cached = map_get(batch->messages, uuid_slice(&message->id));
	return cached && &cached->message == message;
}

static struct event *add_event(struct batch *batch, const struct message *message, const struct event *event)
{
	struct event *e = new_event(batch);
	*e = *event;
	keep_texts(batch->arena, e);
	e->contact_id = e->metadata = SLICE_EMPTY;
	e->campaign_id = message->campaign_id;
	e->template_id = message->template_id;
	e->contact_category = message->contact_category;
	e->sequence_position = message->position;
	return e;
}

static void keep_message_texts(struct batch *batch, struct event *e)
{
	struct slice *const texts[] = {&e->contact_id, &e->campaign_id, &e->template_id, &e->contact_category,
				       &e->metadata};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = keep_id(batch, *texts[i]);
}

void batch_event_anonymous(struct batch *batch, const struct message *message, const struct event *event)
{
	struct event *e = add_event(batch, message, event);
	if (!is_cached(batch, message))
		keep_message_texts(batch, e);
}

void batch_event(struct batch *batch, const struct message *message, const struct event *event)
{
	struct event *e = add_event(batch, message, event);
	e->contact_id = message->contact_id;
	e->metadata = message->metadata;
	if (!is_cached(batch, message))
		keep_message_texts(batch, e);
}

const struct event *batch_gathered_events(const struct batch *batch, size_t *ret_count)
{
	*ret_count = batch->event_count;
	return batch->events;
}

bool batch_has_events_of(const struct batch *batch, struct uuid message)
{
	for (size_t i = batch->event_count; i > 0; i--)
		if (uuid_equal(batch->events[i - 1].message, message))
			return true;
	return false;
}

/* ---- Sums */

static void put_owner(struct buf *key, const struct message *message)
{
	wire_put_bytes(key, message->campaign_id);
	wire_put_bytes(key, message->template_id);
	wire_put_bytes(key, message->sender);
	BUG_IF(buf_failed(key)); /* ids were bounded when the message was accepted */
}

void batch_stat(struct batch *batch, const struct message *message, enum statistic stat, int64_t delta)
{
	struct buf key;
	BUG_IF(message->cohort_day == 0);
	buf_init_fixed(&key, batch->key, sizeof batch->key);
	wire_put_u32(&key, message->tenant);
	wire_put_u32(&key, (uint32_t)message->cohort_day);
	put_owner(&key, message);
	struct stats_daily *row = map_get(batch->daily, buf_slice(&key));
	if (!row) {
		row = ARENA_NEW(batch->arena, struct stats_daily);
		row->tenant = message->tenant;
		row->day = message->cohort_day;
		row->campaign_id = keep_id(batch, message->campaign_id);
		row->template_id = keep_id(batch, message->template_id);
		row->sender = keep_id(batch, message->sender);
		(void)map_put(batch->daily, buf_slice(&key), row);
	}
	row->values[stat] += delta;
}

static int64_t hour_of(int64_t time_us)
{
	return time_us / 3600000000;
}

void batch_stat_hourly(struct batch *batch, const struct message *message, int64_t time_us, enum hourly_kind kind,
		       uint8_t actor, int64_t delta)
{
	struct buf key;
	buf_init_fixed(&key, batch->key, sizeof batch->key);
	wire_put_u32(&key, message->tenant);
	wire_put_u64(&key, (uint64_t)hour_of(time_us));
	wire_put_u8(&key, (uint8_t)kind);
	wire_put_u8(&key, actor);
	put_owner(&key, message);
	struct stats_hourly *row = map_get(batch->hourly, buf_slice(&key));
	if (!row) {
		row = ARENA_NEW(batch->arena, struct stats_hourly);
		*row = (struct stats_hourly){
		    .tenant = message->tenant,
		    .hour = hour_of(time_us),
		    .kind = kind,
		    .actor = actor,
		    .campaign_id = keep_id(batch, message->campaign_id),
		    .template_id = keep_id(batch, message->template_id),
		    .sender = keep_id(batch, message->sender),
		};
		(void)map_put(batch->hourly, buf_slice(&key), row);
	}
	row->value += delta;
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

static enum status save_messages(struct batch *batch, struct err *err)
{
	while (batch->touched) {
		struct cached_message *cached = batch->touched;
		enum status status = store_message_save(batch->session, &cached->message, err);
		if (status != STATUS_OK)
			return status;
		cached->is_touched = false;
		batch->touched = cached->next_touched;
	}
	return STATUS_OK;
}

static enum status add_sums(struct batch *batch, struct err *err)
{
	enum status status = STATUS_OK;
	void *row;
	size_t cursor = 0;
	while (status == STATUS_OK && map_next(batch->daily, &cursor, NULL, &row))
		status = store_stats_daily_add(batch->session, row, err);
	cursor = 0;
	while (status == STATUS_OK && map_next(batch->hourly, &cursor, NULL, &row))
		status = store_stats_hourly_add(batch->session, row, err);
	cursor = 0;
	while (status == STATUS_OK && map_next(batch->settling, &cursor, NULL, &row))
		status = store_settling_add(batch->session, row, err);
	return status;
}

static void drop_gathered(struct batch *batch)
{
	batch->event_count = 0;
	map_clear(batch->daily);
	map_clear(batch->hourly);
	map_clear(batch->settling);
	queue_moves_clear(batch->queue);
}

enum status batch_flush(struct batch *batch, struct err *err)
{
	enum status status = save_messages(batch, err);
	if (status == STATUS_OK && batch->event_count)
		status = store_event_add(batch->session, batch->events, batch->event_count, err);
	if (status == STATUS_OK)
		status = add_sums(batch, err);
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
	map_clear(batch->messages);
}

void batch_reset(struct batch *batch, int64_t now_us)
{
	batch_forget(batch);
	arena_reset(batch->arena);
	batch->events_written = 0;
	batch->now_us = now_us;
	int64_t age_us = now_us - batch->contacts_since_us;
	if (age_us < 0 || age_us > CONTACTS_MAX_AGE_US) {
		batch_forget_contacts(batch);
		batch->contacts_since_us = now_us;
	}
}
