/* SPDX-License-Identifier: Apache-2.0 */
/* Events: lists, one, and the filter of the live stream, which is the same filter. A cursor is the event's position in
 * the log: new events come behind it, so pages neither repeat nor skip while the list grows. */
#include "web/api/events.h"

#include "base/clock.h"
#include "codec/text/json_text.h"
#include "engine/feed/event_csv.h"
#include "engine/feed/event_json.h"
#include "store/events/events.h"
#include "web/api/answer.h"
#include "web/api/long_answer.h"
#include "web/api/parameters.h"
#include "web/api/reach.h"
#include "web/api/services.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 500, RESET_MAX = 512, EXPORTED_AT_ONCE = 250 };

static void unknown_word(struct api_call *call, const char *name, struct slice word)
{
	struct slice detail = arena_printf(call->arena, "'%.*s' is no %s.", SLICE_FMT(slice_sub(word, 0, 60)), name);
	answer_problem(call, 422, "Invalid", detail.p);
}

/* A word that is not known is refused: a typo in a filter would otherwise show everything, or nothing, and look like an
 * answer. */
static bool query_types(struct api_call *call, uint32_t *ret)
{
	struct slice list = {NULL, 0};
	if (!parameters_text(call, "type", &list))
		return false;
	while (list.n) {
		enum event_type type;
		struct slice word = slice_trim(slice_cut(&list, ','));
		if (!event_type_parse(word, &type))
			return unknown_word(call, "event type", word), false;
		*ret |= UINT32_C(1) << type;
	}
	return true;
}

static bool query_actors(struct api_call *call, uint32_t *ret)
{
	struct slice list = {NULL, 0};
	if (!parameters_text(call, "actor", &list))
		return false;
	while (list.n) {
		enum actor actor;
		struct slice word = slice_trim(slice_cut(&list, ','));
		if (!actor_parse(word, &actor))
			return unknown_word(call, "actor", word), false;
		*ret |= UINT32_C(1) << actor;
	}
	return true;
}

/* Who may see only their own mail has the filter's sender set, whatever they asked for. It is set last, so that no
 * parameter can loosen it. */
static bool query_filter(struct api_call *call, struct api_worker *worker, struct event_filter *f)
{
	*f = (struct event_filter){.tenant = call->who.tenant, .limit = LIMIT_DEFAULT};
	bool good = parameters_uuid(call, "message", &f->message) && parameters_contact(call, worker, &f->contact_id) &&
		    parameters_text(call, "campaign", &f->campaign_id) &&
		    parameters_text(call, "template", &f->template_id) && parameters_text(call, "sender", &f->sender) &&
		    query_types(call, &f->types) && query_actors(call, &f->actors) &&
		    parameters_times(call, &f->from_us, &f->to_us) &&
		    parameters_number(call, "limit", LIMIT_MAX, &f->limit);
	struct slice own = reach_sender(call);
	if (own.p)
		f->sender = own;
	return good;
}

/* Positions are numbers of the store; as text in JSON they survive clients whose numbers end at 2^53. */
void events_list(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct event_filter filter;
	struct event *events;
	size_t count;
	struct slice cursor = {NULL, 0};
	if (!query_filter(call, worker, &filter) || !parameters_text(call, "cursor", &cursor))
		return;
	if (cursor.n && !slice_to_u64(cursor, INT64_MAX, &filter.before_position)) {
		answer_problem(call, 422, "Invalid", "This cursor was not given out here.");
		return;
	}
	enum status status = store_event_list(worker->session, &filter, call->arena, &events, &count, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct event_json_context context = {call->who.tenant_name, worker->sealer};
	struct json_text w = answer_list_open(call);
	for (size_t i = 0; i < count; i++) {
		json_put_raw(&w, SLICE_EMPTY);
		event_json_append(&call->response, &events[i], &context);
	}
	answer_list_next(&w, count == filter.limit
				 ? arena_printf(call->arena, "%llu", (unsigned long long)events[count - 1].position)
				 : SLICE_EMPTY);
	json_close(&w, '}');
}

void events_get(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct uuid id;
	struct event event;
	if (!parameters_id(call, &id))
		return;
	enum status status = store_event_find(worker->session, call->who.tenant, id, call->arena, &event, &err);
	if (status == STATUS_OK && !reach_mail(call, event.sender))
		status = STATUS_NOT_FOUND;
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct event_json_context context = {call->who.tenant_name, worker->sealer};
	(void)answer_json(call, 200);
	event_json_append(&call->response, &event, &context);
}

/* What a reader hears who cannot go on where he stopped: what came since may be gone, and what is still there he reads
 * from the list. */
static struct slice reset_frame(struct api_call *call)
{
	struct buf b;
	buf_init_in_arena(&b, RESET_MAX, call->arena);
	struct json_text w = json_text_on(&b);
	json_open(&w, '{');
	JSON_FIELD(&w, "last_event_id", string, slice_sub(call->last_event_id, 0, UUID_TEXT_SIZE));
	JSON_FIELD(&w, "from", time, clock_now_us(call->services->clock));
	json_close(&w, '}');
	return buf_slice(&b);
}

/* Where a reader stopped. An id that is gone (pruned, another installation's) starts now, and says so. */
static enum status position_after(struct api_call *call, struct api_worker *worker, uint64_t *ret, struct err *err)
{
	struct uuid id;
	struct event event;
	if (uuid_parse(call->last_event_id, &id)) {
		enum status status = store_event_find(worker->session, call->who.tenant, id, call->arena, &event, err);
		if (status == STATUS_OK)
			*ret = event.position;
		if (status != STATUS_NOT_FOUND)
			return status;
	}
	if (call->last_event_id.n)
		call->stream_reset = reset_frame(call);
	return store_event_horizon(worker->session, ret, err);
}

/* The worker only finds where to begin; the loop takes the connection over (event_stream.c), because a reader may stay
 * for days. */
void events_stream(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct event_filter *filter = ARENA_NEW(call->arena, struct event_filter);
	if (!query_filter(call, worker, filter))
		return;
	enum status status = position_after(call, worker, &filter->after_position, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	filter->oldest_first = true;
	call->status = 200;
	call->stream_filter = filter;
}

/* ---- Export */

/* How many positions one look goes through, whatever it finds. A filter that hardly anything matches would otherwise
 * have the store walk through all events in one statement, with a worker waiting for it; this way the reach is doubled
 * while looks are short, and others come between. */
enum { REACH_FIRST = 65536, LOOK_IS_SHORT_US = 20000 };
static const uint64_t REACH_ALL = UINT64_MAX; /* of a message or a contact, whose events the store finds at once */

struct event_export {
	struct page_source source; /* first: a source is an export */
	struct event_filter filter;
	uint64_t through; /* the last position there was when it began */
	uint64_t reach;
	bool is_csv;
};

enum status events_newest(struct api_call *call, struct api_worker *worker, uint64_t *ret, struct err *err)
{
	struct event_filter newest = {.tenant = call->who.tenant, .limit = 1};
	struct event *events;
	size_t count;
	enum status status = store_event_list(worker->session, &newest, call->arena, &events, &count, err);
	if (status == STATUS_OK)
		*ret = count ? events[0].position : 0;
	return status;
}

static enum status put_line(struct event_export *x, const struct page *page, const struct event *event, struct err *err)
{
	struct event_json_context context = {page->call->who.tenant_name, page->worker->sealer};
	struct buf *to = &page->call->response;
	if (x->is_csv)
		return event_csv_append(to, event, &context, err);
	event_json_append(to, event, &context);
	buf_append_byte(to, '\n');
	return STATUS_OK;
}

static void move_on(struct event_export *x, uint64_t seen, int64_t look_us)
{
	x->filter.after_position = seen;
	if (x->reach == REACH_ALL)
		return;
	if (look_us < LOOK_IS_SHORT_US && x->reach < UINT64_MAX / 2)
		x->reach *= 2;
	else if (look_us >= LOOK_IS_SHORT_US && x->reach > REACH_FIRST)
		x->reach /= 2;
}

static enum status next_events(struct page_source *source, const struct page *page, struct err *err)
{
	struct event_export *x = (struct event_export *)source;
	struct event_filter *f = &x->filter;
	struct event *events;
	size_t count;
	int64_t began_us = clock_monotonic_us(clock_system());
	f->horizon = x->through - f->after_position > x->reach ? f->after_position + x->reach : x->through;
	enum status status = store_event_list(page->worker->session, f, page->arena, &events, &count, err);
	int64_t look_us = clock_monotonic_us(clock_system()) - began_us;
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = put_line(x, page, &events[i], err);
	if (status != STATUS_OK)
		return status;
	move_on(x, count == f->limit ? events[count - 1].position : f->horizon, look_us);
	return f->after_position == x->through ? STATUS_END : STATUS_OK;
}

static bool query_format(struct api_call *call, bool *ret_is_csv)
{
	struct slice format = {NULL, 0};
	if (!parameters_text(call, "format", &format))
		return false;
	*ret_is_csv = format.p && slice_equal(format, SLICE("csv"));
	if (!format.p || *ret_is_csv || slice_equal(format, SLICE("jsonl")))
		return true;
	answer_problem(call, 422, "Invalid", "The query parameter 'format' must be jsonl or csv.");
	return false;
}

/* From before the tenant's first event, wherever in the log of all tenants that is, to its last one now. */
static enum status find_ends(struct api_call *call, struct api_worker *worker, struct event_export *x, struct err *err)
{
	uint64_t first = 0;
	enum status status = store_event_first_position(worker->session, call->who.tenant, &first, err);
	if (status == STATUS_OK)
		status = events_newest(call, worker, &x->through, err);
	x->filter.after_position = first && first <= x->through ? first - 1 : 0;
	return status;
}

/* Oldest first: what is appended while it goes on does not move what is still to come. */
void events_export(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct event_export *x = ARENA_NEW(call->arena, struct event_export);
	x->source.next = next_events;
	if (!query_filter(call, worker, &x->filter) || !query_format(call, &x->is_csv))
		return;
	x->reach = x->filter.contact_id.p || !uuid_is_zero(x->filter.message) ? REACH_ALL : REACH_FIRST;
	enum status status = find_ends(call, worker, x, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	x->filter.oldest_first = x->filter.has_horizon = true;
	x->filter.limit = EXPORTED_AT_ONCE;
	call->status = 200;
	call->response_type =
	    x->is_csv ? SLICE("text/csv; charset=utf-8; header=present") : SLICE("application/x-ndjson");
	if (x->is_csv)
		event_csv_append_names(&call->response);
	long_answer_begin(call, worker, &x->source);
	if (call->status == 200)
		answer_header(call, SLICE("Content-Disposition"),
			      x->is_csv ? SLICE("attachment; filename=\"events.csv\"")
					: SLICE("attachment; filename=\"events.jsonl\""));
}
