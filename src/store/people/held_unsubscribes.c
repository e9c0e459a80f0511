/* SPDX-License-Identifier: Apache-2.0 */
/* One row a message, by primary key: whoever presses a second time changes nothing, and two writers that decide at once
 * cannot both find it waiting. Statements say which state they expect, and the count of rows says who came first. */
#include "store/people/held_unsubscribes.h"

#include "store/core/session.h"
#include "store/core/where.h"
#include "store/events/event_flags.h"
#include "store/events/event_rows.h"

static const char *const STATE_NAMES[] = {
    [HELD_WAITING] = "waiting", [HELD_CONFIRMED] = "confirmed", [HELD_DISMISSED] = "dismissed"};
enum { STATE_COUNT = sizeof STATE_NAMES / sizeof STATE_NAMES[0] };

const char *held_state_name(enum held_state state)
{
	return STATE_NAMES[state];
}

bool held_state_parse(struct slice name, enum held_state *ret)
{
	size_t i = slice_index_in(name, STATE_NAMES, STATE_COUNT);
	if (i == STATE_COUNT)
		return false;
	*ret = (enum held_state)i;
	return true;
}

static struct value value_state(enum held_state state)
{
	return value_text(slice_from_cstr(STATE_NAMES[state]));
}

enum status store_held_unsubscribe_add(struct store_session *s, const struct held_unsubscribe *held, bool *ret_added,
				       struct err *err)
{
	uint64_t changed = 0;
	enum status status =
	    session_run_counted(s,
				"INSERT INTO held_unsubscribes (message_id, tenant_id, event_id, state, held_at) "
				"VALUES ($1, $2, $3, $4, $5) "
				"ON CONFLICT (message_id) DO UPDATE SET event_id = excluded.event_id, "
				"state = excluded.state, held_at = excluded.held_at, decided_at = NULL, "
				"decided_by = NULL WHERE held_unsubscribes.state = 'confirmed'",
				VALUES(value_uuid(held->message), value_i64(held->tenant), value_uuid(held->event),
				       value_state(HELD_WAITING), value_time(held->held_us)),
				&changed, err);
	if (status == STATUS_OK)
		*ret_added = changed > 0;
	return status;
}

enum status store_held_unsubscribe_decide(struct store_session *s, const struct held_decision *decision,
					  struct err *err)
{
	static const struct none none = {STATUS_NOT_FOUND, "nothing of this message is waiting"};
	return session_run_some(
	    s,
	    "UPDATE held_unsubscribes SET state = $2, decided_by = $3, decided_at = $4 WHERE message_id = $1 AND "
	    "(state = 'waiting' OR ($5 AND state = 'dismissed'))",
	    VALUES(value_uuid(decision->message), value_state(decision->state), value_text(decision->by),
		   value_time(decision->now_us), value_bool(decision->overrides)),
	    none, err);
}

static enum status read_held(struct rows *r, struct held_unsubscribe *ret, struct err *err)
{
	struct held_unsubscribe h = {.message = rows_uuid(r)};
	h.tenant = (uint32_t)rows_i64(r);
	h.event = rows_uuid(r);
	bool known = held_state_parse(rows_text(r), &h.state);
	h.held_us = rows_time(r);
	h.decided_us = rows_time(r);
	h.decided_by = rows_text(r);
	h.to_email = rows_text(r);
	h.to_name = rows_text(r);
	h.subject = rows_text(r);
	h.campaign_id = rows_text(r);
	h.contact_id = rows_text(r);
	h.sender = rows_text(r);
	h.sent_us = rows_time(r);
	h.delivered_us = rows_time(r);
	h.actor = (enum actor)rows_i64(r);
	h.confidence_percent = (uint8_t)rows_i64(r);
	h.reasons = rows_text(r);
	h.ip = event_read_address(r);
	h.user_agent = rows_text(r);
	if (!known || h.actor >= ACTOR_COUNT)
		return err_set(err, STATUS_CORRUPT, "a held unsubscribe has an unknown state or actor");
	*ret = h;
	return STATUS_OK;
}

#define ACTOR_AND_CONFIDENCE EVENT_SQL_ACTOR("e") ", e.flags >> 20 & 127" /* EVENT_CONFIDENCE_SHIFT and its mask */

/* The press's event is looked up by its id, so that a pruned one leaves the row as it is. */
#define HELD_SELECT                                                                                                    \
	"SELECT h.message_id, h.tenant_id, h.event_id, h.state, h.held_at, h.decided_at, h.decided_by, m.to_email, "   \
	"m.to_name, m.subject, m.campaign_id, m.contact_id, m.sender, m.sent_at, "                                     \
	"m.delivered_at, " ACTOR_AND_CONFIDENCE ", r.text, e.address, a.text FROM held_unsubscribes h "                \
	"JOIN messages m ON m.id = h.message_id LEFT JOIN event_details d ON d.id = h.event_id "                       \
	"LEFT JOIN events e ON e.tenant_id = d.tenant_id AND e.position = d.position "                                 \
	"LEFT JOIN dictionary r ON r.number = e.reasons LEFT JOIN dictionary a ON a.number = e.agent WHERE"

static void add_conditions(struct where *w, const struct held_filter *f)
{
	where_add(w, "h.tenant_id = ?", value_i64(f->tenant));
	/* Who asks for one message wants to know how it stands, whatever was decided. */
	if (uuid_is_zero(f->message))
		where_add(w, "h.state = ?", value_state(f->state));
	else
		where_add(w, "h.message_id = ?", value_uuid(f->message));
	where_add_text(w, "m.sender = ?", f->sender);
	if (!uuid_is_zero(f->before))
		where_add(w, "h.message_id < ?", value_uuid(f->before));
	where_end(w, " ORDER BY h.message_id DESC LIMIT ?", f->limit);
}

enum status store_held_unsubscribe_list(struct store_session *s, const struct held_filter *filter, struct arena *arena,
					struct held_unsubscribe **ret, size_t *ret_count, struct err *err)
{
	struct where w;
	struct rows r;
	struct growing list = {0};
	where_init(&w, HELD_SELECT);
	add_conditions(&w, filter);
	enum status status = rows_open_once(&r, s, buf_cstr(&w.sql), where_values(&w), err);
	if (status == STATUS_OK) {
		r.arena = arena;
		while (status == STATUS_OK && (status = rows_next(&r, err)) == STATUS_OK)
			status = read_held(&r, growing_add(&list, arena, sizeof(struct held_unsubscribe)), err);
		status = rows_close(&r, status);
	}
	where_done(&w);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

enum status store_held_unsubscribe_count(struct store_session *s, uint32_t tenant, struct slice sender, uint64_t *ret,
					 struct err *err)
{
	int64_t value = 0;
	enum status status = rows_read_i64(
	    s,
	    "SELECT COUNT(*) FROM held_unsubscribes h JOIN messages m ON m.id = h.message_id WHERE h.tenant_id = $1 "
	    "AND h.state = 'waiting' AND ($2 = '' OR m.sender = $2)",
	    VALUES(value_i64(tenant), value_text(sender.p ? sender : SLICE_EMPTY)), &value, err);
	if (status == STATUS_OK)
		*ret = (uint64_t)value;
	return status;
}

enum status store_held_unsubscribe_due(struct store_session *s, const struct held_due *wanted, struct arena *arena,
				       struct uuid **ret, size_t *ret_count, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status =
	    rows_open(&r, s,
		      "SELECT message_id FROM held_unsubscribes WHERE state = 'waiting' AND held_at < $1 "
		      "ORDER BY held_at LIMIT $2",
		      VALUES(value_time(wanted->before_us), value_i64(wanted->limit)), err);
	if (status != STATUS_OK)
		return status;
	while ((status = rows_next(&r, err)) == STATUS_OK)
		*(struct uuid *)growing_add(&list, arena, sizeof(struct uuid)) = rows_uuid(&r);
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}
