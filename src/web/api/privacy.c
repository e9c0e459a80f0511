/* SPDX-License-Identifier: Apache-2.0 */
/* What a person may ask for: everything that is known of them (GDPR, articles 15 and 20), and to be forgotten (article
 * 17).
 *
 * An export is written into one buffer, page by page of the store, and given whole or not at all: half of what is known
 * would be taken for all of it. It is noted before it is made, so that no copy leaves without a trace. */
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
#include "web/api/messages.h"
#include "web/api/services.h"

enum { PAGE = 500 };

/* ---- Export */

/* The texts as they were kept, before links were tracked. */
static void put_content(struct api_call *call, struct api_worker *worker, struct json_text *w, const struct message *m)
{
	struct err err = {0};
	struct slice content;
	struct mail_body body = {0};
	if (m->body_id.n &&
	    store_body_find(worker->session, m->tenant, m->body_id, call->arena, &content, &err) == STATUS_OK &&
	    mail_body_decode(content, call->arena, &body, &err) != STATUS_OK)
		body = (struct mail_body){0};
	JSON_FIELD(w, "html", string_or_null, body.html);
	JSON_FIELD(w, "text", string_or_null, body.text);
}

static void put_message(struct api_call *call, struct api_worker *worker, struct json_text *w, const struct message *m)
{
	json_open(w, '{');
	messages_write_fields(w, m);
	JSON_FIELD(w, "category", string_or_null, m->contact_category);
	JSON_FIELD(w, "enrollment", string_or_null, m->enrollment);
	JSON_FIELD(w, "provider_message_id", string_or_null, m->remote_id);
	JSON_FIELD(w, "metadata", raw_or_null, m->metadata);
	put_content(call, worker, w, m);
	json_close(w, '}');
}

/* By the contact's id, through pages, each its own read: an export must not hold a snapshot of the store for as long as
 * it takes. */
static enum status put_messages(struct api_call *call, struct api_worker *worker, struct json_text *w, struct slice id,
				struct err *err)
{
	struct message_filter f = {.tenant = call->who.tenant, .contact_id = id, .limit = PAGE};
	struct message *messages;
	size_t count = PAGE;
	json_key(w, "messages");
	json_open(w, '[');
	while (count == PAGE) {
		enum status status = store_message_list(worker->session, &f, call->arena, &messages, &count, err);
		if (status != STATUS_OK)
			return status;
		for (size_t i = 0; i < count; i++)
			put_message(call, worker, w, &messages[i]);
		if (count)
			f.before = messages[count - 1].id;
	}
	json_close(w, ']');
	return STATUS_OK;
}

static enum status put_events(struct api_call *call, struct api_worker *worker, struct json_text *w, struct slice id,
			      struct err *err)
{
	struct event_filter f = {.tenant = call->who.tenant, .contact_id = id, .oldest_first = true, .limit = PAGE};
	struct event_json_context context = {call->who.tenant_name, worker->sealer};
	struct event *events;
	size_t count = PAGE;
	json_key(w, "events");
	json_open(w, '[');
	while (count == PAGE) {
		enum status status = store_event_list(worker->session, &f, call->arena, &events, &count, err);
		if (status != STATUS_OK)
			return status;
		for (size_t i = 0; i < count; i++) {
			json_put_raw(w, SLICE_EMPTY);
			event_json_append(&call->response, &events[i], &context);
		}
		if (count)
			f.after_position = events[count - 1].position;
	}
	json_close(w, ']');
	return STATUS_OK;
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

void privacy_export(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct contact c;
	enum status status = contacts_find(call, worker, &c, &err);
	if (status == STATUS_OK)
		status = note_export(call, &c, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	JSON_FIELD(&w, "exported_at", time, clock_now_us(call->services->clock));
	json_key(&w, "contact");
	status = contacts_write(call, worker, &w, &c, &err);
	if (status == STATUS_OK)
		status = put_suppression(call, worker, &w, &c, &err);
	if (status == STATUS_OK)
		status = put_messages(call, worker, &w, c.id, &err);
	if (status == STATUS_OK)
		status = put_events(call, worker, &w, c.id, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	json_close(&w, '}');
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
