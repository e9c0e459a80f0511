/* SPDX-License-Identifier: Apache-2.0 */
/* Old events go. A step finds out how far it reaches, by the key of the events alone, and then deletes what of that
 * stretch is old: rows, their details and the minutes that are behind it now. What is deleted lies together, so that a
 * step rewrites few pages. The time is asked for again, row by row: position tells when an event was written, not when
 * it occurred.
 *
 * Texts that nobody uses any more go along the way, a few numbers of the dictionary with each step: there is no better
 * moment, because nothing but this makes them useless. */
#include "store/events/events.h"

#include "store/core/session.h"
#include "store/events/dictionary.h"
#include "store/events/event_flags.h"

/* Late events (a provider's report of days ago) are in old minutes, too; one alone would mislead. */
#define NEIGHBOURS "1000"

enum { DAY_MINUTES = 1440 };

struct stretch {
	uint64_t last_position; /* 0: there is nothing */
	int64_t newest_us;
};

static enum status find_end(struct store_session *s, const struct event_walk *walk, struct stretch *ret,
			    struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(
	    &r, s,
	    "SELECT MAX(p.position), MAX(p.occurred_at) FROM (SELECT position, occurred_at FROM events WHERE "
	    "tenant_id = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4) p",
	    VALUES(value_i64(walk->tenant), value_i64((int64_t)walk->after_position),
		   value_i64((int64_t)walk->through_position), value_i64(walk->limit)),
	    err);
	if (status != STATUS_OK)
		return status;
	ret->last_position = (uint64_t)rows_i64(&r);
	ret->newest_us = rows_time(&r);
	return rows_close(&r, STATUS_OK);
}

/* Minutes all of whose events are old, in chunks that are behind the walk. What is left of older ones is of events that
 * came late: their chunks are still ahead. */
static enum status prune_minutes(struct store_session *s, const struct event_walk *walk, const struct stretch *stretch,
				 struct err *err)
{
	int64_t newest_us =
	    stretch->newest_us < walk->before_us ? stretch->newest_us : walk->before_us - EVENT_MINUTE_US;
	int64_t minute = newest_us / EVENT_MINUTE_US;
	int64_t before = walk->before_us / EVENT_MINUTE_US;
	return session_run(
	    s, "DELETE FROM event_minutes WHERE tenant_id = $1 AND minute <= $2 AND minute < $3 AND chunk < $4",
	    VALUES(value_i64(walk->tenant), value_i64(minute), value_i64(before),
		   value_i64((int64_t)((stretch->last_position + 1) >> EVENT_CHUNK_BITS))),
	    err);
}

static enum status prune_rows(struct store_session *s, const struct event_walk *walk, const struct stretch *stretch,
			      uint64_t *ret_count, struct err *err)
{
	const struct values in = VALUES(value_i64(walk->tenant), value_i64((int64_t)walk->after_position),
					value_i64((int64_t)stretch->last_position), value_time(walk->before_us));
	enum status status = session_run(s,
					 "DELETE FROM event_details WHERE tenant_id = $1 AND position > $2 AND "
					 "position <= $3 AND occurred_at < $4",
					 in, err);
	if (status == STATUS_OK)
		status = session_run_counted(s,
					     "DELETE FROM events WHERE tenant_id = $1 AND position > $2 AND "
					     "position <= $3 AND occurred_at < $4",
					     in, ret_count, err);
	return status;
}

static enum status prune_some(struct store_session *s, const struct event_walk *walk, struct event_walked *ret,
			      struct err *err)
{
	struct stretch stretch = {0};
	struct event_walked walked = {0, 0};
	int32_t before_day = (int32_t)(walk->before_us / EVENT_MINUTE_US / DAY_MINUTES);
	enum status status = find_end(s, walk, &stretch, err);
	walked.last_position = stretch.last_position;
	if (status == STATUS_OK && stretch.last_position)
		status = prune_rows(s, walk, &stretch, &walked.count, err);
	if (status == STATUS_OK && stretch.last_position)
		status = prune_minutes(s, walk, &stretch, err);
	if (status == STATUS_OK)
		status = dictionary_prune(s, before_day, walk->limit, err);
	if (status == STATUS_OK)
		*ret = walked;
	return status;
}

enum status store_event_prune(struct store_session *s, const struct event_walk *walk, struct event_walked *ret,
			      struct err *err)
{
	bool own;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	return session_atomic_end(s, own, prune_some(s, walk, ret, err), err);
}

enum status store_event_prune_count(struct store_session *s, const struct event_walk *walk, struct event_walked *ret,
				    struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(
	    &r, s,
	    "SELECT MAX(p.position), COUNT(CASE WHEN p.occurred_at < $5 THEN 1 END) FROM (SELECT position, occurred_at "
	    "FROM events WHERE tenant_id = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4) p",
	    VALUES(value_i64(walk->tenant), value_i64((int64_t)walk->after_position),
		   value_i64((int64_t)walk->through_position), value_i64(walk->limit), value_time(walk->before_us)),
	    err);
	if (status != STATUS_OK)
		return status;
	ret->last_position = (uint64_t)rows_i64(&r);
	ret->count = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}

static enum status read_position(struct store_session *s, const char *sql, struct values in, uint64_t *ret,
				 struct err *err)
{
	int64_t value = 0;
	enum status status = rows_read_i64(s, sql, in, &value, err);
	if (status == STATUS_OK)
		*ret = (uint64_t)value;
	return status;
}

enum status store_event_position_at(struct store_session *s, uint32_t tenant, int64_t time_us, uint64_t *ret,
				    struct err *err)
{
	return read_position(
	    s,
	    "SELECT MAX(e.position) FROM events e WHERE e.tenant_id = $1 AND e.position < (SELECT "
	    "MAX(p.chunk) * 1024 + 1024 FROM (SELECT chunk FROM event_minutes WHERE tenant_id = $1 AND "
	    "minute <= $2 ORDER BY minute DESC, chunk DESC LIMIT " NEIGHBOURS ") p)",
	    VALUES(value_i64(tenant), value_i64((time_us - 1) / EVENT_MINUTE_US)), ret, err);
}

enum status store_event_first_position(struct store_session *s, uint32_t tenant, uint64_t *ret, struct err *err)
{
	return read_position(s, "SELECT MIN(position) FROM events WHERE tenant_id = $1", VALUES(value_i64(tenant)), ret,
			     err);
}
