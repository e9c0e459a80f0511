/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of all good items are written by one command. What can fail comes first in it and events and counters last:
 * they are gathered in memory and cannot be taken back one by one. */
#include "engine/intake/accept.h"

#include "engine/intake/accept_nouns.h"
#include "engine/intake/accept_prepare.h"
#include "engine/ledger/effects.h"
#include "store/mail/links.h"
#include "store/mail/queue.h"

enum { IDEMPOTENCY_SECONDS = 24 * 3600 };

struct accept_command {
	struct writer_command command;
	struct accepted *accepted; /* their messages get numbers */
	size_t count;
	const struct accept_idempotency *idempotency; /* or NULL */
	uint32_t tenant;
	struct idempotency_record record;
};

/* ---- On the writer's thread */

static enum status write_rows(struct store_session *s, struct accepted *a, struct err *err)
{
	struct message *m = &a->message;
	struct queue_item item = {
	    .message = m->id,
	    .tenant = m->tenant,
	    .provider = m->provider,
	    .stream = m->stream,
	    .due_us = m->send_at_us,
	};
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < a->stored_count; i++)
		status = store_link_put(s, m->tenant, a->stored[i].key, a->stored[i].url, m->created_us, err);
	if (status == STATUS_OK)
		status = store_message_add(s, m, err);
	if (status == STATUS_OK && a->is_queued)
		status = store_queue_add(s, &item, err);
	return status;
}

static enum event_type event_of(const struct message *m)
{
	if (m->state == MESSAGE_SUPPRESSED)
		return EVENT_SUPPRESSED;
	return m->state == MESSAGE_SENT ? EVENT_SENT : EVENT_QUEUED;
}

static void gather(struct batch *batch, const struct accepted *a)
{
	const struct message *m = &a->message;
	struct event event = {
	    .id = a->event_id,
	    .tenant = m->tenant,
	    .type = event_of(m),
	    .occurred_us = m->created_us,
	    .message = m->id,
	    .is_unique = true,
	    .link_index = -1,
	    .provider = m->provider,
	};
	if (m->state == MESSAGE_SUPPRESSED)
		event.bounce_reason = a->suppressed_reason;
	batch_event(batch, m, &event);
	effects_accepted(batch_sums(batch), m, &event);
}

static enum status keep_answer(struct store_session *s, const struct accept_command *c, struct err *err)
{
	if (!c->idempotency)
		return STATUS_OK;
	int64_t now_us = c->accepted[0].message.created_us;
	struct idempotency_key key = {
	    .tenant = c->tenant,
	    .key = c->idempotency->key,
	    .not_before_us = now_us - (int64_t)IDEMPOTENCY_SECONDS * 1000000,
	};
	return store_idempotency_put(s, &key, now_us, &c->record, err);
}

static enum status run(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct accept_command *c = (const struct accept_command *)(void *)command;
	struct store_session *s = batch_session(batch);
	/* First, because it is the one thing that another request may have done already. */
	enum status status = keep_answer(s, c, err);
	if (status == STATUS_OK)
		status = accept_write_nouns(s, c->accepted, c->count, batch_arena(batch), err);
	for (size_t i = 0; status == STATUS_OK && i < c->count; i++)
		status = write_rows(s, &c->accepted[i], err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < c->count; i++)
		gather(batch, &c->accepted[i]);
	return STATUS_OK;
}

/* ---- On the caller's thread */

static enum status render(const struct accept_request *request, const struct accept_item *items, size_t count,
			  struct accept_command *c)
{
	const struct accept_idempotency *idempotency = request->idempotency;
	struct buf answer;
	if (!idempotency)
		return STATUS_OK;
	buf_init(&answer, ACCEPT_RESPONSE_MAX);
	idempotency->render(idempotency->user, items, count, &answer);
	enum status status = buf_status(&answer);
	if (status == STATUS_OK)
		c->record = (struct idempotency_record){idempotency->request_hash, idempotency->status,
							arena_copy(request->arena, buf_slice(&answer))};
	buf_done(&answer);
	return status;
}

static enum status make_command(const struct accept_context *context, const struct accept_item *items,
				size_t item_count, struct accept_command **ret)
{
	struct accept_command *c = ARENA_NEW(context->request->arena, struct accept_command);
	c->command.run = run;
	c->idempotency = context->request->idempotency;
	c->tenant = context->request->tenant;
	enum status status = render(context->request, items, item_count, c);
	if (status == STATUS_OK)
		*ret = c;
	return status;
}

enum status accept_begin(const struct accept_context *context, struct accept_item *items, size_t count,
			 struct writer_command **ret)
{
	struct accept_command *command = NULL;
	struct err err;
	if (count > ACCEPT_ITEMS_MAX)
		return STATUS_TOO_BIG;
	struct accepted *accepted = arena_alloc_array(context->request->arena, count, sizeof *accepted);
	size_t accepted_count = 0;
	for (size_t i = 0; i < count; i++) {
		enum status status = accept_prepare(context, &items[i], &accepted[accepted_count], &err);
		if (status != STATUS_OK)
			return status;
		accepted_count += items[i].status == STATUS_OK;
	}
	enum status status = accepted_count ? make_command(context, items, count, &command) : STATUS_OK;
	if (status != STATUS_OK)
		return status;
	if (command) {
		command->accepted = accepted;
		command->count = accepted_count;
	}
	*ret = command ? &command->command : NULL;
	return STATUS_OK;
}

enum status accept_end(const struct sending *sending, const struct writer_command *command)
{
	/* Behind the commit: a deliverer that is woken before finds nothing, and would look again only after
	 * seconds. */
	if (command->status == STATUS_OK && sending->queued)
		sending->queued(sending->queued_user);
	return command->status;
}
