/* SPDX-License-Identifier: Apache-2.0 */
/* Old events go. Two statements a step: how far the step reaches, by the tenant's index alone, then the rows of that
 * stretch. What is deleted lies together in the table and in three of its four indexes, so that a step rewrites few
 * pages. The time is asked for again, row by row: position tells when an event was written, not when it occurred. */
#include "store/events/events.h"

#include "store/core/session.h"

/* Late events (a provider's report of days ago) lie among the newest of the time before; one alone would mislead. */
#define NEIGHBOURS "1000"

static enum status find_end(struct store_session *s, const struct event_walk *walk, uint64_t *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(
	    &r, s,
	    "SELECT MAX(p.position) FROM (SELECT position FROM email_events WHERE tenant_id = $1 AND position > $2 AND "
	    "position <= $3 ORDER BY position LIMIT $4) p",
	    VALUES(value_i64(walk->tenant), value_i64((int64_t)walk->after_position),
		   value_i64((int64_t)walk->through_position), value_i64(walk->limit)),
	    err);
	if (status != STATUS_OK)
		return status;
	*ret = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_event_prune(struct store_session *s, const struct event_walk *walk, struct event_walked *ret,
			      struct err *err)
{
	struct event_walked walked = {0, 0};
	enum status status = find_end(s, walk, &walked.last_position, err);
	if (status == STATUS_OK && walked.last_position)
		status = session_run_counted(
		    s,
		    "DELETE FROM email_events WHERE tenant_id = $1 AND position > $2 AND position <= $3 AND "
		    "occurred_at < $4",
		    VALUES(value_i64(walk->tenant), value_i64((int64_t)walk->after_position),
			   value_i64((int64_t)walked.last_position), value_time(walk->before_us)),
		    &walked.count, err);
	if (status == STATUS_OK)
		*ret = walked;
	return status;
}

enum status store_event_prune_count(struct store_session *s, const struct event_walk *walk, struct event_walked *ret,
				    struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(
	    &r, s,
	    "SELECT MAX(p.position), COUNT(CASE WHEN p.occurred_at < $5 THEN 1 END) FROM (SELECT position, occurred_at "
	    "FROM email_events WHERE tenant_id = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4) p",
	    VALUES(value_i64(walk->tenant), value_i64((int64_t)walk->after_position),
		   value_i64((int64_t)walk->through_position), value_i64(walk->limit), value_time(walk->before_us)),
	    err);
	if (status != STATUS_OK)
		return status;
	ret->last_position = (uint64_t)rows_i64(&r);
	ret->count = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}

static enum status read_position(struct store_session *s, const char *sql, struct value value, uint64_t *ret,
				 struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, sql, VALUES(value), err);
	if (status != STATUS_OK)
		return status;
	*ret = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_event_position_at(struct store_session *s, int64_t time_us, uint64_t *ret, struct err *err)
{
	return read_position(s,
			     "SELECT MAX(p.position) FROM (SELECT position FROM email_events WHERE occurred_at < $1 "
			     "ORDER BY occurred_at DESC LIMIT " NEIGHBOURS ") p",
			     value_time(time_us), ret, err);
}

enum status store_event_first_position(struct store_session *s, uint32_t tenant, uint64_t *ret, struct err *err)
{
	return read_position(s, "SELECT MIN(position) FROM email_events WHERE tenant_id = $1", value_i64(tenant), ret,
			     err);
}
