/* SPDX-License-Identifier: Apache-2.0 */
/* By reading events as they were and writing them as every event is written: what a row means is said in one place.
 * Positions stay, so a reader of the live stream goes on where it stopped. Not carried over are the token, which is
 * computed now, and the metadata, which was composed from the message: both come out the same. */
#include "store/events/event_carry.h"

#include "codec/judge/hit_signals.h"
#include "store/events/event_rows.h"

#define OLD_EVENTS                                                                                                     \
	"SELECT e.position, e.id, e.tenant_id, e.message_id, e.event_type, e.occurred_at, e.is_unique, "               \
	"e.is_duplicate, e.bot_filtered, e.actor, e.confidence_percent, e.settled, e.reasons, e.rules, e.link_index, " \
	"e.token, e.destination_url, e.ip, e.user_agent, e.provider, e.remote_id, e.bounce_class, e.bounce_code, "     \
	"e.bounce_reason, e.corrects, e.previous, e.signals, n.number, n.to_email, n.remote_id FROM email_events e "   \
	"LEFT JOIN messages_next n ON n.id = e.message_id WHERE e.position > $1 ORDER BY e.position LIMIT $2"

/* An actor is there exactly where an event was judged. */
static void read_verdict(struct rows *r, struct event *e)
{
	e->judged = !rows_is_null(r);
	e->actor = (enum actor)rows_i64(r);
	e->confidence_percent = (uint8_t)rows_i64(r);
	e->settled = rows_bool(r);
	e->reasons = rows_text(r);
	e->rules = rows_text(r);
}

static void read_rest(struct rows *r, struct event *e)
{
	e->link_index = (int32_t)rows_i64_or(r, -1);
	e->has_token = rows_text(r).n > 0;
	e->destination_url = rows_text(r);
	e->ip = rows_text(r);
	e->user_agent = rows_text(r);
	e->provider = rows_text(r);
	e->remote_id = rows_text(r);
	e->bounce_class = rows_text(r);
	e->bounce_code = rows_text(r);
	e->bounce_reason = rows_text(r);
	e->corrects = rows_uuid(r);
	e->previous = rows_text(r);
	e->signals = (uint16_t)rows_i64_or(r, HIT_SIGNALS_NOT_KEPT);
	e->message_number = (uint64_t)rows_i64(r);
	e->owner = rows_text(r);
	e->message_remote_id = rows_text(r);
}

/* A report's id is of the time of the message; by that it is told from those of a journal, and kept anyway. */
static enum status read_old(struct rows *r, struct event *e, struct err *err)
{
	e->position = (uint64_t)rows_i64(r);
	e->id = rows_uuid(r);
	e->tenant = (uint32_t)rows_i64(r);
	e->message = rows_uuid(r);
	bool known = event_type_parse(rows_text(r), &e->type);
	e->occurred_us = rows_time(r);
	e->is_unique = rows_bool(r);
	e->is_duplicate = rows_bool(r);
	e->bot_filtered = rows_bool(r);
	read_verdict(r, e);
	read_rest(r, e);
	e->has_own_id = e->judged && slice_starts_with(e->reasons, SLICE("provider:"));
	if (!known || e->actor >= ACTOR_COUNT)
		return err_set(err, STATUS_CORRUPT, "event %llu has an unknown type or actor",
			       (unsigned long long)e->position);
	return STATUS_OK;
}

/* The contact of the message comes along for the sake of erasures to come: it says whose the texts are. */
static enum status read_some(struct store_session *s, int64_t after, uint32_t rows, struct arena *arena,
			     struct growing *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open(&r, s, OLD_EVENTS, VALUES(value_i64(after), value_i64(rows)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while (status == STATUS_OK && (status = rows_next(&r, err)) == STATUS_OK)
		status = read_old(&r, growing_add(ret, arena, sizeof(struct event)), err);
	return rows_close(&r, status);
}

/* For telling how far it is. */
static enum status last_position(struct store_session *s, const char *sql, int64_t *ret, struct err *err)
{
	return rows_read_i64(s, sql, VALUES_NONE, ret, err);
}

enum status event_carry(struct store_session *s, uint32_t rows, struct batch_cursor *cursor, struct err *err)
{
	struct growing events = {0};
	struct arena *arena = arena_new();
	enum status status = STATUS_OK;
	if (!cursor->goal)
		status = last_position(s, "SELECT MAX(position) FROM email_events", &cursor->goal, err);
	if (status == STATUS_OK)
		status = read_some(s, cursor->at, rows, arena, &events, err);
	const struct event *at = events.items;
	if (status == STATUS_OK && events.n)
		status = event_months_ready(s, at, events.n, err);
	if (status == STATUS_OK && events.n)
		status = event_write(s, at, events.n, err);
	if (status == STATUS_OK && events.n)
		cursor->at = (int64_t)at[events.n - 1].position;
	arena_free(&arena);
	return status == STATUS_OK && !events.n ? STATUS_END : status;
}

/* See message_carry_clear. */
enum status event_carry_clear(struct store_session *s, uint32_t rows, struct batch_cursor *cursor, struct err *err)
{
	int64_t until = 0;
	enum status status = STATUS_OK;
	if (session_is_shared(s))
		return STATUS_END;
	if (!cursor->goal)
		status = last_position(s, "SELECT MAX(position) FROM email_events_before", &cursor->goal, err);
	if (status == STATUS_OK)
		status = last_position(s, "SELECT MIN(position) FROM email_events_before", &until, err);
	if (status != STATUS_OK)
		return status;
	if (!until)
		return STATUS_END;
	cursor->at = until + rows;
	return session_run(s, "DELETE FROM email_events_before WHERE position < $1", VALUES(value_i64(cursor->at)),
			   err);
}
