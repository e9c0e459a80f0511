/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions are commands on the writer, because what they decide about may be changing there at that moment: a cancel
 * and a claim, a person's "it was sent" and a late outcome. Queue and message are looked at and changed in one
 * transaction, so one of the two wins and the other is told the message's state. */
#include "engine/apply/resolve.h"

#include "engine/apply/send_fence.h"
#include "engine/ledger/state_move.h"
#include "engine/tenant/cohort.h"
#include "store/mail/queue_admin.h"

struct decision {
	struct writer_command command;
	const struct sending *sending;
	uint32_t tenant;
	struct uuid id;
	struct uuid event_id;
	enum resolve_as as;
};

static enum status find(const struct decision *d, struct batch *batch, struct message **ret, struct err *err)
{
	struct message *message;
	enum status status = batch_message(batch, d->id, &message, err);
	/* Another tenant's message is none at all. */
	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && message->tenant != d->tenant))
		return err_set(err, STATUS_NOT_FOUND, "there is no such message");
	if (status == STATUS_OK)
		*ret = message;
	return status;
}

/* A mail that is only claimed can be taken back: in a shared store its intent finds no row any more; elsewhere the
 * fence holds it. Until the journal has been read no row says whether an intent of an earlier process is in there. */
static bool may_take_back_claimed(const struct sending *sending)
{
	return store_is_shared(sending->store) || writer_caught_up(sending->writer);
}

static enum status take_out(const struct decision *d, struct batch *batch, struct err *err)
{
	struct send_fence *fence = store_is_shared(d->sending->store) ? NULL : d->sending->fence;
	struct queue_canceled row;
	enum status status =
	    store_queue_cancel(batch_session(batch), d->id, may_take_back_claimed(d->sending), &row, err);
	/* If this is rolled back nevertheless, only the attempt is lost: it is claimed again. */
	bool has_left =
	    status == STATUS_OK && row.was_claimed && fence && !send_fence_cancel(fence, d->id, row.attempt);
	return status == STATUS_NOT_FOUND || has_left ? err_set(err, STATUS_CONFLICT, "the message is being sent")
						      : status;
}

static enum status run_cancel(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct decision *d = (const struct decision *)(void *)command;
	struct message *message;
	enum status status = find(d, batch, &message, err);
	if (status != STATUS_OK)
		return status;
	if (message->state > MESSAGE_DEFERRED)
		return err_set(err, STATUS_CONFLICT, "the message is %s", message_state_name(message->state));
	status = take_out(d, batch, err);
	if (status != STATUS_OK)
		return status;
	message->state = MESSAGE_CANCELED;
	batch_touch(batch, message);
	return STATUS_OK;
}

static void end_doubt(struct batch *batch, struct message *message, const struct decision *d)
{
	bool is_sent = d->as == RESOLVE_SENT;
	int64_t now_us = batch_now_us(batch);
	cohort_need(batch, message, now_us);
	if (!state_move(batch, message, is_sent ? MESSAGE_SENT : MESSAGE_FAILED))
		return;
	struct event event = state_event(batch, message, is_sent ? EVENT_SENT : EVENT_FAILED, d->event_id);
	if (is_sent) {
		message->sent_us = now_us;
		message->error = SLICE_EMPTY;
	} else {
		event.bounce_reason = SLICE("resolved as failed");
	}
	batch_event(batch, message, &event);
}

static enum status run_resolve(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct decision *d = (const struct decision *)(void *)command;
	struct message *message;
	enum status status = find(d, batch, &message, err);
	if (status != STATUS_OK)
		return status;
	if (message->state != MESSAGE_IN_DOUBT)
		return err_set(err, STATUS_CONFLICT, "the message is not in doubt; it is %s",
			       message_state_name(message->state));
	status = store_queue_resolve(batch_session(batch), d->id, d->as == RESOLVE_RESEND, batch_now_us(batch), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, STATUS_CONFLICT, "the message is being sent again");
	if (status == STATUS_OK && d->as != RESOLVE_RESEND)
		end_doubt(batch, message, d);
	return status;
}

static struct decision decision_of(const struct sending *sending, uint32_t tenant, struct uuid id)
{
	return (struct decision){
	    .sending = sending, .tenant = tenant, .id = id, .event_id = state_event_id(clock_now_us(sending->clock))};
}

struct writer_command *resolve_cancel_command(const struct sending *sending, struct arena *arena, uint32_t tenant,
					      struct uuid id)
{
	struct decision *d = ARENA_NEW(arena, struct decision);
	*d = decision_of(sending, tenant, id);
	d->command.run = run_cancel;
	return &d->command;
}

bool resolve_parse(struct slice name, enum resolve_as *ret)
{
	static const char *const NAMES[] = {
	    [RESOLVE_SENT] = "sent", [RESOLVE_RESEND] = "resend", [RESOLVE_FAILED] = "failed"};
	size_t i = slice_index_in(name, NAMES, sizeof NAMES / sizeof NAMES[0]);
	if (i == sizeof NAMES / sizeof NAMES[0])
		return false;
	*ret = (enum resolve_as)i;
	return true;
}

struct writer_command *resolve_doubt_command(const struct sending *sending, struct arena *arena, uint32_t tenant,
					     struct uuid id, enum resolve_as as)
{
	struct decision *d = ARENA_NEW(arena, struct decision);
	*d = decision_of(sending, tenant, id);
	d->command.run = run_resolve;
	d->as = as;
	return &d->command;
}

void resolve_doubt_end(const struct sending *sending, enum resolve_as as)
{
	if (as == RESOLVE_RESEND && sending->queued)
		sending->queued(sending->queued_user);
}
