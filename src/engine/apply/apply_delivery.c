/* SPDX-License-Identifier: Apache-2.0 */
/* What the deliverer said, as state, events and counters of a message.
 *
 * A message stands in at most one column of the day's numbers: none yet, in doubt, in flight, delivered, bounced or
 * failed; which one follows from its state alone (effects.h). Moving is leaving one and entering the other, and
 * whoever enters the first one counts as a send. So the sums hold by construction, whatever order outcomes come in, and
 * a state that would go down is not taken. Events are made by the first-time fields (sent, delivered), not by the
 * state: mail that was known to be delivered before we heard that it was sent was still sent.
 *
 * The queue follows by message and attempt, gathered in the batch and written with it (ledger/batch.h). Nothing here
 * depends on whether there still is a row: on a replay it went with the first time, and a machine that was thought dead
 * comes back with an outcome when its lease has long been another's. The message itself says what is true. */
#include "codec/mail/refusal.h"
#include "engine/apply/apply.h"
#include "engine/apply/delivery.h"
#include "engine/ledger/queue_moves.h"
#include "engine/ledger/record.h"
#include "engine/ledger/state_move.h"
#include "engine/tenant/cohort.h"

static enum status skip(const struct apply_context *context, enum apply_skip why)
{
	apply_note_skip(context->apply, why, context->record);
	return STATUS_OK;
}

/* ---- Intents */

void delivery_begins(struct batch *batch, struct message *message, const struct delivery_begin *begin)
{
	cohort_need(batch, message, begin->time_us);
	/* A program from before Date was kept wrote the time of acceptance. */
	if (message->dated_us == 0)
		message->dated_us = begin->date_us ? begin->date_us : message->created_us;
	if (message->state < MESSAGE_SENDING)
		message->state = MESSAGE_SENDING;
	if (message->attempts < begin->attempt)
		message->attempts = begin->attempt;
	batch_touch(batch, message);
}

enum status apply_intent(const struct apply_context *context, struct err *err)
{
	struct intent_record intent;
	struct message *message;
	int64_t time_us = context->record->time_us;
	if (record_get_intent(context->record->payload, &intent) != STATUS_OK)
		return skip(context, APPLY_SKIP_MALFORMED);
	enum status status = batch_message(context->batch, intent.message, &message, err);
	if (status == STATUS_NOT_FOUND)
		return skip(context, APPLY_SKIP_NO_MESSAGE);
	struct queue_intent wanted = {intent.message, intent.lease, intent.attempt};
	struct delivery_begin begin = {intent.attempt, time_us, intent.date_us};
	bool taken;
	/* An outcome of an attempt before may still be gathered: a row's steps stay in order. */
	if (status == STATUS_OK)
		status = queue_moves_before(batch_queue_moves(context->batch), intent.message, err);
	if (status == STATUS_OK)
		status = store_queue_intents(batch_session(context->batch), &wanted, 1, time_us, &taken, err);
	if (status == STATUS_OK)
		delivery_begins(context->batch, message, &begin);
	return status;
}

/* ---- Outcomes */

struct delivery {
	const struct apply_context *context;
	struct outcome_record record;
	struct message *message;
	uint32_t event_count; /* made from this record so far */
};

static struct event new_event(struct delivery *d, enum event_type type)
{
	const struct journal_record *record = d->context->record;
	struct uuid id = uuid_of_record(record->time_us, d->context->parts->node, record->sequence);
	d->event_count++;
	return (struct event){
	    .id = d->event_count == 1 ? id : uuid_derived(id, d->event_count),
	    .tenant = d->message->tenant,
	    .type = type,
	    .occurred_us = record->time_us,
	    .message = d->message->id,
	    .is_unique = true,
	    .link_index = -1,
	    .provider = d->message->provider,
	    .remote_id = d->message->remote_id,
	};
}

static void add_event(struct delivery *d, enum event_type type)
{
	struct event event = new_event(d, type);
	batch_event(d->context->batch, d->message, &event);
}

static void add_refusal_event(struct delivery *d, enum event_type type)
{
	struct event event = new_event(d, type);
	struct refusal refusal;
	refusal_parse(d->record.reply_code, d->record.reply, &refusal);
	char reply_code[16];
	struct buf code;
	buf_init_fixed(&code, reply_code, sizeof reply_code);
	if (refusal.enhanced_code.n)
		event.bounce_code = refusal.enhanced_code;
	else if (d->record.reply_code) {
		buf_append_u64(&code, d->record.reply_code);
		event.bounce_code = buf_slice(&code);
	}
	event.bounce_class = slice_from_cstr(refusal_class_name(refusal.class));
	event.bounce_reason = d->record.reply;
	event.is_unique = type == EVENT_FAILED;
	batch_event(d->context->batch, d->message, &event);
}

static void note_sent(struct delivery *d)
{
	struct message *message = d->message;
	int64_t time_us = d->context->record->time_us;
	if (d->record.remote_id.n)
		message->remote_id = arena_copy(batch_arena(d->context->batch), d->record.remote_id);
	if (message->sent_us != 0)
		return;
	message->sent_us = time_us;
	message->error = SLICE_EMPTY;
	add_event(d, EVENT_SENT);
}

static void note_error(struct delivery *d)
{
	d->message->error = arena_copy(batch_arena(d->context->batch), d->record.reply);
}

/* What the queue is to make of it. */
static enum status end_attempt(const struct delivery *d, enum queue_ending ending, struct err *err)
{
	struct queue_outcome outcome = {
	    .message = d->message->id,
	    .attempt = d->record.attempt,
	    .ending = ending,
	    .time_us = d->context->record->time_us,
	    .due_us = d->record.next_due_us,
	    .error = d->record.reply,
	};
	return queue_moves_add(batch_queue_moves(d->context->batch), &outcome, err);
}

static enum status outcome_sent(struct delivery *d, struct err *err)
{
	note_sent(d);
	(void)state_move(d->context->batch, d->message, MESSAGE_SENT); /* false: more is known already */
	return end_attempt(d, QUEUE_FINISHED, err);
}

static enum status outcome_delivered(struct delivery *d, struct err *err)
{
	note_sent(d);
	if (d->message->delivered_us == 0) {
		d->message->delivered_us = d->context->record->time_us;
		add_event(d, EVENT_DELIVERED);
	}
	(void)state_move(d->context->batch, d->message, MESSAGE_DELIVERED); /* as above */
	return end_attempt(d, QUEUE_FINISHED, err);
}

/* Of a message that is in doubt or beyond, the state stays: a refused second try says nothing about the first. */
static enum status outcome_retry(struct delivery *d, struct err *err)
{
	if (d->message->state <= MESSAGE_SENDING) {
		d->message->state = MESSAGE_DEFERRED;
		note_error(d);
		add_refusal_event(d, EVENT_DEFERRED);
	}
	return end_attempt(d, QUEUE_RETRY, err);
}

static enum status outcome_failed(struct delivery *d, struct err *err)
{
	/* What was sent is not unsent by a later refusal; a bounce is what says that. */
	if (d->message->state < MESSAGE_SENT) {
		note_error(d);
		(void)state_move(d->context->batch, d->message, MESSAGE_FAILED);
		add_refusal_event(d, EVENT_FAILED);
	}
	return end_attempt(d, QUEUE_FINISHED, err);
}

static enum status outcome_uncertain(struct delivery *d, struct err *err)
{
	if (state_move(d->context->batch, d->message, MESSAGE_IN_DOUBT))
		note_error(d);
	return end_attempt(d, QUEUE_DOUBT, err);
}

enum status apply_outcome(const struct apply_context *context, struct err *err)
{
	static enum status (*const TABLE[])(struct delivery *, struct err *) = {
	    [OUTCOME_SENT] = outcome_sent,     [OUTCOME_DELIVERED] = outcome_delivered, [OUTCOME_RETRY] = outcome_retry,
	    [OUTCOME_FAILED] = outcome_failed, [OUTCOME_UNCERTAIN] = outcome_uncertain,
	};
	struct delivery d = {.context = context};
	if (record_get_outcome(context->record->payload, &d.record) != STATUS_OK)
		return skip(context, APPLY_SKIP_MALFORMED);
	enum status status = batch_message(context->batch, d.record.message, &d.message, err);
	if (status == STATUS_NOT_FOUND)
		return skip(context, APPLY_SKIP_NO_MESSAGE);
	if (status != STATUS_OK)
		return status;
	cohort_need(context->batch, d.message,
		    context->record->time_us); /* had it from the intent, unless that was lost */
	if (d.message->attempts < d.record.attempt)
		d.message->attempts = d.record.attempt;
	batch_touch(context->batch, d.message);
	return TABLE[d.record.outcome](&d, err);
}
