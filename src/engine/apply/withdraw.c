/* SPDX-License-Identifier: Apache-2.0 */
/* The queue's row decides, not the message's state: while the row still belongs to the attempt that asks, nobody else
 * can have begun to send it. A row that is another's ends the whole command.
 *
 * The message is read, and on PostgreSQL locked, before its row of the queue is touched, as it is when an outcome is
 * applied. The other way round, a machine that comes back with a late outcome and one that holds the row at that moment
 * would wait for one another. */
#include "engine/apply/withdraw.h"

#include "engine/ledger/state_move.h"
#include "engine/tenant/cohort.h"
#include "store/mail/queue.h"

static void end_suppressed(struct batch *batch, struct message *message, const struct withdrawal *w)
{
	bool was_in_doubt = message->state == MESSAGE_IN_DOUBT;
	enum event_type type = was_in_doubt ? EVENT_FAILED : EVENT_SUPPRESSED;
	struct event event = state_event(batch, message, type, w->event_id);
	event.bounce_reason = w->reason;
	message->error = arena_copy(batch_arena(batch), w->reason);
	if (was_in_doubt) {
		cohort_need(batch, message, batch_now_us(batch));
		(void)state_move(batch, message, MESSAGE_FAILED); /* in doubt is always before failed */
	} else {
		message->state = MESSAGE_SUPPRESSED;
		batch_touch(batch, message);
	}
	batch_event(batch, message, &event);
}

enum status withdraw_message(struct batch *batch, const struct withdrawal *w, struct err *err)
{
	struct message *message;
	enum status status = batch_message(batch, w->message, &message, err);
	if (status == STATUS_OK)
		status = store_queue_take_out(batch_session(batch), w->message, w->attempt, err);
	if (status != STATUS_OK)
		return status;
	if (message->state < MESSAGE_SENT)
		end_suppressed(batch, message, w);
	return STATUS_OK;
}

enum status withdraw_to_doubt(struct batch *batch, const struct queue_entry *orphan, struct err *err)
{
	struct message *message;
	enum status status = batch_message(batch, orphan->message, &message, err);
	if (status == STATUS_OK)
		status =
		    store_queue_hold(batch_session(batch), orphan->message, orphan->attempt, batch_now_us(batch), err);
	if (status != STATUS_OK)
		return status;
	cohort_need(batch, message, batch_now_us(batch));
	if (state_move(batch, message, MESSAGE_IN_DOUBT))
		message->error = SLICE("the deliverer stopped between the end of the mail and its answer");
	return STATUS_OK;
}
