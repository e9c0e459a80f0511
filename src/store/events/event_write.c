/* SPDX-License-Identifier: Apache-2.0 */
/* Events as rows. Three things make a row narrow. What many events have in common is a number of the dictionary. What
 * can be computed is not there: an id of version 7 is a time, a node and a sequence, and the time is in the row anyway.
 * And what few events have is in event_details.
 *
 * A batch is written in this order: texts first, because their numbers go into the rows; then the rows and their
 * details. Texts are the only ones of these that two writers can meet at; the minutes that events are in, where they
 * meet all the time, wait for the end of the transaction (event_minutes.c). */
#include "store/events/event_rows.h"

#include "codec/judge/hit_signals.h"
#include "codec/judge/ip_address.h"
#include "store/core/row_list.h"
#include "store/events/dictionary.h"
#include "store/events/event_flags.h"

enum {
	TEXTS = 5, /* of an event: url, agent, reasons, rules, provider */
	COLUMNS = 18,
	AT_ONCE = 256,
	IPV4_OFFSET = 12, /* of the four bytes in ::ffff:a.b.c.d */
	DAY_MINUTES = 1440,
};

/* What a row has beside the event itself. */
struct row {
	const struct event *event;
	int64_t flags;
	int64_t texts[TEXTS]; /* numbers; 0: none */
	struct uuid burst;    /* zero: none */
	struct slice reasons; /* without the burst */
	struct ip_address address;
	struct slice address_bytes;
	uint64_t sequence;
	uint16_t node;
	bool has_record; /* node and sequence say the id */
	bool has_own_id; /* details say it */
};

/* ---- What a row says */

int64_t event_flags_of(const struct event *e)
{
	int64_t flags = e->type;
	flags |= e->is_unique ? EVENT_IS_UNIQUE : 0;
	flags |= e->is_duplicate ? EVENT_IS_DUPLICATE : 0;
	flags |= e->bot_filtered ? EVENT_IS_FILTERED : 0;
	flags |= e->has_token ? EVENT_HAS_TOKEN : 0;
	if (!e->judged)
		return flags;
	flags |= EVENT_IS_JUDGED;
	flags |= e->settled ? EVENT_IS_SETTLED : 0;
	flags |= slice_contains(e->reasons, SLICE("consent:anonymous")) ? EVENT_IS_ANONYMOUS : 0;
	flags |= slice_starts_with(e->reasons, SLICE("provider:")) ? EVENT_IS_REPORT : 0;
	flags |= (int64_t)(e->actor & EVENT_ACTOR_MASK) << EVENT_ACTOR_SHIFT;
	return flags | (int64_t)(e->confidence_percent & EVENT_CONFIDENCE_MASK) << EVENT_CONFIDENCE_SHIFT;
}

static const struct slice BURST = SLICE("group:");

/* Each burst has another id, so it must not be among the texts. */
static void split_reasons(struct row *row, struct arena *arena)
{
	struct slice reasons = row->event->reasons;
	struct slice rest = reasons;
	row->reasons = reasons;
	if (!slice_contains(reasons, BURST))
		return;
	struct buf kept;
	buf_init_in_arena(&kept, reasons.n + 1, arena);
	while (rest.n) {
		struct slice reason = slice_cut(&rest, ' ');
		if (slice_starts_with(reason, BURST) && uuid_parse(slice_from(reason, BURST.n), &row->burst))
			continue;
		if (kept.n)
			buf_append_byte(&kept, ' ');
		buf_append(&kept, reason);
	}
	row->reasons = buf_slice(&kept);
}

static void take_address(struct row *row)
{
	if (!ip_address_parse(row->event->ip, &row->address))
		return;
	bool is_ipv4 = ip_address_is_ipv4(&row->address);
	row->address_bytes =
	    slice_from(slice_of(row->address.bytes, sizeof row->address.bytes), is_ipv4 ? IPV4_OFFSET : 0);
}

/* Consent and held presses are looked up by their ids (contact_consents, held_unsubscribes), what providers report is
 * known again by them. */
static bool is_looked_for(const struct event *e)
{
	return e->has_own_id || e->type == EVENT_CONSENT || e->type == EVENT_UNSUBSCRIBE_HELD;
}

static bool has_details(const struct row *row)
{
	const struct event *e = row->event;
	bool is_orphan = !e->message_number && !uuid_is_zero(e->message);
	bool has_remote = e->remote_id.n && !(row->flags & EVENT_REMOTE_OF_MESSAGE);
	return row->has_own_id || is_orphan || has_remote || e->bounce_class.n || e->bounce_code.n ||
	       e->bounce_reason.n || e->previous.n || !uuid_is_zero(e->corrects);
}

static void fill_row(struct row *row, const struct event *e, struct arena *arena)
{
	*row = (struct row){.event = e, .flags = event_flags_of(e)};
	row->has_record = uuid_to_record(e->id, e->occurred_us, &row->node, &row->sequence);
	row->has_own_id = !row->has_record || is_looked_for(e);
	row->address_bytes = row->reasons = SLICE_EMPTY;
	take_address(row);
	if (e->judged)
		split_reasons(row, arena);
	if (e->remote_id.n && slice_equal(e->remote_id, e->message_remote_id))
		row->flags |= EVENT_REMOTE_OF_MESSAGE;
	if (has_details(row))
		row->flags |= EVENT_HAS_DETAILS;
}

/* ---- Texts */

static struct slice owner_of(const struct event *e)
{
	return e->owner.n ? e->owner : uuid_slice(&e->message);
}

static void want(struct dictionary_use **at, const struct event *e, enum dictionary_kind kind, struct slice text)
{
	if (!text.n)
		return;
	bool is_personal = kind == DICTIONARY_URL || kind == DICTIONARY_AGENT;
	*(*at)++ = (struct dictionary_use){
	    .tenant = e->tenant,
	    .kind = kind,
	    .text = text,
	    .day = (int32_t)(e->occurred_us / EVENT_MINUTE_US / DAY_MINUTES),
	    .owner = is_personal ? owner_of(e) : SLICE_EMPTY,
	};
}

static enum status number_texts(struct store_session *s, struct row *rows, size_t count, struct arena *arena,
				struct err *err)
{
	struct dictionary_use *uses = arena_alloc_array(arena, count * TEXTS, sizeof *uses);
	struct dictionary_use *end = uses;
	for (size_t i = 0; i < count; i++) {
		const struct event *e = rows[i].event;
		want(&end, e, DICTIONARY_URL, e->destination_url);
		want(&end, e, DICTIONARY_AGENT, slice_sub(e->user_agent, 0, DICTIONARY_AGENT_MAX));
		want(&end, e, DICTIONARY_REASONS, rows[i].reasons);
		want(&end, e, DICTIONARY_RULES, e->judged ? e->rules : SLICE_EMPTY);
		want(&end, e, DICTIONARY_PROVIDER, e->provider);
	}
	enum status status = dictionary_number(s, uses, (size_t)(end - uses), err);
	if (status != STATUS_OK)
		return status;
	const struct dictionary_use *at = uses;
	for (size_t i = 0; i < count; i++) {
		const struct event *e = rows[i].event;
		const bool has[TEXTS] = {e->destination_url.n > 0, e->user_agent.n > 0, rows[i].reasons.n > 0,
					 e->judged && e->rules.n > 0, e->provider.n > 0};
		for (size_t t = 0; t < TEXTS; t++)
			rows[i].texts[t] = has[t] ? (at++)->number : 0;
	}
	return STATUS_OK;
}

/* ---- Rows */

#define INSERT_EVENTS                                                                                                  \
	"INSERT INTO events (tenant_id, position, occurred_at, message, flags, node, sequence, link_index, url, "      \
	"agent, reasons, rules, provider, address, signals, burst, repeats, last_repeat_at) "
#define VALUES_OF_ROW "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
#define VALUES_OF_LIST                                                                                                 \
	"SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::bigint[], "             \
	"$6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], "        \
	"$13::bigint[], $14::bytea[], $15::bigint[], $16::uuid[], $17::bigint[], $18::timestamptz[])"

static struct value value_uuid_or_null(struct uuid id)
{
	struct value v = value_uuid(id);
	v.is_null = uuid_is_zero(id);
	return v;
}

/* In the order of INSERT_EVENTS. What is not there is NULL, which costs SQLite one byte and PostgreSQL one bit. */
static void bind_row(struct value in[COLUMNS], const struct row *row)
{
	const struct event *e = row->event;
	struct value node = value_i64(row->node);
	struct value sequence = value_i64((int64_t)row->sequence);
	node.is_null = sequence.is_null = !row->has_record;
	const struct value values[COLUMNS] = {
	    value_i64(e->tenant),
	    value_i64((int64_t)e->position),
	    value_time(e->occurred_us),
	    value_i64_unless((int64_t)e->message_number, 0),
	    value_i64(row->flags),
	    node,
	    sequence,
	    value_i64_unless(e->link_index, -1),
	    value_i64_unless(row->texts[0], 0),
	    value_i64_unless(row->texts[1], 0),
	    value_i64_unless(row->texts[2], 0),
	    value_i64_unless(row->texts[3], 0),
	    value_i64_unless(row->texts[4], 0),
	    value_bytes_or_null(row->address_bytes),
	    value_i64_unless(e->signals, HIT_SIGNALS_NOT_KEPT),
	    value_uuid_or_null(row->burst),
	    value_i64_unless(e->repeats, 0),
	    value_time_or_null(e->last_repeat_us),
	};
	memcpy(in, values, sizeof values);
}

static enum status insert_rows(struct store_session *s, const struct row *rows, size_t count, struct arena *arena,
			       struct err *err)
{
	struct row_list list;
	static const char single[] = INSERT_EVENTS VALUES_OF_ROW;
	static const char all[] = INSERT_EVENTS VALUES_OF_LIST;
	const struct row_list_plan plan = {single, all, COLUMNS, count};
	row_list_begin(&list, s, &plan, arena);
	for (size_t i = 0; i < count; i++)
		bind_row(row_list_next(&list), &rows[i]);
	return row_list_end(&list, err);
}

static enum status insert_details(struct store_session *s, const struct row *row, struct err *err)
{
	const struct event *e = row->event;
	bool is_orphan = !e->message_number;
	bool has_remote = !(row->flags & EVENT_REMOTE_OF_MESSAGE);
	return session_run(
	    s,
	    "INSERT INTO event_details (tenant_id, position, occurred_at, id, message_id, remote_id, bounce_class, "
	    "bounce_code, bounce_reason, corrects, previous) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	    VALUES(value_i64(e->tenant), value_i64((int64_t)e->position), value_time(e->occurred_us),
		   value_uuid_or_null(row->has_own_id ? e->id : (struct uuid){{0}}),
		   value_uuid_or_null(is_orphan ? e->message : (struct uuid){{0}}),
		   value_text_or_null(has_remote ? e->remote_id : SLICE_EMPTY), value_text_or_null(e->bounce_class),
		   value_text_or_null(e->bounce_code), value_text_or_null(e->bounce_reason),
		   value_uuid_or_null(e->corrects), value_text_or_null(e->previous)),
	    err);
}

static enum status insert_all_details(struct store_session *s, const struct row *rows, size_t count, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (rows[i].flags & EVENT_HAS_DETAILS)
			status = insert_details(s, &rows[i], err);
	return status;
}

/* ---- */

static enum status write_some(struct store_session *s, const struct event *events, size_t count, struct arena *arena,
			      struct err *err)
{
	struct row *rows = arena_alloc_array(arena, count, sizeof *rows);
	for (size_t i = 0; i < count; i++)
		fill_row(&rows[i], &events[i], arena);
	enum status status = number_texts(s, rows, count, arena, err);
	if (status == STATUS_OK)
		status = insert_rows(s, rows, count, arena, err);
	return status == STATUS_OK ? insert_all_details(s, rows, count, err) : status;
}

/* Where all are one statement, all at once. Elsewhere so few that what is put together for them stays in the cache. */
enum status event_write(struct store_session *s, const struct event *events, size_t count, struct err *err)
{
	enum status status = STATUS_OK;
	struct arena *arena = arena_new();
	size_t most = session_has_arrays(s) ? count : AT_ONCE;
	for (size_t done = 0; status == STATUS_OK && done < count; done += most) {
		arena_reset(arena);
		status = write_some(s, events + done, count - done < most ? count - done : most, arena, err);
	}
	/* So that an id that exists already is reported here and not from an innocent call behind. */
	if (status == STATUS_OK)
		status = session_settle(s, err);
	if (status == STATUS_OK)
		event_minutes_note(s, events, count);
	arena_free(&arena);
	return status;
}

/* A verdict changes the flags that tell of it; what the row says of remote_id and details stays. */
enum status store_event_judge(struct store_session *s, const struct event *e, struct err *err)
{
	struct arena *arena = arena_new();
	struct row row;
	fill_row(&row, e, arena);
	struct dictionary_use uses[2], *end = uses;
	want(&end, e, DICTIONARY_REASONS, row.reasons);
	want(&end, e, DICTIONARY_RULES, e->judged ? e->rules : SLICE_EMPTY);
	enum status status = dictionary_number(s, uses, (size_t)(end - uses), err);
	int64_t reasons = row.reasons.n ? uses[0].number : 0;
	int64_t rules = end > uses && end[-1].kind == DICTIONARY_RULES ? end[-1].number : 0;
	if (status == STATUS_OK)
		status = session_run(
		    s,
		    "UPDATE events SET flags = $3 | (flags & 24576), reasons = $4, rules = $5, burst = $6 "
		    "WHERE tenant_id = $1 AND position = $2",
		    VALUES(value_i64(e->tenant), value_i64((int64_t)e->position), value_i64(event_flags_of(e)),
			   value_i64_unless(reasons, 0), value_i64_unless(rules, 0), value_uuid_or_null(row.burst)),
		    err);
	arena_free(&arena);
	return status;
}

enum status store_event_repeat(struct store_session *s, uint32_t tenant, uint64_t position, uint32_t additional,
			       int64_t last_us, struct err *err)
{
	return session_run(
	    s,
	    "UPDATE events SET repeats = COALESCE(repeats, 0) + $3, last_repeat_at = CASE WHEN "
	    "last_repeat_at > $4 THEN last_repeat_at ELSE $4 END WHERE tenant_id = $1 AND position = $2",
	    VALUES(value_i64(tenant), value_i64((int64_t)position), value_i64(additional), value_time(last_us)), err);
}
