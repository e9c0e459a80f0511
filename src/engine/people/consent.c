/* SPDX-License-Identifier: Apache-2.0 */
/* What holds, the proof of it, the event and the note of who decided are one transaction: consent without proof is
 * worth nothing, and a proof of what did not come to hold is wrong. The writer keeps contacts who agreed to less in
 * memory (decision 38), so it is told here. */
#include "engine/people/consent.h"

#include "codec/text/json_text.h"
#include "engine/ledger/audit.h"
#include "engine/ledger/state_move.h"
#include "store/house/catalog.h"

enum { METADATA_MAX = 4096 };

static struct slice describe(struct arena *arena, const struct consent_change *change)
{
	struct buf text;
	buf_init_fixed(&text, arena_alloc(arena, METADATA_MAX), METADATA_MAX);
	struct json_text w = json_text_on(&text);
	json_open(&w, '{');
	JSON_FIELD(&w, "consent_opens", cstring, consent_name(change->what.opens));
	JSON_FIELD(&w, "consent_clicks", cstring, consent_name(change->what.clicks));
	JSON_FIELD(&w, "consent_method", string, change->method);
	json_close(&w, '}');
	return buf_failed(&text) ? SLICE_EMPTY : buf_slice(&text);
}

static void add_event(struct batch *batch, const struct consent_change *change, const struct message *message,
		      struct event event)
{
	/* What was agreed to, the event's readers find in the record of that id. */
	struct message about = message ? *message : (struct message){.position = -1};
	event.tenant = change->tenant;
	event.type = EVENT_CONSENT;
	event.message = about.id;
	event.link_index = -1;
	batch_event(batch, &about, &event);
}

enum status consent_apply(struct batch *batch, const struct consent_change *change, const struct message *message,
			  const struct event *event, struct err *err)
{
	struct store_session *session = batch_session(batch);
	struct consent_record record = {.id = event->id,
					.what = change->what,
					.method = change->method,
					.text = change->text,
					.decided_by = change->decided_by,
					.created_us = event->occurred_us};
	enum status status = store_contact_set_consent(session, change->tenant, &change->what, event->occurred_us, err);
	if (status == STATUS_OK)
		status = store_consent_add(session, change->tenant, &record, err);
	/* Behind the store, so that memory never knows of what was refused; a rollback has it all read again. */
	if (status == STATUS_OK)
		batch_change_contact(batch, change->tenant, &change->what);
	if (status == STATUS_OK)
		add_event(batch, change, message, *event);
	return status;
}

struct consent_command {
	struct writer_command command;
	const struct consent_change *change;
	struct uuid event_id;
};

static enum status run_consent(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct consent_command *c = (const struct consent_command *)(void *)command;
	struct event event = {.id = c->event_id, .occurred_us = batch_now_us(batch)};
	const struct consent_change *change = c->change;
	struct audit_note entry = {
	    .tenant = change->tenant,
	    .actor = change->decided_by,
	    .action = SLICE("consent.changed"),
	    .subject = audit_person(batch_arena(batch), change->tenant, change->what.id),
	    .details = describe(batch_arena(batch), change),
	};
	enum status status = consent_apply(batch, change, NULL, &event, err);
	return status == STATUS_OK ? audit_write(batch, &entry, err) : status;
}

struct writer_command *consent_command(const struct sending *sending, struct arena *arena,
				       const struct consent_change *change)
{
	struct consent_command *c = ARENA_NEW(arena, struct consent_command);
	*c = (struct consent_command){.command = {.run = run_consent}, .change = change};
	c->event_id = state_event_id(clock_now_us(sending->clock));
	return &c->command;
}

struct save_command {
	struct writer_command command;
	uint32_t tenant;
	const struct contact *contact;
	const struct campaign_change *campaign;
};

static enum status run_save_contact(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct save_command *c = (const struct save_command *)(void *)command;
	return store_contact_use(batch_session(batch), c->tenant, c->contact, batch_now_us(batch), err);
}

enum status consent_save_contact(const struct sending *sending, uint32_t tenant, const struct contact *contact,
				 struct err *err)
{
	struct save_command c = {.command = {.run = run_save_contact}, .tenant = tenant, .contact = contact};
	return writer_submit_and_wait(sending->writer, &c.command, err);
}

static enum status note_limit(struct batch *batch, const struct campaign_change *change, struct err *err)
{
	struct arena *arena = batch_arena(batch);
	struct audit_note entry = {
	    .tenant = change->tenant,
	    .actor = change->actor,
	    .action = SLICE("campaign.limited"),
	    .subject = arena_printf(arena, "campaign:%.*s", SLICE_FMT(change->id)),
	    .details = arena_printf(arena, "{\"opens\":\"%s\",\"clicks\":\"%s\"}", consent_name(change->limit->opens),
				    consent_name(change->limit->clicks)),
	};
	return audit_write(batch, &entry, err);
}

static enum status run_save_campaign(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct campaign_change *change = ((const struct save_command *)(void *)command)->campaign;
	struct store_session *session = batch_session(batch);
	int64_t now_us = batch_now_us(batch);
	enum status status = store_campaign_use(session, change->tenant, change->id, change->name, now_us, err);
	if (status == STATUS_OK && change->limit)
		status = store_campaign_set_limit(session, change->tenant, change->id, change->limit, now_us, err);
	if (status == STATUS_OK && change->limit)
		status = note_limit(batch, change, err);
	return status;
}

enum status consent_save_campaign(const struct sending *sending, const struct campaign_change *change, struct err *err)
{
	struct save_command c = {.command = {.run = run_save_campaign}, .campaign = change};
	return writer_submit_and_wait(sending->writer, &c.command, err);
}
