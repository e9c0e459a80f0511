/* SPDX-License-Identifier: Apache-2.0 */
/* Names of events, and adding them. What a row is made of is in event_write.c, reading in event_list.c. */
#include "store/events/events.h"

#include "store/events/event_rows.h"
#include "store/events/positions.h"

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

static enum status find_number(struct store_session *s, struct uuid id, uint64_t *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s, "SELECT number FROM messages WHERE id = $1", VALUES(value_uuid(id)), err);
	*ret = 0;
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* the row keeps the id then */
	*ret = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}

/* For callers who do not have the message at hand. */
static enum status find_numbers(struct store_session *s, struct event *events, size_t count, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct event *e = &events[i];
		if (!e->message_number && !uuid_is_zero(e->message))
			status = find_number(s, e->message, &e->message_number, err);
	}
	return status;
}

/* Months first: beginning one waits for whoever begins the same, and nobody must wait for us meanwhile. Numbers of
 * messages before positions, too: the sooner a transaction ends that has positions, the sooner others are read. */
static enum status add_all(struct store_session *s, struct event *events, size_t count, struct err *err)
{
	enum status status = event_months_ready(s, events, count, err);
	if (status == STATUS_OK)
		status = find_numbers(s, events, count, err);
	if (status == STATUS_OK)
		status = positions_give(s, events, count, err);
	return status == STATUS_OK ? event_write(s, events, count, err) : status;
}

enum status store_event_add(struct store_session *s, struct event *events, size_t count, struct err *err)
{
	bool own;
	if (count == 0)
		return STATUS_OK;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	return session_atomic_end(s, own, add_all(s, events, count, err), err);
}

/* The index alone; an event that is found by its time would cost a look through its minute, for each report that a
 * provider sends. */
enum status store_event_is_known(struct store_session *s, uint32_t tenant, struct uuid id, bool *ret, struct err *err)
{
	int64_t value = 0;
	enum status status = rows_read_i64(s, "SELECT COUNT(*) FROM event_details WHERE id = $1 AND tenant_id = $2",
					   VALUES(value_uuid(id), value_i64(tenant)), &value, err);
	if (status == STATUS_OK)
		*ret = value > 0;
	return status;
}

enum status store_event_horizon(struct store_session *s, uint64_t *ret, struct err *err)
{
	return positions_horizon(s, ret, err);
}

bool event_is_anonymous(const struct event *event)
{
	return slice_contains(event->reasons, SLICE("consent:anonymous"));
}

bool event_is_mpp(const struct event *event)
{
	return slice_contains(event->reasons, SLICE("agent:apple_mpp")) ||
	       slice_contains(event->reasons, SLICE("provider_says:mpp"));
}

bool event_is_report(const struct event *event)
{
	return slice_starts_with(event->reasons, SLICE("provider:"));
}
