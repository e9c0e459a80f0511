/* SPDX-License-Identifier: Apache-2.0 */
/* Reading events. Who, what and to whom is not repeated in each event but joined from its message, by primary key and
 * only for the rows of the page. */
#include "store/events/events.h"

#include "store/core/where.h"
#include "store/events/event_rows.h"
#include "store/events/settling.h"

#define EVENT_SELECT                                                                                                   \
	"SELECT " EVENT_HEAD_COLUMNS("e.") ", "                                                                        \
					   "e.token, e.destination_url, e.ip, e.user_agent, e.provider, e.remote_id, " \
					   "e.bounce_class, e.bounce_code, "                                           \
					   "e.bounce_reason, e.metadata, e.corrects, e.previous, "                     \
					   "COALESCE(m.contact_id, k.contact_id), m.to_email, "                        \
					   "m.contact_category, "                                                      \
					   "m.campaign_id, m.template_id, "                                            \
					   "m.sender, m.sequence_id, m.enrollment, m.sequence_position, (SELECT "      \
					   "MIN(due_at) FROM hits_to_settle) "                                         \
					   "FROM email_events e LEFT JOIN messages m ON m.id = e.message_id "          \
					   "LEFT JOIN contact_consents k ON k.id = e.id WHERE"

static void read_verdict(struct rows *r, struct event *e)
{
	e->judged = !rows_is_null(r);
	e->actor = (enum actor)rows_i64(r);
	e->confidence_percent = (uint8_t)rows_i64(r);
	e->settled = rows_bool(r);
	e->reasons = rows_text(r);
	e->rules = rows_text(r);
}

enum status event_read_head(struct rows *r, struct event *ret, struct err *err)
{
	struct event e = {0};
	e.position = (uint64_t)rows_i64(r);
	e.id = rows_uuid(r);
	e.tenant = (uint32_t)rows_i64(r);
	e.message = rows_uuid(r);
	bool known = event_type_parse(rows_text(r), &e.type);
	e.occurred_us = rows_time(r);
	e.is_unique = rows_bool(r);
	e.is_duplicate = rows_bool(r);
	e.bot_filtered = rows_bool(r);
	read_verdict(r, &e);
	e.link_index = (int32_t)rows_i64_or(r, -1);
	if (!known || e.actor >= ACTOR_COUNT)
		return err_set(err, STATUS_CORRUPT, "an event has an unknown type or actor");
	*ret = e;
	return STATUS_OK;
}

static void read_message(struct rows *r, struct event *e)
{
	e->contact_id = rows_text(r);
	e->contact_email = rows_text(r);
	e->contact_category = rows_text(r);
	e->campaign_id = rows_text(r);
	e->template_id = rows_text(r);
	e->sender = rows_text(r);
	e->sequence_id = rows_text(r);
	e->enrollment = rows_text(r);
	e->sequence_position = (int32_t)rows_i64_or(r, -1);
}

static enum status read_event(struct rows *r, struct event *ret, struct err *err)
{
	struct event e;
	enum status status = event_read_head(r, &e, err);
	if (status != STATUS_OK)
		return status;
	e.token = rows_text(r);
	e.destination_url = rows_text(r);
	e.ip = rows_text(r);
	e.user_agent = rows_text(r);
	e.provider = rows_text(r);
	e.remote_id = rows_text(r);
	e.bounce_class = rows_text(r);
	e.bounce_code = rows_text(r);
	e.bounce_reason = rows_text(r);
	e.metadata = rows_json(r);
	e.corrects = rows_uuid(r);
	e.previous = rows_text(r);
	read_message(r, &e);
	/* A verdict that stands when its message has been looked at again needs no row written anew for that. */
	int64_t next_due_us = rows_time(r);
	e.settled |= e.judged && (next_due_us == 0 || settling_due_us(e.occurred_us) < next_due_us);
	*ret = e;
	return STATUS_OK;
}

/* Codes and names of ours only: nothing from outside gets into the text. */
static void add_types(struct where *w, uint32_t types)
{
	const char *comma = "";
	buf_append_cstr(&w->sql, " AND e.event_type IN (");
	for (int i = EVENT_QUEUED; i < EVENT_TYPE_COUNT; i++)
		if (types & (1u << i)) {
			buf_printf(&w->sql, "%s'%s'", comma, event_type_name((enum event_type)i));
			comma = ", ";
		}
	buf_append_cstr(&w->sql, *comma ? ")" : "'')");
}

static void add_actors(struct where *w, uint32_t actors)
{
	const char *comma = "";
	buf_append_cstr(&w->sql, " AND e.actor IN (");
	for (int i = 0; i < ACTOR_COUNT; i++)
		if (actors & (1u << i)) {
			buf_printf(&w->sql, "%s%d", comma, i);
			comma = ", ";
		}
	buf_append_cstr(&w->sql, *comma ? ")" : "-1)");
}

/* What belongs to a contact's messages, and what he agreed to without any. */
static void add_contact(struct where *w, const struct event_filter *f)
{
	where_add(w,
		  "e.id IN (SELECT x.id FROM email_events x WHERE x.message_id IN (SELECT c.id FROM messages c "
		  "WHERE c.tenant_id = ?",
		  value_i64(f->tenant));
	where_add(w, "c.contact_id = ?)", value_text(f->contact_id));
	buf_append_cstr(&w->sql, " UNION ALL SELECT k.id FROM contact_consents k WHERE TRUE");
	where_add(w, "k.tenant_id = ?", value_i64(f->tenant));
	where_add(w, "k.contact_id = ?)", value_text(f->contact_id));
}

/* A contact has few messages: from them to their events. A campaign may have a million: there the walk along the
 * tenant's newest events, looking each message up, ends sooner; hence the scalar subqueries, which cannot be turned
 * into a join that sorts everything. */
static void add_message_conditions(struct where *w, const struct event_filter *f)
{
	if (!uuid_is_zero(f->message))
		where_add(w, "e.message_id = ?", value_uuid(f->message));
	if (f->contact_id.p)
		add_contact(w, f);
	where_add_text(w, "(SELECT c.campaign_id FROM messages c WHERE c.id = e.message_id) = ?", f->campaign_id);
	where_add_text(w, "(SELECT c.template_id FROM messages c WHERE c.id = e.message_id) = ?", f->template_id);
	where_add_text(w, "(SELECT c.sender FROM messages c WHERE c.id = e.message_id) = ?", f->sender);
}

static void add_conditions(struct where *w, const struct event_filter *f)
{
	/* "+ 0" keeps the planner off the tenant's index where a message or a contact says more. */
	bool is_narrow = f->contact_id.p || !uuid_is_zero(f->message);
	where_add(w, is_narrow ? "e.tenant_id + 0 = ?" : "e.tenant_id = ?", value_i64(f->tenant));
	add_message_conditions(w, f);
	/* What was counted without the person is not found by asking for the person. */
	if (is_narrow)
		where_add(w, "COALESCE(e.reasons, '') NOT LIKE ?", value_text(SLICE("%consent:anonymous%")));
	if (f->types)
		add_types(w, f->types);
	if (f->actors)
		add_actors(w, f->actors);
	if (f->from_us)
		where_add(w, "e.occurred_at >= ?", value_time(f->from_us));
	if (f->to_us)
		where_add(w, "e.occurred_at < ?", value_time(f->to_us));
	if (f->before_position)
		where_add(w, "e.position < ?", value_i64((int64_t)f->before_position));
	if (f->after_position)
		where_add(w, "e.position > ?", value_i64((int64_t)f->after_position));
	where_end(w, f->oldest_first ? " ORDER BY e.position LIMIT ?" : " ORDER BY e.position DESC LIMIT ?", f->limit);
}

enum status store_event_list(struct store_session *s, const struct event_filter *filter, struct arena *arena,
			     struct event **ret, size_t *ret_count, struct err *err)
{
	struct where w;
	struct rows r;
	struct growing list = {0};
	where_init(&w, EVENT_SELECT);
	add_conditions(&w, filter);
	enum status status = rows_open_once(&r, s, buf_cstr(&w.sql), where_values(&w), err);
	if (status == STATUS_OK) {
		r.arena = arena;
		while (status == STATUS_OK && (status = rows_next(&r, err)) == STATUS_OK)
			status = read_event(&r, growing_add(&list, arena, sizeof(struct event)), err);
		status = rows_close(&r, status);
	}
	where_done(&w);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

enum status store_event_find(struct store_session *s, uint32_t tenant, struct uuid id, struct arena *arena,
			     struct event *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, EVENT_SELECT " e.id = $1 AND e.tenant_id = $2",
					   VALUES(value_uuid(id), value_i64(tenant)), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no such event");
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	return rows_close(&r, read_event(&r, ret, err));
}

static void oldest_first(struct recent_hit *hits, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct recent_hit newer = hits[i];
		hits[i] = hits[count - 1 - i];
		hits[count - 1 - i] = newer;
	}
}

enum status store_event_recent_hits(struct store_session *s, const struct hits_reach *reach, struct arena *arena,
				    struct recent_hit **ret, size_t *ret_count, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	int64_t first_us = reach->since_us < reach->setting_since_us ? reach->since_us : reach->setting_since_us;
	enum status status = rows_open(
	    &r, s,
	    "SELECT tenant_id, message_id, link_index, event_type, occurred_at, ip, bot_filtered FROM email_events "
	    "WHERE occurred_at >= $1 AND event_type IN ('open', 'click') "
	    "AND COALESCE(reasons, '') NOT LIKE 'provider:%' AND (occurred_at >= $2 OR "
	    "tenant_id IN (SELECT s.tenant_id FROM tenant_settings s WHERE s.name = $3)) "
	    "ORDER BY occurred_at DESC, position DESC LIMIT $4",
	    VALUES(value_time(first_us), value_time(reach->since_us), value_text(reach->setting),
		   value_i64(reach->limit)),
	    err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct recent_hit *e = growing_add(&list, arena, sizeof *e);
		e->tenant = (uint32_t)rows_i64(&r);
		e->message = rows_uuid(&r);
		e->link_index = (int32_t)rows_i64_or(&r, -1);
		e->type = slice_equal(rows_text(&r), SLICE("open")) ? EVENT_OPEN : EVENT_CLICK;
		e->occurred_us = rows_time(&r);
		e->ip = rows_text(&r);
		e->bot_filtered = rows_bool(&r);
	}
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	oldest_first(list.items, list.n);
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}
