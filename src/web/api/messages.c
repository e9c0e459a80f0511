/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: lists, one with its timeline, the HTML as sent, cancel and resolve.
 *
 * The list shows what is on the message's own row, so a page of 500 is one query. Links, content and events are only in
 * the answer to GET /messages/{id}: instrumenting again is what shows them, with the same tokens, because sealing is
 * deterministic. */
#include "web/api/messages.h"

#include "codec/text/json_text.h"
#include "engine/apply/resolve.h"
#include "engine/feed/event_json.h"
#include "engine/ledger/writer.h"
#include "engine/mail/instrument.h"
#include "engine/mail/outgoing.h"
#include "engine/mail/sending.h"
#include "store/events/events.h"
#include "store/mail/bodies.h"
#include "store/mail/message_list.h"
#include "store/mail/messages.h"
#include "web/api/answer.h"
#include "web/api/parameters.h"
#include "web/api/reach.h"
#include "web/api/services.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 500, TIMELINE_MAX = 500 };

static void put_person(struct json_text *w, const char *key, struct slice email, struct slice name)
{
	json_key(w, key);
	if (!email.n) { /* instrumented for a caller that did not say */
		json_put_null(w);
		return;
	}
	json_open(w, '{');
	JSON_FIELD(w, "email", string, email);
	JSON_FIELD(w, "name", string_or_null, name);
	json_close(w, '}');
}

/* Of the opens that may be the person's, as in the summary. */
static double mpp_share(const struct message_counters *c)
{
	uint32_t whole = c->opens_human + c->opens_proxy + c->opens_mpp;
	return whole ? (double)c->opens_mpp / whole : 0.0;
}

/* Names as in doc/openapi.yaml; "machine" is what is counted for nobody, Apple's prefetches apart: clients of which
 * nobody can tell, too, in opens as in clicks. */
static void put_counters(struct json_text *w, const struct message_counters *c)
{
	JSON_FIELD(w, "opens", i64, (int64_t)c->opens_human + c->opens_proxy);
	JSON_FIELD(w, "opens_unique", i64, c->first_open_us ? 1 : 0);
	JSON_FIELD(w, "opens_mpp", i64, c->opens_mpp);
	JSON_FIELD(w, "mpp_share", double, mpp_share(c));
	JSON_FIELD(w, "clicks", i64, c->clicks_human);
	JSON_FIELD(w, "clicks_unique", i64, c->first_click_us ? 1 : 0);
	JSON_FIELD(w, "machine_opens", i64,
		   (int64_t)c->opens_prefetch + c->opens_scanner + c->opens_preview + c->opens_crawler +
		       c->opens_unknown);
	JSON_FIELD(w, "machine_clicks", i64, c->clicks_machine);
	JSON_FIELD(w, "first_opened_at", time, c->first_open_us);
	JSON_FIELD(w, "first_clicked_at", time, c->first_click_us);
	JSON_FIELD(w, "unsubscribed_at", time, c->unsubscribed_us);
	JSON_FIELD(w, "last_activity_at", time, c->last_activity_us);
}

void messages_write_fields(struct json_text *w, const struct message *m)
{
	JSON_FIELD(w, "id", uuid, m->id);
	JSON_FIELD(w, "status", cstring, message_state_name(m->state));
	JSON_FIELD(w, "created_at", time, m->created_us);
	JSON_FIELD(w, "send_at", time, m->send_at_us);
	JSON_FIELD(w, "sent_at", time, m->sent_us);
	JSON_FIELD(w, "delivered_at", time, m->delivered_us);
	put_person(w, "from", m->from_email, m->from_name);
	put_person(w, "to", m->to_email, m->to_name);
	JSON_FIELD(w, "subject", string, m->subject);
	JSON_FIELD(w, "campaign_id", string_or_null, m->campaign_id);
	JSON_FIELD(w, "template_id", string_or_null, m->template_id);
	JSON_FIELD(w, "contact_id", string_or_null, m->contact_id);
	JSON_FIELD(w, "sender", string_or_null, m->sender);
	JSON_FIELD(w, "stream", string, m->stream);
	JSON_FIELD(w, "provider", string, m->provider);
	json_key(w, "tracked");
	json_open(w, '{');
	JSON_FIELD(w, "opens", cstring, consent_name(m->track_opens));
	JSON_FIELD(w, "clicks", cstring, consent_name(m->track_clicks));
	json_close(w, '}');
	put_counters(w, &m->counters);
	JSON_FIELD(w, "error", string_or_null, m->error);
}

/* The cursor is the last row's id. Ids are UUIDs of version 7 (RFC 9562, 5.7), so they are in the order of their making
 * and a page is read from the primary key. */
static void list_messages(struct api_call *call, struct api_worker *worker, const struct message_filter *filter)
{
	struct err err = {0};
	struct message *messages;
	size_t count;
	enum status status = store_message_list(worker->session, filter, call->arena, &messages, &count, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct json_text w = answer_list_open(call);
	for (size_t i = 0; i < count; i++) {
		json_open(&w, '{');
		messages_write_fields(&w, &messages[i]);
		json_close(&w, '}');
	}
	answer_list_next_id(&w, count == filter->limit ? messages[count - 1].id : (struct uuid){{0}});
	json_close(&w, '}');
}

/* One state; the console's tabs ask for one at a time. */
static bool query_state(struct api_call *call, struct message_filter *f)
{
	struct slice name = {NULL, 0};
	if (!parameters_text(call, "status", &name))
		return false;
	if (!name.p)
		return true;
	f->by_state = message_state_parse(name, &f->state);
	if (!f->by_state)
		answer_problem(call, 422, "Invalid", "The query parameter 'status' is no state of a message.");
	return f->by_state;
}

/* All filters are of the store's indexes or narrow a range of time; "q" searches address and subject of what they
 * leave. */
void messages_list(struct api_call *call, struct api_worker *worker)
{
	struct message_filter f = {.tenant = call->who.tenant, .limit = LIMIT_DEFAULT};
	if (!parameters_text(call, "campaign", &f.campaign_id) || !parameters_text(call, "template", &f.template_id) ||
	    !parameters_contact(call, worker, &f.contact_id) || !parameters_text(call, "sender", &f.sender) ||
	    !parameters_text(call, "provider", &f.provider) || !parameters_text(call, "q", &f.search) ||
	    !query_state(call, &f) || !parameters_times(call, &f.from_us, &f.to_us) ||
	    !parameters_uuid(call, "cursor", &f.before) || !parameters_number(call, "limit", LIMIT_MAX, &f.limit))
		return;
	struct slice own = reach_sender(call);
	if (own.p)
		f.sender = own;
	list_messages(call, worker, &f);
}

/* A list of its own because somebody has to do something about each of these: a crash came between the final dot and
 * its answer, and nobody can know whether the mail left. */
void messages_list_in_doubt(struct api_call *call, struct api_worker *worker)
{
	struct message_filter f = {
	    .tenant = call->who.tenant, .limit = LIMIT_DEFAULT, .by_state = true, .state = MESSAGE_IN_DOUBT};
	if (!parameters_uuid(call, "cursor", &f.before) || !parameters_number(call, "limit", LIMIT_MAX, &f.limit))
		return;
	f.sender = reach_sender(call);
	list_messages(call, worker, &f);
}

/* The message of the route; answers 404 itself, also for what others sent. */
static bool find_message(struct api_call *call, struct api_worker *worker, struct message *ret)
{
	struct err err = {0};
	struct uuid id;
	if (!parameters_id(call, &id))
		return false;
	enum status status = store_message_find(worker->session, call->who.tenant, id, call->arena, ret, &err);
	if (status == STATUS_OK && !reach_mail(call, ret->sender))
		status = STATUS_NOT_FOUND;
	if (status != STATUS_OK)
		answer_status(call, status, &err);
	return status == STATUS_OK;
}

/* STATUS_NOT_FOUND: the message never had a body, or it was pruned. */
static enum status find_body(struct api_call *call, struct api_worker *worker, const struct message *m,
			     struct slice *ret, struct err *err)
{
	if (!m->body_id.n)
		return STATUS_NOT_FOUND;
	return store_body_find(worker->session, m->tenant, m->body_id, call->arena, ret, err);
}

/* A body that was pruned (retain.bodies_days) or cannot be read costs this part of the answer and not the answer. */
static void put_content(struct api_call *call, struct api_worker *worker, struct json_text *w, const struct message *m)
{
	struct err err = {0};
	struct slice content;
	struct mail_body body = {0};
	struct message_options options = {0};
	struct instrument_result result = {0};
	bool there = find_body(call, worker, m, &content, &err) == STATUS_OK &&
		     mail_body_decode(content, call->arena, &body, &err) == STATUS_OK &&
		     message_options_decode(m->options, call->arena, &options, &err) == STATUS_OK;
	if (there && body.html.n &&
	    instrument_html(worker->sealer, m, &options, body.html, call->arena, &result) != STATUS_OK)
		result = (struct instrument_result){0};
	messages_write_links(w, result.links, result.link_count);
	JSON_FIELD(w, "text", string_or_null, body.text);
	JSON_FIELD(w, "has_html", bool, body.html.n > 0);
	JSON_FIELD(w, "body_kept", bool, there);
}

/* The first ones, as many as one message can reasonably have; who needs more reads /events?message=. How many those are
 * is only asked where there can be any. */
static enum status put_timeline(struct api_call *call, struct api_worker *worker, struct json_text *w,
				const struct message *m, struct err *err)
{
	struct event_filter f = {.tenant = m->tenant, .message = m->id, .oldest_first = true, .limit = TIMELINE_MAX};
	struct event_json_context context = {call->who.tenant_name, worker->sealer};
	struct event *events;
	size_t count;
	enum status status = store_event_list(worker->session, &f, call->arena, &events, &count, err);
	if (status != STATUS_OK)
		return status;
	json_key(w, "timeline");
	json_open(w, '[');
	for (size_t i = 0; i < count; i++) {
		json_put_raw(w, SLICE_EMPTY);
		event_json_append(&call->response, &events[i], &context);
	}
	json_close(w, ']');
	uint64_t left_out = 0;
	if (count == TIMELINE_MAX) {
		f.after_position = events[count - 1].position;
		status = store_event_count(worker->session, &f, &left_out, err);
	}
	JSON_FIELD(w, "timeline_left_out", i64, (int64_t)left_out);
	return status;
}

/* Everything that is known of one message; the timeline comes last because it may fail. */
void messages_get(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct message m;
	if (!find_message(call, worker, &m))
		return;
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	messages_write_fields(&w, &m);
	JSON_FIELD(&w, "attempts", i64, m.attempts);
	JSON_FIELD(&w, "provider_message_id", string_or_null, m.remote_id);
	JSON_FIELD(&w, "metadata", raw_or_null, m.metadata);
	put_content(call, worker, &w, &m);
	enum status status = put_timeline(call, worker, &w, &m, &err);
	json_close(&w, '}');
	if (status != STATUS_OK)
		answer_status(call, status, &err);
}

/* Within a frame a link would open in that frame, where the console's policy stops it, so every link opens a tab. The
 * element goes behind the doctype, because anything before it would change how the mail is drawn. */
static void append_for_frame(struct buf *to, struct slice html)
{
	size_t start = 0;
	if (slice_starts_with_nocase(slice_trim(html), SLICE("<!doctype")))
		start = slice_index(html, '>') + 1;
	buf_append(to, slice_sub(html, 0, start));
	buf_append(to, SLICE("<base target=\"_blank\">"));
	buf_append(to, slice_from(html, start));
}

/* Whoever looks at what somebody got would be counted as that person. Mail in the outbox nobody got: it is there to be
 * tried, and reading it is what makes its events. */
static void leave_uncounted(struct message *m)
{
	if (slice_equal(m->provider, SLICE("outbox")))
		return;
	m->track_opens = CONSENT_OFF;
	m->track_clicks = CONSENT_OFF;
}

/* The HTML as sent, but that only mail in the outbox has its pixel and tracked links; or with ?frame=1 for a sandboxed
 * frame of the console. Pictures and links work, scripts and forms do not. */
void messages_preview(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct message m;
	struct slice html = SLICE_EMPTY;
	struct slice content;
	struct slice frame = {NULL, 0};
	if (!parameters_text(call, "frame", &frame) || !find_message(call, worker, &m))
		return;
	enum status status = find_body(call, worker, &m, &content, &err);
	leave_uncounted(&m);
	struct outgoing outgoing = {&m, content, worker->sealer, call->arena};
	if (status == STATUS_OK)
		status = outgoing_html(&outgoing, &html, &err);
	if (status == STATUS_OK && !html.n)
		status = STATUS_NOT_FOUND;
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	(void)answer_json(call, 200);
	call->response_type = SLICE("text/html; charset=utf-8");
	if (frame.p)
		append_for_frame(&call->response, html);
	else
		buf_append(&call->response, html);
	answer_header(
	    call, SLICE("Content-Security-Policy"),
	    SLICE("default-src 'none'; img-src http: https: data: cid:; style-src 'unsafe-inline' http: https:; "
		  "font-src http: https: data:; sandbox allow-popups allow-popups-to-escape-sandbox; "
		  "frame-ancestors 'self'"));
	answer_header(call, SLICE("Referrer-Policy"), SLICE("no-referrer"));
}

void messages_write_links(struct json_text *w, const struct mail_link *links, size_t count)
{
	json_key(w, "links");
	json_open(w, '[');
	for (size_t i = 0; i < count; i++) {
		json_open(w, '{');
		JSON_FIELD(w, "index", i64, links[i].index);
		JSON_FIELD(w, "url", string, links[i].url);
		JSON_FIELD(w, "tracked_url", string_or_null, links[i].tracked_url);
		JSON_FIELD(w, "skipped", cstring, links[i].skipped);
		json_close(w, '}');
	}
	json_close(w, ']');
}

/* ---- Deciding */

static void answer_state(struct api_call *call, struct api_worker *worker)
{
	const struct uuid *id = call->state;
	struct err err = call->command->err;
	struct message m;
	enum status status = call->command->status;
	if (status == STATUS_OK)
		status = store_message_find(worker->session, call->who.tenant, *id, call->arena, &m, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	messages_write_fields(&w, &m);
	json_close(&w, '}');
}

/* The command is the engine's; only whose message it was is kept for the answer. */
static void decide(struct api_call *call, struct writer_command *command, struct uuid id, api_handler then)
{
	struct uuid *kept = ARENA_NEW(call->arena, struct uuid);
	*kept = id;
	call->state = kept;
	call_commit(call, command, then);
}

void messages_cancel(struct api_call *call, struct api_worker *worker)
{
	const struct sending *sending = call->services->sending;
	struct message m;
	if (find_message(call, worker, &m))
		decide(call, resolve_cancel_command(sending, call->arena, call->who.tenant, m.id), m.id, answer_state);
}

/* The deliverer sleeps until something is due; this is. */
static void answer_resent(struct api_call *call, struct api_worker *worker)
{
	if (call->command->status == STATUS_OK)
		resolve_doubt_end(call->services->sending, RESOLVE_RESEND);
	answer_state(call, worker);
}

void messages_resolve(struct api_call *call, struct api_worker *worker)
{
	const struct sending *sending = call->services->sending;
	struct message m;
	enum resolve_as as;
	const char *name = json_string_value(json_object_get(call->json, "as"));
	if (!name || json_object_size(call->json) != 1 || !resolve_parse(slice_from_cstr(name), &as)) {
		answer_problem(call, 422, "Invalid", "The body must be {\"as\": \"sent\"}, \"resend\" or \"failed\".");
		return;
	}
	if (find_message(call, worker, &m))
		decide(call, resolve_doubt_command(sending, call->arena, call->who.tenant, m.id, as), m.id,
		       as == RESOLVE_RESEND ? answer_resent : answer_state);
}
