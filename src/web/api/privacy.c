/* SPDX-License-Identifier: Apache-2.0 */
/* What a person may ask for: everything that is known of them (GDPR, articles 15 and 20), and to be forgotten (article
 * 17).
 *
 * An export is written page by page, each its own read of the store, as fast as somebody takes it. Half of what is
 * known must not be taken for all of it: one that fails on the way is cut off (long_answer.h). It is noted before it is
 * made, so that no copy leaves without a trace. */
#include "web/api/privacy.h"

#include "base/clock.h"
#include "base/log.h"
#include "codec/text/json_text.h"
#include "engine/feed/event_json.h"
#include "engine/ledger/audit.h"
#include "engine/mail/mail_body.h"
#include "engine/people/erase.h"
#include "store/events/events.h"
#include "store/mail/bodies.h"
#include "store/mail/message_list.h"
#include "store/mail/messages.h"
#include "store/people/contacts.h"
#include "store/people/suppressions.h"
#include "web/api/answer.h"
#include "web/api/contacts.h"
#include "web/api/events.h"
#include "web/api/long_answer.h"
#include "web/api/messages.h"
#include "web/api/services.h"

enum { MESSAGES_AT_ONCE = 50, EVENTS_AT_ONCE = 250, TEXTS_AT_ONCE = 128 << 10 };

/* ---- Export */

/* The texts as they were kept, before links were tracked. */
static void put_content(const struct page *page, struct json_text *w, const struct message *m)
{
	struct err err = {0};
	struct slice content;
	struct mail_body body = {0};
	if (m->body_id.n &&
	    store_body_find(page->worker->session, m->tenant, m->body_id, page->arena, &content, &err) == STATUS_OK &&
	    mail_body_decode(content, page->arena, &body, &err) != STATUS_OK)
		body = (struct mail_body){0};
	JSON_FIELD(w, "html", string_or_null, body.html);
	JSON_FIELD(w, "text", string_or_null, body.text);
}

static void put_message(const struct page *page, struct json_text *w, const struct message *m)
{
	json_open(w, '{');
	messages_write_fields(w, m);
	JSON_FIELD(w, "category", string_or_null, m->contact_category);
	JSON_FIELD(w, "enrollment", string_or_null, m->enrollment);
	JSON_FIELD(w, "provider_message_id", string_or_null, m->remote_id);
	JSON_FIELD(w, "metadata", raw_or_null, m->metadata);
	put_content(page, w, m);
	json_close(w, '}');
}

/* It is kept under the address, which outlives the contact on purpose. */
static enum status put_suppression(struct api_call *call, struct api_worker *worker, struct json_text *w,
				   const struct contact *c, struct err *err)
{
	struct slice reason = SLICE_EMPTY;
	enum status status =
	    store_suppression_find(worker->session, call->who.tenant, c->email, call->arena, &reason, err);
	if (status == STATUS_NOT_FOUND)
		status = STATUS_OK;
	JSON_FIELD(w, "suppressed", string_or_null, reason);
	return status;
}

/* In a transaction of its own, since nothing else is written. */
static enum status note_export(struct api_call *call, const struct contact *c, struct err *err)
{
	struct audit_note entry = {.tenant = call->who.tenant,
				   .actor = auth_actor(&call->who, call->arena),
				   .action = SLICE("contact.exported"),
				   .subject = audit_person(call->arena, call->who.tenant, c->id)};
	return audit_record(call->services->writer, &entry, err);
}

/* Where an export is. What it shows of messages and events is what was there when it began: messages are read from the
 * newest back, events up to the last one then. */
struct contact_export {
	struct page_source source; /* first: a source is an export */
	struct contact contact;
	enum { OF_MESSAGES, OF_EVENTS } part;
	bool needs_comma;
	struct uuid before;      /* the message written last */
	uint64_t after, through; /* positions of the event written last, and of the last one to be written */
};

static enum status put_messages(struct contact_export *x, const struct page *page, struct json_text *w, struct err *err)
{
	struct api_call *call = page->call;
	struct message_filter f = {
	    .tenant = call->who.tenant, .contact_id = x->contact.id, .before = x->before, .limit = MESSAGES_AT_ONCE};
	struct message *messages;
	size_t count, i;
	enum status status = store_message_list(page->worker->session, &f, page->arena, &messages, &count, err);
	if (status != STATUS_OK)
		return status;
	/* Their texts may have megabytes each. */
	for (i = 0; i < count && call->response.n < TEXTS_AT_ONCE; i++) {
		put_message(page, w, &messages[i]);
		x->before = messages[i].id;
	}
	return i == count && count < f.limit ? STATUS_END : STATUS_OK;
}

static enum status put_events(struct contact_export *x, const struct page *page, struct json_text *w, struct err *err)
{
	struct api_call *call = page->call;
	struct event_filter f = {.tenant = call->who.tenant,
				 .contact_id = x->contact.id,
				 .after_position = x->after,
				 .has_horizon = true,
				 .horizon = x->through,
				 .oldest_first = true,
				 .limit = EVENTS_AT_ONCE};
	struct event_json_context context = {call->who.tenant_name, page->worker->sealer};
	struct event *events;
	size_t count;
	enum status status = store_event_list(page->worker->session, &f, page->arena, &events, &count, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		json_put_raw(w, SLICE_EMPTY);
		event_json_append(&call->response, &events[i], &context);
		x->after = events[i].position;
	}
	return count < f.limit ? STATUS_END : STATUS_OK;
}

/* Who was forgotten meanwhile has no messages and events any more, and what there is of them would look like all there
 * was. */
static enum status close_export(const struct page *page, struct json_text *w, struct err *err)
{
	struct contact now;
	enum status status = contacts_find(page->call, page->worker, &now, err);
	json_close(w, ']');
	json_close(w, '}');
	return status == STATUS_OK ? STATUS_END : status;
}

static enum status next_of_contact(struct page_source *source, const struct page *page, struct err *err)
{
	struct contact_export *x = (struct contact_export *)source;
	struct json_text w = {&page->call->response, x->needs_comma};
	enum status status = x->part == OF_MESSAGES ? put_messages(x, page, &w, err) : put_events(x, page, &w, err);
	if (status == STATUS_END && x->part == OF_EVENTS)
		return close_export(page, &w, err);
	if (status == STATUS_END) {
		json_close(&w, ']');
		json_key(&w, "events");
		json_open(&w, '[');
		x->part = OF_EVENTS;
		status = STATUS_OK;
	}
	x->needs_comma = w.needs_comma;
	return status;
}

/* What comes before messages and events. */
static enum status begin_export(struct api_call *call, struct api_worker *worker, struct contact_export *x,
				struct err *err)
{
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	JSON_FIELD(&w, "exported_at", time, clock_now_us(call->services->clock));
	json_key(&w, "contact");
	enum status status = contacts_write(call, worker, &w, &x->contact, err);
	if (status == STATUS_OK)
		status = put_suppression(call, worker, &w, &x->contact, err);
	if (status == STATUS_OK)
		status = events_newest(call, worker, &x->through, err);
	json_key(&w, "messages");
	json_open(&w, '[');
	x->needs_comma = w.needs_comma;
	return status;
}

void privacy_export(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct contact_export *x = ARENA_NEW(call->arena, struct contact_export);
	x->source.next = next_of_contact;
	enum status status = contacts_find(call, worker, &x->contact, &err);
	if (status == STATUS_OK)
		status = note_export(call, &x->contact, &err);
	if (status == STATUS_OK)
		status = begin_export(call, worker, x, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	long_answer_begin(call, worker, &x->source);
	if (call->status == 200)
		answer_header(call, SLICE("Content-Disposition"), SLICE("attachment; filename=\"contact.json\""));
}

/* ---- Erasure */

void privacy_erase(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct contact c;
	struct erase_result result;
	enum status status = contacts_find(call, worker, &c, &err);
	struct erase_request request = {call->services->sending,
					worker->session,
					call->arena,
					{call->who.tenant, c.id},
					auth_actor(&call->who, call->arena)};
	if (status == STATUS_OK || status == STATUS_NOT_FOUND) /* mail may be left of one who has no row any more */
		status = erase_contact(&request, &result, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	/* Whom it was about is what must not stay anywhere. */
	log_info("contact.erased", LOG_INT("tenant", call->who.tenant), LOG_INT("messages", result.counts.messages),
		 LOG_INT("events", result.counts.events));
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	JSON_FIELD(&w, "messages", i64, (int64_t)result.counts.messages);
	JSON_FIELD(&w, "events", i64, (int64_t)result.counts.events);
	json_key(&w, "same_address");
	json_open(&w, '[');
	for (size_t i = 0; i < result.same_address.count; i++)
		json_put_string(&w, result.same_address.items[i]);
	json_close(&w, ']');
	json_close(&w, '}');
}
