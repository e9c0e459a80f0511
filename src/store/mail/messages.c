/* SPDX-License-Identifier: Apache-2.0 */
/* A message is two rows: what was sent, to whom and how far it got; and what hits made of it. The second one is written
 * ten times as often and holds numbers and times only, a tenth of the first. Both are read together. Which half has to
 * be written only the caller knows. remote_id is in the first: it has an index, which an update that names the column
 * would touch even where nothing changes. */
#include "store/mail/messages.h"

#include "base/wire.h"
#include "store/core/row_list.h"
#include "store/mail/message_rows.h"
#include <stdlib.h>

static const char *const state_names[] = {
    [MESSAGE_SCHEDULED] = "scheduled", [MESSAGE_QUEUED] = "queued",         [MESSAGE_DEFERRED] = "deferred",
    [MESSAGE_SENDING] = "sending",     [MESSAGE_IN_DOUBT] = "in_doubt",     [MESSAGE_SENT] = "sent",
    [MESSAGE_DELIVERED] = "delivered", [MESSAGE_BOUNCED] = "bounced",       [MESSAGE_COMPLAINED] = "complained",
    [MESSAGE_FAILED] = "failed",       [MESSAGE_SUPPRESSED] = "suppressed", [MESSAGE_CANCELED] = "canceled",
};
static const char *const consent_names[] = {
    [CONSENT_OFF] = "off",
    [CONSENT_ANONYMOUS] = "anonymous",
    [CONSENT_FULL] = "full",
};
enum {
	STATE_COUNT = sizeof state_names / sizeof state_names[0],
	CONSENT_COUNT = sizeof consent_names / sizeof consent_names[0],
};

const char *message_state_name(enum message_state state)
{
	return state_names[state];
}

bool message_state_parse(struct slice name, enum message_state *ret)
{
	size_t i = slice_index_in(name, state_names, STATE_COUNT);
	if (i == STATE_COUNT)
		return false;
	*ret = (enum message_state)i;
	return true;
}

const char *consent_name(enum consent consent)
{
	return consent_names[consent];
}

bool consent_parse(struct slice name, enum consent *ret)
{
	size_t i = slice_index_in(name, consent_names, CONSENT_COUNT);
	if (i == CONSENT_COUNT)
		return false;
	*ret = (enum consent)i;
	return true;
}

/* A few bytes that only this program reads, so no column each: a hit writes them with the counters anyway. */
static void read_recent(struct slice bytes, struct message_counters *c)
{
	struct wire w = wire_read(bytes);
	while (c->recent_count < RECENT_HITS_MAX && w.rest.n >= RECENT_HIT_BYTES) {
		struct recent_hit *hit = &c->recent[c->recent_count++];
		hit->key = wire_get_u64(&w);
		hit->time_us = (int64_t)wire_get_u64(&w);
		hit->position = wire_get_u64(&w);
	}
}

static struct slice put_recent(const struct message_counters *c, char room[RECENT_BYTES_MAX + 1])
{
	struct buf b;
	buf_init_fixed(&b, room, RECENT_BYTES_MAX + 1);
	for (size_t i = 0; i < c->recent_count; i++) {
		wire_put_u64(&b, c->recent[i].key);
		wire_put_u64(&b, (uint64_t)c->recent[i].time_us);
		wire_put_u64(&b, c->recent[i].position);
	}
	return buf_slice(&b);
}

static void read_counters(struct rows *r, struct message_counters *c)
{
	c->opens_human = (uint32_t)rows_i64(r);
	c->opens_proxy = (uint32_t)rows_i64(r);
	c->opens_mpp = (uint32_t)rows_i64(r);
	c->opens_prefetch = (uint32_t)rows_i64(r);
	c->opens_scanner = (uint32_t)rows_i64(r);
	c->opens_preview = (uint32_t)rows_i64(r);
	c->opens_crawler = (uint32_t)rows_i64(r);
	c->opens_unknown = (uint32_t)rows_i64(r);
	c->clicks_human = (uint32_t)rows_i64(r);
	c->clicks_machine = (uint32_t)rows_i64(r);
	c->first_open_us = rows_time(r);
	c->first_open_strict_us = rows_time(r);
	c->first_open_any_us = rows_time(r);
	c->first_click_us = rows_time(r);
	c->first_click_any_us = rows_time(r);
	c->unsubscribed_us = rows_time(r);
	c->last_activity_us = rows_time(r);
}

/* The columns after cohort_day up to the sequence. */
static void read_parties(struct rows *r, struct message *m)
{
	m->stream = rows_text(r);
	m->provider = rows_text(r);
	m->from_email = rows_text(r);
	m->from_name = rows_text(r);
	m->to_email = rows_text(r);
	m->to_name = rows_text(r);
	m->subject = rows_text(r);
	m->contact_id = rows_text(r);
	m->contact_category = rows_text(r);
	m->campaign_id = rows_text(r);
	m->template_id = rows_text(r);
	m->sender = rows_text(r);
	m->sequence_id = rows_text(r);
	m->enrollment = rows_text(r);
	m->position = (int32_t)rows_i64_or(r, -1);
}

/* messages.measured. */
enum { MEASURES_OPENS = 1, MEASURES_CLICKS = 2 };

/* Mail from before it was written down (-1) measures what it tracks. */
static void read_measured(int64_t measured, struct message *m)
{
	m->measures_opens = measured < 0 ? m->track_opens == CONSENT_FULL : (measured & MEASURES_OPENS) != 0;
	m->measures_clicks = measured < 0 ? m->track_clicks == CONSENT_FULL : (measured & MEASURES_CLICKS) != 0;
}

static struct value measured_of(const struct message *m)
{
	return value_i64((m->measures_opens ? MEASURES_OPENS : 0) | (m->measures_clicks ? MEASURES_CLICKS : 0));
}

enum status message_read_row(struct rows *r, struct message *ret, struct err *err)
{
	struct message m = {0};
	m.number = (uint64_t)rows_i64(r);
	m.id = rows_uuid(r);
	m.tenant = (uint32_t)rows_i64(r);
	bool known = message_state_parse(rows_text(r), &m.state);
	m.created_us = rows_time(r);
	m.send_at_us = rows_time(r);
	m.sent_us = rows_time(r);
	m.delivered_us = rows_time(r);
	m.dated_us = rows_time(r);
	m.cohort_day = (int32_t)rows_i64(r);
	read_parties(r, &m);
	known = consent_parse(rows_text(r), &m.track_opens) && known;
	known = consent_parse(rows_text(r), &m.track_clicks) && known;
	m.key_id = (uint8_t)rows_i64(r);
	m.options = rows_text(r);
	m.metadata = rows_json(r);
	m.body_id = rows_bytes(r);
	m.remote_id = rows_text(r);
	m.attempts = (uint32_t)rows_i64(r);
	m.error = rows_text(r);
	m.link_count = (uint32_t)rows_i64(r);
	read_counters(r, &m.counters);
	m.reported_us = rows_time(r);
	read_recent(rows_bytes(r), &m.counters);
	read_measured(rows_i64_or(r, -1), &m);
	if (!known)
		return err_set(err, STATUS_CORRUPT, "a message has an unknown state or consent");
	*ret = m;
	return STATUS_OK;
}

static enum status insert_message(struct store_session *s, const struct message *m, uint64_t *ret_number,
				  struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(
	    &r, s,
	    "INSERT INTO messages (id, tenant_id, state, created_at, send_at, sent_at, delivered_at, dated_at, "
	    "cohort_day, "
	    "stream, provider, from_email, from_name, to_email, to_name, subject, contact_id, contact_category, "
	    "campaign_id, template_id, sender, sequence_id, enrollment, sequence_position, track_opens, track_clicks, "
	    "key_id, options, metadata, body_id, remote_id, attempts, error, link_count, measured) VALUES ($1, $2, $3, "
	    "$4, $5, "
	    "$6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, "
	    "$28, $29, $30, $31, $32, $33, $34, $35) ON CONFLICT DO NOTHING RETURNING number",
	    VALUES(value_uuid(m->id), value_i64(m->tenant), value_text(slice_from_cstr(message_state_name(m->state))),
		   value_time(m->created_us), value_time(m->send_at_us), value_time_or_null(m->sent_us),
		   value_time_or_null(m->delivered_us), value_time_or_null(m->dated_us),
		   value_i64_unless(m->cohort_day, 0), value_text(m->stream), value_text(m->provider),
		   value_text(m->from_email), value_text_or_null(m->from_name), value_text(m->to_email),
		   value_text_or_null(m->to_name), value_text_or_null(m->subject), value_text(m->contact_id),
		   value_text_or_null(m->contact_category), value_text_or_null(m->campaign_id),
		   value_text_or_null(m->template_id), value_text_or_null(m->sender),
		   value_text_or_null(m->sequence_id), value_text_or_null(m->enrollment),
		   value_i64_unless(m->position, -1), value_text(slice_from_cstr(consent_name(m->track_opens))),
		   value_text(slice_from_cstr(consent_name(m->track_clicks))), value_i64(m->key_id),
		   value_text_or_null(m->options), value_json_or_null(m->metadata), value_bytes_or_null(m->body_id),
		   value_text_or_null(m->remote_id), value_i64(m->attempts), value_text_or_null(m->error),
		   value_i64_unless(m->link_count, 0), measured_of(m)),
	    err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, STATUS_CONFLICT, "there is a message with this id");
	if (status != STATUS_OK)
		return status;
	*ret_number = (uint64_t)rows_i64(&r);
	return rows_close(&r, rows_next(&r, err));
}

/* Only where a message is put into a store by a test or a bench: mail begins with nothing counted. */
static bool has_counted(const struct message *m)
{
	static const struct message_counters NONE;
	return m->reported_us || memcmp(&m->counters, &NONE, sizeof NONE) != 0;
}

static enum status add(struct store_session *s, struct message *m, struct err *err)
{
	/* Both rows, always: who locks a message by a join of the two must find the second one, too. */
	enum status status = insert_message(s, m, &m->number, err);
	if (status == STATUS_OK)
		status = session_run(s, "INSERT INTO message_counters (number) VALUES ($1)",
				     VALUES(value_i64((int64_t)m->number)), err);
	return status == STATUS_OK && has_counted(m) ? store_message_save_counters(s, m, err) : status;
}

enum status store_message_add(struct store_session *s, struct message *m, struct err *err)
{
	bool own;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	return session_atomic_end(s, own, add(s, m, err), err);
}

enum status store_message_find(struct store_session *s, uint32_t tenant, struct uuid id, struct arena *arena,
			       struct message *ret, struct err *err)
{
	struct rows r;
	struct message m;
	const char *sql = session_in_transaction(s) ? "SELECT " MESSAGE_COLUMNS MESSAGE_FROM
						      "WHERE id = $1 {for_update}"
						    : "SELECT " MESSAGE_COLUMNS MESSAGE_FROM "WHERE id = $1";
	enum status status = rows_open_one(&r, s, sql, VALUES(value_uuid(id)), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no such message");
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	status = rows_close(&r, message_read_row(&r, &m, err));
	if (status != STATUS_OK)
		return status;
	if (tenant != 0 && m.tenant != tenant)
		return err_set(err, STATUS_NOT_FOUND, "there is no such message");
	*ret = m;
	return STATUS_OK;
}

/* Where in `ids` each is, in the order of ids. */
struct place {
	struct uuid id; /* first: uuid_order */
	size_t at;
};

static struct place *places_of(const struct uuid *ids, size_t count, struct arena *arena)
{
	struct place *places = arena_alloc_array(arena, count, sizeof *places);
	for (size_t i = 0; i < count; i++)
		places[i] = (struct place){ids[i], i};
	qsort(places, count, sizeof *places, uuid_order);
	return places;
}

/* Ids that are asked for in one statement where lists cannot be parameters; the last one fills up with zeros, which no
 * message has. */
enum { FIND_MAX = 32 };
#define FIND "SELECT " MESSAGE_COLUMNS MESSAGE_FROM
#define FIND_SOME                                                                                                      \
	FIND "WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "                                        \
	     "$13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)"
#define FIND_LISTED FIND "WHERE id = ANY ($1)"
/* In the order of ids, so that two appliers that lock the same messages do not wait for one another. */
#define LOCKED " ORDER BY id {for_update}"

static enum status open_some(struct rows *r, struct store_session *s, const struct uuid *ids, size_t count,
			     struct err *err)
{
	struct value in[FIND_MAX];
	for (size_t i = 0; i < FIND_MAX; i++)
		in[i] = value_uuid(i < count ? ids[i] : (struct uuid){{0}});
	return rows_open(r, s, session_in_transaction(s) ? FIND_SOME LOCKED : FIND_SOME, (struct values){in, FIND_MAX},
			 err);
}

/* A lock of its own first, on the half that hits do not write. Locked by the reading statement itself, whoever had to
 * wait for another applier got each row judged anew by PostgreSQL, because its snapshot was from before the wait and
 * the counters had changed since (EvalPlanQual). Who writes counters holds their message. */
static enum status lock_listed(struct store_session *s, const struct uuid *ids, size_t count, struct err *err)
{
	if (!session_in_transaction(s))
		return STATUS_OK;
	return session_run(s, "SELECT 1 FROM messages WHERE id = ANY ($1)" LOCKED, VALUES(value_uuid_array(ids, count)),
			   err);
}

static enum status open_listed(struct rows *r, struct store_session *s, const struct uuid *ids, size_t count,
			       struct err *err)
{
	enum status status = lock_listed(s, ids, count, err);
	return status == STATUS_OK ? rows_open(r, s, FIND_LISTED, VALUES(value_uuid_array(ids, count)), err) : status;
}

static enum status find_some(struct store_session *s, const struct uuid *ids, size_t count, struct arena *arena,
			     struct message *ret, struct err *err)
{
	struct rows r;
	struct place *places = places_of(ids, count, arena);
	enum status status =
	    session_has_arrays(s) ? open_listed(&r, s, ids, count, err) : open_some(&r, s, ids, count, err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while (status == STATUS_OK && (status = rows_next(&r, err)) == STATUS_OK) {
		struct message m;
		status = message_read_row(&r, &m, err);
		/* One that cannot be understood must not hide the others (R9): whoever asks for it alone is told. */
		if (status == STATUS_CORRUPT) {
			status = STATUS_OK;
			continue;
		}
		const struct place wanted = {.id = m.id};
		const struct place *place = bsearch(&wanted, places, count, sizeof *places, uuid_order);
		if (status == STATUS_OK && place)
			ret[place->at] = m;
	}
	return rows_close(&r, status);
}

enum status store_message_find_all(struct store_session *s, const struct uuid *ids, size_t count, struct arena *arena,
				   struct message *ret, struct err *err)
{
	size_t at_once = session_has_arrays(s) ? count : FIND_MAX;
	enum status status = STATUS_OK;
	memset(ret, 0, count * sizeof *ret);
	for (size_t i = 0; status == STATUS_OK && i < count; i += at_once) {
		size_t n = count - i < at_once ? count - i : at_once;
		status = find_some(s, ids + i, n, arena, ret + i, err);
	}
	return status;
}

enum status store_message_find_remote(struct store_session *s, uint32_t tenant, struct slice remote_id,
				      struct uuid *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s,
			  "SELECT id FROM messages WHERE remote_id = $1 AND (tenant_id = $2 OR $2 = 0) "
			  "ORDER BY id DESC LIMIT 1",
			  VALUES(value_text(remote_id), value_i64(tenant)), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no such message");
	if (status != STATUS_OK)
		return status;
	*ret = rows_uuid(&r);
	return rows_close(&r, STATUS_OK);
}

/* ---- Saving */

enum { DELIVERY_COLUMNS = 10, COUNTER_COLUMNS = 20 };

static const char save_delivery[] =
    "UPDATE messages SET state = $2, send_at = $3, sent_at = $4, delivered_at = $5, cohort_day = $6, "
    "remote_id = $7, attempts = $8, error = $9, dated_at = $10 WHERE number = $1";
static const char save_deliveries[] =
    "UPDATE messages SET state = u.state, send_at = u.send_at, sent_at = u.sent_at, delivered_at = "
    "u.delivered_at, cohort_day = u.cohort_day, remote_id = u.remote_id, attempts = u.attempts, "
    "error = u.error, dated_at = u.dated_at FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], "
    "$4::timestamptz[], "
    "$5::timestamptz[], $6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::timestamptz[]) AS u (number, state, "
    "send_at, sent_at, delivered_at, cohort_day, remote_id, attempts, error, dated_at) WHERE messages.number = "
    "u.number";
static const char save_counters[] =
    "UPDATE message_counters SET opens_human = $2, opens_proxy = $3, opens_mpp = $4, opens_prefetch "
    "= $5, opens_scanner = $6, opens_preview = $7, opens_crawler = $8, opens_unknown = $9, "
    "clicks_human = $10, clicks_machine = $11, first_open_at = $12, first_open_strict_at = $13, "
    "first_open_any_at = $14, first_click_at = $15, first_click_any_at = $16, unsubscribed_at = $17, "
    "last_activity_at = $18, reported_at = $19, recent = $20 WHERE number = $1";
static const char save_all_counters[] =
    "UPDATE message_counters SET opens_human = u.opens_human, opens_proxy = u.opens_proxy, opens_mpp "
    "= u.opens_mpp, opens_prefetch = u.opens_prefetch, opens_scanner = u.opens_scanner, "
    "opens_preview = u.opens_preview, opens_crawler = u.opens_crawler, opens_unknown = "
    "u.opens_unknown, clicks_human = u.clicks_human, clicks_machine = u.clicks_machine, "
    "first_open_at = u.first_open_at, first_open_strict_at = u.first_open_strict_at, "
    "first_open_any_at = u.first_open_any_at, first_click_at = u.first_click_at, first_click_any_at "
    "= u.first_click_any_at, unsubscribed_at = u.unsubscribed_at, last_activity_at = "
    "u.last_activity_at, reported_at = u.reported_at, recent = u.recent FROM unnest($1::bigint[], "
    "$2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], "
    "$8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::timestamptz[], "
    "$13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], "
    "$17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::bytea[]) AS u (number, "
    "opens_human, opens_proxy, opens_mpp, opens_prefetch, opens_scanner, opens_preview, "
    "opens_crawler, opens_unknown, clicks_human, clicks_machine, first_open_at, "
    "first_open_strict_at, first_open_any_at, first_click_at, first_click_any_at, unsubscribed_at, "
    "last_activity_at, reported_at, recent) WHERE message_counters.number = u.number";

static void bind_delivery(struct value in[DELIVERY_COLUMNS], const struct message *m)
{
	const struct value values[DELIVERY_COLUMNS] = {
	    value_i64((int64_t)m->number),       value_text(slice_from_cstr(message_state_name(m->state))),
	    value_time(m->send_at_us),           value_time_or_null(m->sent_us),
	    value_time_or_null(m->delivered_us), value_i64_unless(m->cohort_day, 0),
	    value_text_or_null(m->remote_id),    value_i64(m->attempts),
	    value_text_or_null(m->error),        value_time_or_null(m->dated_us),
	};
	memcpy(in, values, sizeof values);
}

static void bind_counters(struct value in[COUNTER_COLUMNS], const struct message *m, char recent[RECENT_BYTES_MAX + 1])
{
	const struct message_counters *c = &m->counters;
	const struct value values[COUNTER_COLUMNS] = {
	    value_i64((int64_t)m->number),
	    value_i64(c->opens_human),
	    value_i64(c->opens_proxy),
	    value_i64(c->opens_mpp),
	    value_i64(c->opens_prefetch),
	    value_i64(c->opens_scanner),
	    value_i64(c->opens_preview),
	    value_i64(c->opens_crawler),
	    value_i64(c->opens_unknown),
	    value_i64(c->clicks_human),
	    value_i64(c->clicks_machine),
	    value_time_or_null(c->first_open_us),
	    value_time_or_null(c->first_open_strict_us),
	    value_time_or_null(c->first_open_any_us),
	    value_time_or_null(c->first_click_us),
	    value_time_or_null(c->first_click_any_us),
	    value_time_or_null(c->unsubscribed_us),
	    value_time_or_null(c->last_activity_us),
	    value_time_or_null(m->reported_us),
	    value_bytes_or_null(put_recent(c, recent)),
	};
	memcpy(in, values, sizeof values);
}

enum status store_message_save_deliveries(struct store_session *s, const struct message_list *list, struct err *err)
{
	if (list->n == 0)
		return STATUS_OK;
	struct arena *arena = arena_new();
	struct row_list rows;
	const struct row_list_plan plan = {save_delivery, save_deliveries, DELIVERY_COLUMNS, list->n};
	row_list_begin(&rows, s, &plan, arena);
	for (size_t i = 0; i < list->n; i++)
		bind_delivery(row_list_next(&rows), list->at[i]);
	enum status status = row_list_end(&rows, err);
	arena_free(&arena);
	return status;
}

enum status store_message_save_all_counters(struct store_session *s, const struct message_list *list, struct err *err)
{
	if (list->n == 0)
		return STATUS_OK;
	struct arena *arena = arena_new();
	struct row_list rows;
	const struct row_list_plan plan = {save_counters, save_all_counters, COUNTER_COLUMNS, list->n};
	row_list_begin(&rows, s, &plan, arena);
	for (size_t i = 0; i < list->n; i++)
		bind_counters(row_list_next(&rows), list->at[i], arena_alloc(arena, RECENT_BYTES_MAX + 1));
	enum status status = row_list_end(&rows, err);
	arena_free(&arena);
	return status;
}

enum status store_message_save_delivery(struct store_session *s, const struct message *m, struct err *err)
{
	const struct message *one[] = {m};
	return store_message_save_deliveries(s, &(struct message_list){one, 1}, err);
}

enum status store_message_save_counters(struct store_session *s, const struct message *m, struct err *err)
{
	const struct message *one[] = {m};
	return store_message_save_all_counters(s, &(struct message_list){one, 1}, err);
}
