/* SPDX-License-Identifier: Apache-2.0 */
/* Reading events. Who, what and to whom is not repeated in each event but joined from its message, by primary key and
 * only for the rows of the page. */
#include "store/events/events.h"

#include "codec/judge/hit_signals.h"
#include "codec/judge/ip_address.h"
#include "codec/text/json_text.h"
#include "store/core/where.h"
#include "store/events/event_flags.h"
#include "store/events/event_rows.h"
#include "store/events/settling.h"

enum { ADDRESS_TEXT_MAX = 64, METADATA_MAX = 4096, IPV4_SIZE = 4 };

#define REMOTE_ID "CASE WHEN e.flags >> 13 & 1 = 1 THEN m.remote_id ELSE d.remote_id END"
#define OF_MESSAGE                                                                                                     \
	"COALESCE(m.contact_id, k.contact_id), m.to_email, m.contact_category, m.campaign_id, m.template_id, "         \
	"m.sender, m.sequence_id, m.enrollment, m.sequence_position, m.remote_id, m.key_id, m.track_opens, "           \
	"m.track_clicks, m.metadata, k.opens, k.clicks, k.method"
#define EVENT_SELECT                                                                                                   \
	"SELECT " EVENT_HEAD_COLUMNS ", " REMOTE_ID                                                                    \
	", d.bounce_class, d.bounce_code, d.bounce_reason, d.corrects, d.previous, " OF_MESSAGE                        \
	", (SELECT MIN(due_at) FROM timers WHERE kind = 1)" EVENT_FROM                                                 \
	"LEFT JOIN contact_consents k ON k.id = d.id WHERE"

enum status event_flags_read(int64_t flags, struct event *e, struct err *err)
{
	e->type = (enum event_type)(flags & EVENT_TYPE_MASK);
	e->is_unique = flags & EVENT_IS_UNIQUE;
	e->is_duplicate = flags & EVENT_IS_DUPLICATE;
	e->bot_filtered = flags & EVENT_IS_FILTERED;
	e->judged = flags & EVENT_IS_JUDGED;
	e->settled = flags & EVENT_IS_SETTLED;
	e->has_token = flags & EVENT_HAS_TOKEN;
	e->actor = (enum actor)(flags >> EVENT_ACTOR_SHIFT & EVENT_ACTOR_MASK);
	e->confidence_percent = (uint8_t)(flags >> EVENT_CONFIDENCE_SHIFT & EVENT_CONFIDENCE_MASK);
	if (e->type >= EVENT_TYPE_COUNT || e->actor >= ACTOR_COUNT)
		return err_set(err, STATUS_CORRUPT, "an event has an unknown type or actor");
	return STATUS_OK;
}

struct slice event_read_address(struct rows *r)
{
	struct ip_address address = {{[10] = 0xff, [11] = 0xff}};
	struct slice bytes = rows_bytes(r);
	struct buf text;
	if (bytes.n != IPV4_SIZE && bytes.n != sizeof address.bytes)
		return SLICE_EMPTY;
	memcpy(address.bytes + sizeof address.bytes - bytes.n, bytes.p, bytes.n);
	buf_init_in_arena(&text, ADDRESS_TEXT_MAX, r->arena);
	ip_address_append(&text, &address);
	return buf_slice(&text);
}

/* As it was before the burst was taken out; where it stood among the others says nothing. */
static struct slice with_burst(struct rows *r, struct slice reasons, struct uuid burst)
{
	char id[UUID_TEXT_SIZE];
	if (uuid_is_zero(burst))
		return reasons;
	uuid_format(burst, id);
	return arena_printf(r->arena, "%.*s%sgroup:%s", SLICE_FMT(reasons), reasons.n ? " " : "", id);
}

static struct uuid read_id(struct rows *r, int64_t occurred_us)
{
	bool has_record = !rows_is_null(r);
	uint16_t node = (uint16_t)rows_i64(r);
	uint64_t sequence = (uint64_t)rows_i64(r);
	struct uuid own = rows_uuid(r);
	return has_record ? uuid_of_record(occurred_us, node, sequence) : own;
}

/* What a hit came with. */
static void read_client(struct rows *r, struct event *e)
{
	e->rules = rows_text(r);
	e->destination_url = rows_text(r);
	e->user_agent = rows_text(r);
	e->provider = rows_text(r);
	e->ip = event_read_address(r);
	e->signals = (uint16_t)rows_i64_or(r, HIT_SIGNALS_NOT_KEPT);
	e->repeats = (uint32_t)rows_i64(r);
	e->last_repeat_us = rows_time(r);
}

/* A row that nobody has judged has no actor and no confidence in it, whatever its event said. */
enum status event_read_head(struct rows *r, struct event *ret, struct err *err)
{
	struct event e = {.sequence_position = -1};
	e.position = (uint64_t)rows_i64(r);
	e.tenant = (uint32_t)rows_i64(r);
	e.occurred_us = rows_time(r);
	enum status status = event_flags_read(rows_i64(r), &e, err);
	e.id = read_id(r, e.occurred_us);
	e.message = rows_uuid(r);
	e.message_number = (uint64_t)rows_i64(r);
	e.link_index = (int32_t)rows_i64_or(r, -1);
	struct uuid burst = rows_uuid(r);
	e.reasons = with_burst(r, rows_text(r), burst);
	read_client(r, &e);
	*ret = e;
	return status;
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
	e->message_remote_id = rows_text(r);
	e->key_id = (uint8_t)rows_i64(r);
	(void)consent_parse(rows_text(r), &e->track_opens);
	(void)consent_parse(rows_text(r), &e->track_clicks);
	e->metadata = rows_json(r);
}

/* What a contact agreed to is in its record, once. */
static void read_consent(struct rows *r, struct event *e)
{
	struct slice opens = rows_text(r);
	struct slice clicks = rows_text(r);
	struct slice method = rows_text(r);
	struct buf text;
	if (e->type != EVENT_CONSENT)
		return;
	e->metadata = SLICE_EMPTY;
	if (!opens.n)
		return; /* forgotten */
	buf_init_in_arena(&text, METADATA_MAX, r->arena);
	struct json_text w = json_text_on(&text);
	json_open(&w, '{');
	JSON_FIELD(&w, "consent_opens", string, opens);
	JSON_FIELD(&w, "consent_clicks", string, clicks);
	JSON_FIELD(&w, "consent_method", string, method);
	json_close(&w, '}');
	e->metadata = buf_failed(&text) ? SLICE_EMPTY : buf_slice(&text);
}

static enum status read_event(struct rows *r, struct event *ret, struct err *err)
{
	struct event e;
	enum status status = event_read_head(r, &e, err);
	if (status != STATUS_OK)
		return status;
	e.remote_id = rows_text(r);
	e.bounce_class = rows_text(r);
	e.bounce_code = rows_text(r);
	e.bounce_reason = rows_text(r);
	e.corrects = rows_uuid(r);
	e.previous = rows_text(r);
	read_message(r, &e);
	read_consent(r, &e);
	/* A verdict that stands when its message has been looked at again needs no row written anew for that. */
	int64_t next_due_us = rows_time(r);
	e.settled |= e.judged && (next_due_us == 0 || settling_due_us(e.occurred_us) < next_due_us);
	*ret = e;
	return STATUS_OK;
}

/* Codes of ours only: nothing from outside gets into the text. */
static void add_set(struct where *w, const char *what, uint32_t bits, int count)
{
	const char *comma = "";
	buf_printf(&w->sql, " AND %s IN (", what);
	for (int i = 0; i < count; i++)
		if (bits & (1u << i)) {
			buf_printf(&w->sql, "%s%d", comma, i);
			comma = ", ";
		}
	buf_append_cstr(&w->sql, *comma ? ")" : "-1)");
}

/* What belongs to a contact's messages, and what he agreed to without any. */
static void add_contact(struct where *w, const struct event_filter *f)
{
	where_add(w,
		  "e.position IN (SELECT x.position FROM events x WHERE x.message IN (SELECT c.number FROM messages c "
		  "WHERE c.tenant_id = ?",
		  value_i64(f->tenant));
	where_add(w, "c.contact_id = ?)", value_text(f->contact_id));
	buf_append_cstr(&w->sql,
			" UNION ALL SELECT x.position FROM contact_consents y JOIN event_details x ON x.id = y.id "
			"WHERE TRUE");
	where_add(w, "y.tenant_id = ?", value_i64(f->tenant));
	where_add(w, "y.contact_id = ?)", value_text(f->contact_id));
}

/* A contact has few messages: from them to their events. A campaign may have a million: there the walk along the
 * tenant's newest events, looking each message up, ends sooner; hence the scalar subqueries, which cannot be turned
 * into a join that sorts everything. */
static void add_message_conditions(struct where *w, const struct event_filter *f)
{
	if (!uuid_is_zero(f->message))
		where_add(w, "e.message = (SELECT c.number FROM messages c WHERE c.id = ?)", value_uuid(f->message));
	if (f->contact_id.p)
		add_contact(w, f);
	where_add_text(w, "(SELECT c.campaign_id FROM messages c WHERE c.number = e.message) = ?", f->campaign_id);
	where_add_text(w, "(SELECT c.template_id FROM messages c WHERE c.number = e.message) = ?", f->template_id);
	where_add_text(w, "(SELECT c.sender FROM messages c WHERE c.number = e.message) = ?", f->sender);
}

/* What occurred in a range of time lies between the first and the last chunk that has one of its minutes. The exact
 * times are asked for, too: a chunk has others. */
static void add_times(struct where *w, const struct event_filter *f)
{
	int64_t from = f->from_us / EVENT_MINUTE_US;
	int64_t to = f->to_us ? f->to_us / EVENT_MINUTE_US : INT32_MAX;
	if (!f->from_us && !f->to_us)
		return;
	if (f->from_us) {
		where_add(w, "e.occurred_at >= ?", value_time(f->from_us));
		where_add(w, "e.position >= (SELECT MIN(n.chunk) * 1024 FROM event_minutes n WHERE n.tenant_id = ?",
			  value_i64(f->tenant));
		where_add(w, "n.minute >= ?)", value_i64(from));
	}
	if (f->to_us) {
		where_add(w, "e.occurred_at < ?", value_time(f->to_us));
		where_add(w,
			  "e.position < (SELECT MAX(n.chunk) * 1024 + 1024 FROM event_minutes n WHERE n.tenant_id = ?",
			  value_i64(f->tenant));
		where_add(w, "n.minute >= ?", value_i64(from));
		where_add(w, "n.minute <= ?)", value_i64(to));
	}
}

static void add_conditions(struct where *w, const struct event_filter *f)
{
	/* "+ 0" keeps the planner off the tenant's rows where a message says more. */
	bool is_narrow = f->contact_id.p || !uuid_is_zero(f->message);
	where_add(w, uuid_is_zero(f->message) ? "e.tenant_id = ?" : "e.tenant_id + 0 = ?", value_i64(f->tenant));
	add_message_conditions(w, f);
	/* What was counted without the person is not found by asking for the person. */
	if (is_narrow && !f->has_anonymous)
		where_add(w, "e.flags & ? = 0", value_i64(EVENT_IS_ANONYMOUS));
	if (f->types)
		add_set(w, "(e.flags & 31)", f->types, EVENT_TYPE_COUNT);
	if (f->actors) {
		buf_append_cstr(&w->sql, " AND e.flags >> 8 & 1 = 1");
		add_set(w, EVENT_SQL_ACTOR("e"), f->actors, ACTOR_COUNT);
	}
	add_times(w, f);
	if (f->before_position)
		where_add(w, "e.position < ?", value_i64((int64_t)f->before_position));
	if (f->after_position)
		where_add(w, "e.position > ?", value_i64((int64_t)f->after_position));
	if (f->has_horizon)
		where_add(w, "e.position <= ?", value_i64((int64_t)f->horizon));
}

static void add_end(struct where *w, const struct event_filter *f)
{
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
	add_end(&w, filter);
	enum status status = filter->from_us || filter->to_us ? event_minutes_settle(s, err) : STATUS_OK;
	if (status == STATUS_OK)
		status = rows_open_once(&r, s, buf_cstr(&w.sql), where_values(&w), err);
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

enum status store_event_count(struct store_session *s, const struct event_filter *filter, uint64_t *ret,
			      struct err *err)
{
	struct where w;
	struct rows r;
	where_init(&w, "SELECT COUNT(*) FROM events e WHERE");
	add_conditions(&w, filter);
	enum status status = filter->from_us || filter->to_us ? event_minutes_settle(s, err) : STATUS_OK;
	if (status == STATUS_OK)
		status = rows_open_once(&r, s, buf_cstr(&w.sql), where_values(&w), err);
	if (status == STATUS_OK) {
		status = rows_next(&r, err);
		if (status == STATUS_OK)
			*ret = (uint64_t)rows_i64(&r);
		status = rows_close(&r, status);
	}
	where_done(&w);
	return status;
}

/* An id that stands for itself has an index. Of the others the time is known, and so the chunks to look through. */
enum status store_event_find(struct store_session *s, uint32_t tenant, struct uuid id, struct arena *arena,
			     struct event *ret, struct err *err)
{
	struct rows r;
	int64_t time_us = uuid_time_us(id);
	uint16_t node = 0;
	uint64_t sequence = 0;
	enum status status = rows_open_one(&r, s,
					   EVENT_SELECT " (e.tenant_id, e.position) IN (SELECT x.tenant_id, x.position "
							"FROM event_details x WHERE x.id = $1) AND e.tenant_id = $2",
					   VALUES(value_uuid(id), value_i64(tenant)), err);
	bool has_time = status == STATUS_NOT_FOUND && uuid_to_record(id, time_us, &node, &sequence);
	if (has_time)
		status = event_minutes_settle(s, err);
	if (has_time && status == STATUS_OK)
		status = rows_open_one(
		    &r, s,
		    EVENT_SELECT
		    " e.tenant_id = $1 AND e.position IN (SELECT x.position FROM event_minutes n JOIN events "
		    "x ON x.tenant_id = $1 AND x.position >= n.chunk * 1024 AND x.position < n.chunk * 1024 "
		    "+ 1024 WHERE n.tenant_id = $1 AND n.minute = $2 AND x.sequence = $3 AND x.node = $4 AND "
		    "x.occurred_at >= $5 AND x.occurred_at < $6)",
		    VALUES(value_i64(tenant), value_i64(time_us / EVENT_MINUTE_US), value_i64((int64_t)sequence),
			   value_i64(node), value_time(time_us), value_time(time_us + 1000)),
		    err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no such event");
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	return rows_close(&r, read_event(&r, ret, err));
}
