/* SPDX-License-Identifier: Apache-2.0 */
/* Writing events. Reading them is in event_list.c. */
#include "store/events/events.h"

#include "codec/judge/hit_signals.h"
#include "store/core/session.h"
#include "store/events/event_metadata.h"

enum { METADATA_MAX = 64 * 1024 };

struct type_names {
	const char *sql, *api;
};
static const struct type_names type_names[] = {
    [EVENT_QUEUED] = {"queued", "email.queued"},
    [EVENT_SENT] = {"sent", "email.sent"},
    [EVENT_DELIVERED] = {"delivered", "email.delivered"},
    [EVENT_DEFERRED] = {"deferred", "email.deferred"},
    [EVENT_BOUNCED] = {"bounced", "email.bounced"},
    [EVENT_COMPLAINED] = {"complained", "email.complained"},
    [EVENT_OPEN] = {"open", "email.opened"},
    [EVENT_CLICK] = {"click", "email.clicked"},
    [EVENT_UNSUBSCRIBED] = {"unsubscribed", "email.unsubscribed"},
    [EVENT_FAILED] = {"failed", "email.failed"},
    [EVENT_SUPPRESSED] = {"suppressed", "email.suppressed"},
    [EVENT_UNSUBSCRIBE_HELD] = {"unsubscribe_held", "email.unsubscribe_held"},
    [EVENT_CONSENT] = {"consent", "contact.consent"},
    [EVENT_CORRECTED] = {"corrected", "event.corrected"},
};

const char *event_type_name(enum event_type type)
{
	return type_names[type].sql;
}

const char *event_type_api_name(enum event_type type)
{
	return type_names[type].api;
}

bool event_type_parse(struct slice name, enum event_type *ret)
{
	for (int i = 0; i < EVENT_TYPE_COUNT; i++)
		if (slice_equal(name, slice_from_cstr(type_names[i].sql)) ||
		    slice_equal(name, slice_from_cstr(type_names[i].api))) {
			*ret = (enum event_type)i;
			return true;
		}
	return false;
}

/* One round trip for a whole batch. From here to the end of the transaction nobody else gets a position. */
static enum status take_positions(struct store_session *s, size_t count, uint64_t *ret_first, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s, "UPDATE counters SET value = value + $1 WHERE name = 'event_position' RETURNING value",
			  VALUES(value_i64((int64_t)count)), err);
	if (status != STATUS_OK)
		return status;
	uint64_t last = (uint64_t)rows_i64(&r);
	status = rows_close(&r, rows_next(&r, err));
	if (status == STATUS_OK)
		*ret_first = last - count + 1;
	return status;
}

static struct value if_judged(const struct event *e, struct value v)
{
	v.is_null = v.is_null || !e->judged;
	return v;
}

#define EVENT_COLUMNS                                                                                                  \
	"position, id, tenant_id, message_id, event_type, occurred_at, is_unique, is_duplicate, bot_filtered, actor, " \
	"confidence_percent, settled, reasons, rules, link_index, token, destination_url, ip, user_agent, provider, "  \
	"remote_id, bounce_class, bounce_code, bounce_reason, metadata, signals"
static const char insert_events[] = "INSERT INTO email_events (" EVENT_COLUMNS ") VALUES";
enum { COLUMNS = 26, ROWS_MAX = VALUES_MAX / COLUMNS };

/* The values of one row. */
static void fill_row(struct value row[COLUMNS], const struct event *e, uint64_t position, struct slice metadata)
{
	const struct value values[COLUMNS] = {
	    value_i64((int64_t)position),
	    value_uuid(e->id),
	    value_i64(e->tenant),
	    value_uuid(e->message),
	    value_text(slice_from_cstr(event_type_name(e->type))),
	    value_time(e->occurred_us),
	    value_bool(e->is_unique),
	    value_bool(e->is_duplicate),
	    value_bool(e->bot_filtered),
	    if_judged(e, value_i64(e->actor)),
	    if_judged(e, value_i64(e->confidence_percent)),
	    if_judged(e, value_bool(e->settled)),
	    if_judged(e, value_text_or_null(e->reasons)),
	    if_judged(e, value_text_or_null(e->rules)),
	    value_i64_unless(e->link_index, -1),
	    value_text_or_null(e->token),
	    value_text_or_null(e->destination_url),
	    value_text_or_null(e->ip),
	    value_text_or_null(e->user_agent),
	    value_text_or_null(e->provider),
	    value_text_or_null(e->remote_id),
	    value_text_or_null(e->bounce_class),
	    value_text_or_null(e->bounce_code),
	    value_text_or_null(e->bounce_reason),
	    value_json_or_null(metadata),
	    value_i64_unless(e->signals, HIT_SIGNALS_NOT_KEPT),
	};
	memcpy(row, values, sizeof values);
}

static enum status compose(const struct event *e, struct buf *metadata, struct err *err)
{
	buf_clear(metadata);
	event_metadata_append(metadata, e);
	return buf_failed(metadata)
		   ? err_set(err, STATUS_TOO_BIG, "the metadata of an event passes %d bytes", METADATA_MAX)
		   : STATUS_OK;
}

/* One statement with at most ROWS_MAX rows. */
static enum status insert_some(struct store_session *s, const struct event *events, size_t count, uint64_t position,
			       struct err *err)
{
	struct value in[ROWS_MAX * COLUMNS];
	struct buf metadata[ROWS_MAX];
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count; i++) {
		buf_init(&metadata[i], METADATA_MAX);
		if (status == STATUS_OK)
			status = compose(&events[i], &metadata[i], err);
		fill_row(&in[i * COLUMNS], &events[i], position + i, buf_slice(&metadata[i]));
	}
	if (status == STATUS_OK)
		status = session_run(s, session_insert_rows(s, insert_events, COLUMNS, count),
				     (struct values){in, count * COLUMNS}, err);
	for (size_t i = 0; i < count; i++)
		buf_done(&metadata[i]);
	return status;
}

/* Few, and with two columns that nothing else has; every other event would pay for them. */
static enum status insert_correction(struct store_session *s, const struct event *e, uint64_t position, struct err *err)
{
	struct value in[COLUMNS + 2];
	struct buf metadata;
	buf_init(&metadata, METADATA_MAX);
	enum status status = compose(e, &metadata, err);
	fill_row(in, e, position, buf_slice(&metadata));
	in[COLUMNS] = value_uuid(e->corrects);
	in[COLUMNS + 1] = value_text_or_null(e->previous);
	if (status == STATUS_OK)
		status =
		    session_run(s,
				"INSERT INTO email_events (" EVENT_COLUMNS ", corrects, previous) VALUES ($1, $2, $3, "
				"$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, "
				"$22, $23, $24, $25, $26, $27, $28)",
				(struct values){in, COLUMNS + 2}, err);
	buf_done(&metadata);
	return status;
}

/* How many from the first on can go together. */
static size_t ordinary(const struct event *events, size_t count)
{
	size_t n = 0;
	while (n < count && events[n].type != EVENT_CORRECTED)
		n++;
	return n;
}

static enum status insert_all(struct store_session *s, const struct event *events, size_t count, struct err *err)
{
	uint64_t position = 0;
	size_t rows = session_rows_per_insert(s);
	rows = rows < ROWS_MAX ? rows : ROWS_MAX;
	enum status status = take_positions(s, count, &position, err);
	for (size_t i = 0; status == STATUS_OK && i < count;) {
		/* What is left over goes one by one: two texts are enough to prepare. */
		size_t n = ordinary(events + i, count - i < rows ? count - i : rows) == rows ? rows : 1;
		status = events[i].type == EVENT_CORRECTED ? insert_correction(s, &events[i], position + i, err)
							   : insert_some(s, events + i, n, position + i, err);
		i += n;
	}
	/* So that an id that exists already is reported here and not from an innocent call behind. */
	return status == STATUS_OK ? session_settle(s, err) : status;
}

enum status store_event_add(struct store_session *s, const struct event *events, size_t count, struct err *err)
{
	bool own;
	if (count == 0)
		return STATUS_OK;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	return session_atomic_end(s, own, insert_all(s, events, count, err), err);
}

enum status store_event_judge(struct store_session *s, const struct event *e, struct err *err)
{
	return session_run(s,
			   "UPDATE email_events SET is_unique = $2, bot_filtered = $3, actor = $4, "
			   "confidence_percent = $5, settled = $6, reasons = $7, rules = $8, is_duplicate = $9 "
			   "WHERE id = $1",
			   VALUES(value_uuid(e->id), value_bool(e->is_unique), value_bool(e->bot_filtered),
				  if_judged(e, value_i64(e->actor)), if_judged(e, value_i64(e->confidence_percent)),
				  if_judged(e, value_bool(e->settled)), if_judged(e, value_text_or_null(e->reasons)),
				  if_judged(e, value_text_or_null(e->rules)), value_bool(e->is_duplicate)),
			   err);
}

enum status store_event_last_position(struct store_session *s, uint64_t *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s, "SELECT value FROM counters WHERE name = 'event_position'", VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	*ret = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}
