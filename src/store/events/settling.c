/* SPDX-License-Identifier: Apache-2.0 */
#include "store/events/settling.h"

#include "codec/judge/behaviour.h"
#include "codec/judge/hit_signals.h"
#include "store/events/event_rows.h"

/* Hits that follow each other share a row. */
static const int64_t STEP_US = 10000000;

int64_t settling_due_us(int64_t occurred_us)
{
	return ((occurred_us + BEHAVIOUR_SETTLE_S * INT64_C(1000000)) / STEP_US + 1) * STEP_US;
}

enum status store_settling_add(struct store_session *s, const struct settling *settling, struct err *err)
{
	return session_run(s, "INSERT INTO hits_to_settle (due_at, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
			   VALUES(value_time(settling->due_us), value_uuid(settling->message)), err);
}

enum status store_settling_next(struct store_session *s, int64_t *ret_due_us, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, "SELECT MIN(due_at) FROM hits_to_settle", VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	*ret_due_us = rows_time(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_settling_take(struct store_session *s, int64_t until_us, uint32_t limit, struct arena *arena,
				struct settling_list *ret, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status = rows_open(
	    &r, s,
	    "WITH picked AS MATERIALIZED (SELECT due_at, message_id FROM hits_to_settle WHERE due_at <= $1 "
	    "ORDER BY due_at LIMIT $2 {skip_locked}) "
	    "DELETE FROM hits_to_settle WHERE (due_at, message_id) IN (SELECT due_at, message_id FROM picked) "
	    "RETURNING due_at, message_id",
	    VALUES(value_time(until_us), value_i64(limit)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct settling *settling = growing_add(&list, arena, sizeof *settling);
		settling->due_us = rows_time(&r);
		settling->message = rows_uuid(&r);
	}
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = (struct settling_list){list.items, list.n};
	return STATUS_OK;
}

/* ---- Hits */

#define HIT_SELECT                                                                                                     \
	"SELECT " EVENT_HEAD_COLUMNS("") ", destination_url, ip, user_agent, provider, signals "                       \
					 "FROM email_events WHERE message_id = $1"

#define IS_OF_PERSON " AND NOT is_duplicate AND COALESCE(reasons, '') NOT LIKE '%consent:anonymous%'"
#define IS_COUNTED " AND NOT bot_filtered" IS_OF_PERSON

static enum status read_hit(struct rows *r, struct event *ret, struct err *err)
{
	struct event e;
	enum status status = event_read_head(r, &e, err);
	if (status != STATUS_OK)
		return status;
	e.sequence_position = -1;
	e.destination_url = rows_text(r);
	e.ip = rows_text(r);
	e.user_agent = rows_text(r);
	e.provider = rows_text(r);
	e.signals = (uint16_t)rows_i64_or(r, HIT_SIGNALS_NOT_KEPT);
	*ret = e;
	return STATUS_OK;
}

enum status store_event_hits(struct store_session *s, struct uuid message, uint32_t limit, struct arena *arena,
			     struct event_hits *ret, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status =
	    rows_open(&r, s, HIT_SELECT " AND event_type IN ('open', 'click') ORDER BY position DESC LIMIT $2",
		      VALUES(value_uuid(message), value_i64(limit)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		status = read_hit(&r, growing_add(&list, arena, sizeof(struct event)), err);
		if (status != STATUS_OK)
			break;
	}
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = (struct event_hits){list.items, list.n};
	return STATUS_OK;
}

enum status store_event_first_counted(struct store_session *s, struct uuid message, enum first_hit which,
				      struct arena *arena, struct event *ret, struct err *err)
{
	static const char *const SQL[] = {
	    [FIRST_OPEN] = HIT_SELECT " AND event_type = 'open'" IS_COUNTED " ORDER BY position LIMIT 1",
	    [FIRST_OPEN_STRICT] =
		HIT_SELECT " AND event_type = 'open' AND actor = 1" IS_COUNTED " ORDER BY position LIMIT 1",
	    [FIRST_OPEN_ANY] = HIT_SELECT " AND event_type = 'open'" IS_OF_PERSON " ORDER BY position LIMIT 1",
	    [FIRST_CLICK_ANY] = HIT_SELECT " AND event_type = 'click'" IS_OF_PERSON " ORDER BY position LIMIT 1",
	    [FIRST_CLICK] = HIT_SELECT " AND event_type = 'click'" IS_COUNTED " ORDER BY position LIMIT 1",
	    [HOLDER_OPEN] = HIT_SELECT " AND event_type = 'open' AND is_unique ORDER BY position LIMIT 1",
	    [HOLDER_CLICK] = HIT_SELECT " AND event_type = 'click' AND is_unique ORDER BY position LIMIT 1",
	};
	struct rows r;
	enum status status = rows_open_one(&r, s, SQL[which], VALUES(value_uuid(message)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	return rows_close(&r, read_hit(&r, ret, err));
}

enum status store_event_last_counted(struct store_session *s, struct uuid message, int64_t *ret_us, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s,
					   "SELECT MAX(occurred_at) FROM email_events WHERE message_id = $1 "
					   "AND event_type IN ('open', 'click')" IS_COUNTED,
					   VALUES(value_uuid(message)), err);
	if (status != STATUS_OK)
		return status;
	*ret_us = rows_time(&r);
	return rows_close(&r, STATUS_OK);
}

/* ---- Visits */

#define VISIT_SELECT                                                                                                   \
	"SELECT e.position, e.tenant_id, m.to_email, COALESCE(m.delivered_at, m.sent_at), e.occurred_at, "             \
	"e.event_type, e.ip, e.user_agent, e.signals, e.reasons "                                                      \
	"FROM email_events e JOIN messages m ON m.id = e.message_id "                                                  \
	"WHERE e.event_type IN ('open', 'click') AND e.ip IS NOT NULL"

static void read_visit(struct rows *r, struct past_visit *ret)
{
	ret->position = (uint64_t)rows_i64(r);
	ret->tenant = (uint32_t)rows_i64(r);
	ret->recipient = rows_text(r);
	ret->delivered_us = rows_time(r);
	ret->time_us = rows_time(r);
	ret->is_click = slice_equal(rows_text(r), SLICE("click"));
	ret->ip = rows_text(r);
	ret->user_agent = rows_text(r);
	ret->signals = (uint16_t)rows_i64_or(r, HIT_SIGNALS_NOT_KEPT);
	ret->reasons = rows_text(r);
}

static enum status read_visits(struct rows *r, struct arena *arena, struct past_visits *ret, struct err *err)
{
	struct growing list = {0};
	enum status status;
	r->arena = arena;
	while ((status = rows_next(r, err)) == STATUS_OK)
		read_visit(r, growing_add(&list, arena, sizeof(struct past_visit)));
	status = rows_close(r, status);
	if (status == STATUS_OK)
		*ret = (struct past_visits){list.items, list.n};
	return status;
}

enum status store_event_recent_visits(struct store_session *s, int64_t since_us, uint32_t limit, struct arena *arena,
				      struct past_visits *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open(&r, s,
		      "SELECT * FROM (" VISIT_SELECT " AND e.occurred_at >= $1 AND e.actor IN (0, 1, 2) "
		      "ORDER BY e.occurred_at DESC LIMIT $2) newest ORDER BY 5",
		      VALUES(value_time(since_us), value_i64(limit)), err);
	return status == STATUS_OK ? read_visits(&r, arena, ret, err) : status;
}

/* $1 to $4 are those of a walk. */
#define WALK_VALUES(walk)                                                                                              \
	value_time((walk)->after_us), value_i64((int64_t)(walk)->after_position), value_time((walk)->until_us),        \
	    value_i64((walk)->limit)
#define IN_WALK "e.occurred_at >= $1 AND (e.occurred_at > $1 OR e.position > $2) AND e.occurred_at <= $3"
#define WALK_ORDER " ORDER BY e.occurred_at, e.position LIMIT $4"

enum status store_event_visits(struct store_session *s, const struct hit_walk *walk, struct arena *arena,
			       struct past_visits *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open(&r, s, VISIT_SELECT " AND " IN_WALK WALK_ORDER, VALUES(WALK_VALUES(walk)), err);
	return status == STATUS_OK ? read_visits(&r, arena, ret, err) : status;
}

enum status store_event_first_visits(struct store_session *s, const struct hit_walk *walk, int64_t since_us,
				     struct arena *arena, struct first_visits *ret, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status =
	    rows_open(&r, s,
		      "SELECT e.message_id, e.occurred_at, e.position FROM email_events e WHERE e.event_type IN "
		      "('open', 'click') AND " IN_WALK " AND NOT EXISTS (SELECT 1 FROM email_events f WHERE "
		      "f.message_id = e.message_id AND f.event_type IN ('open', 'click') AND f.occurred_at >= $5 AND "
		      "(f.occurred_at < e.occurred_at OR (f.occurred_at = e.occurred_at AND f.position < "
		      "e.position)))" WALK_ORDER,
		      VALUES(WALK_VALUES(walk), value_time(since_us)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct first_visit *visit = growing_add(&list, arena, sizeof *visit);
		visit->message = rows_uuid(&r);
		visit->time_us = rows_time(&r);
		visit->position = (uint64_t)rows_i64(&r);
	}
	status = rows_close(&r, status);
	if (status == STATUS_OK)
		*ret = (struct first_visits){list.items, list.n};
	return status;
}

enum status store_event_hits_since(struct store_session *s, struct uuid message, int64_t since_us, uint64_t *ret,
				   struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s,
					   "SELECT COUNT(*) FROM email_events WHERE message_id = $1 AND event_type IN "
					   "('open', 'click') AND occurred_at >= $2",
					   VALUES(value_uuid(message), value_time(since_us)), err);
	if (status != STATUS_OK)
		return status;
	*ret = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}
