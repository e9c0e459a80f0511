/* SPDX-License-Identifier: Apache-2.0 */
/* Two wrongs are weighed here: mail that goes on though somebody wanted none, and an address that is lost because a
 * sandbox pressed a button. A press is held only where both signs agree (a machine, soon after delivery), never a
 * one-click POST, because RFC 8058 forbids the receiver to ask anything back; and what is held counts by itself after
 * some days, so that the recipient wins every doubt that nobody decides.
 *
 * The number and the list of addresses follow from the event when it is written (effects.h). */
#include "engine/apply/unsubscription.h"

#include "engine/apply/apply.h"
#include "engine/ledger/audit.h"
#include "engine/ledger/effects.h"
#include "engine/ledger/state_move.h"
#include "engine/tenant/cohort.h"
#include "store/people/held_unsubscribes.h"
#include <stdio.h>

#define SECOND_US INT64_C(1000000)

static int64_t arrival_of(const struct message *message)
{
	return message->delivered_us ? message->delivered_us : message->sent_us;
}

/* Unknown is nobody's sign of a machine. */
static bool is_machine(enum actor actor)
{
	return actor == ACTOR_SCANNER || actor == ACTOR_CRAWLER || actor == ACTOR_LINK_PREVIEW ||
	       actor == ACTOR_PREFETCH;
}

bool unsubscription_is_doubtful(const struct message *message, const struct verdict *verdict, int64_t time_us)
{
	int64_t arrival_us = arrival_of(message);
	bool is_in_window = !arrival_us || time_us - arrival_us < UNSUBSCRIPTION_WINDOW_SECONDS * SECOND_US;
	return is_in_window && is_machine(verdict->actor);
}

static struct slice held_reasons(const struct message *message, const struct event *event, char room[REASONS_MAX + 64])
{
	struct buf b;
	int64_t arrival_us = arrival_of(message);
	buf_init_fixed(&b, room, REASONS_MAX + 64);
	buf_append(&b, event->reasons);
	buf_append(&b, SLICE(" held"));
	if (arrival_us && event->occurred_us >= arrival_us)
		buf_printf(&b, ":seconds=%lld", (long long)((event->occurred_us - arrival_us) / SECOND_US));
	return buf_slice(&b);
}

/* By an event that is gathered still, or one that is written and still holds: staff may have taken the address off the
 * list since, and then the recipient gets mail again and says anew that he wants none. Only presses ask, and only those
 * that repeat one ask the store. */
static enum status find_unsubscribed(struct batch *batch, const struct message *message, bool *ret, struct err *err)
{
	struct slice reason;
	const struct event *e = batch_last_event(batch, message->id);
	while (e && e->type != EVENT_UNSUBSCRIBED)
		e = batch_event_before(batch, e);
	if (e || !message->counters.unsubscribed_us || !message->to_email.n) {
		*ret = e || message->counters.unsubscribed_us; /* of the erased there is nothing to say anew */
		return STATUS_OK;
	}
	enum status status = store_suppression_find(batch_session(batch), message->tenant, message->to_email,
						    batch_arena(batch), &reason, err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	*ret = status == STATUS_OK;
	return STATUS_OK;
}

enum status unsubscription_hold(struct batch *batch, struct message *message, const struct event *event,
				struct err *err)
{
	char room[REASONS_MAX + 64];
	bool was_added = false;
	struct held_unsubscribe held = {
	    .message = message->id, .tenant = message->tenant, .event = event->id, .held_us = event->occurred_us};
	bool is_unsubscribed;
	enum status status = find_unsubscribed(batch, message, &is_unsubscribed, err);
	if (status != STATUS_OK || is_unsubscribed)
		return status;
	status = store_held_unsubscribe_add(batch_session(batch), &held, &was_added, err);
	if (status != STATUS_OK || !was_added)
		return status;
	struct event kept = *event;
	kept.type = EVENT_UNSUBSCRIBE_HELD;
	kept.bot_filtered = true;
	kept.reasons = held_reasons(message, event, room);
	batch_event(batch, message, &kept);
	return STATUS_OK;
}

/* Also for one that is waiting no more: two writers may find it at the same time. */
static enum status decide(struct batch *batch, const struct held_decision *decision, bool *ret_was_waiting,
			  struct err *err)
{
	enum status status = store_held_unsubscribe_decide(batch_session(batch), decision, err);
	*ret_was_waiting = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The event takes the address off, and counts the message once. */
static enum status take_once(struct batch *batch, struct message *message, const struct event *event, struct err *err)
{
	bool is_unsubscribed;
	enum status status = find_unsubscribed(batch, message, &is_unsubscribed, err);
	if (status != STATUS_OK || is_unsubscribed)
		return status;
	/* Mail that the caller sends by itself has no intent of ours; that it was read shows that it left. */
	cohort_need(batch, message, message->created_us ? message->created_us : event->occurred_us);
	batch_event(batch, message, event);
	return STATUS_OK;
}

enum status unsubscription_take(struct batch *batch, struct message *message, const struct event *event,
				struct err *err)
{
	bool was_waiting;
	struct held_decision decision = {message->id, HELD_CONFIRMED, SLICE("recipient"), event->occurred_us, true};
	enum status status = decide(batch, &decision, &was_waiting, err);
	return status == STATUS_OK ? take_once(batch, message, event, err) : status;
}

/* ---- Decisions about what is held. */

static struct event decided_event(const struct batch *batch, const struct message *message, struct uuid id,
				  struct slice reason)
{
	struct event event = state_event(batch, message, EVENT_UNSUBSCRIBED, id);
	event.judged = event.settled = true;
	event.actor = ACTOR_UNKNOWN;
	event.confidence_percent = 50;
	event.reasons = reason;
	event.rules = SLICE(VERDICT_RULES);
	return event;
}

/* The event's id is new, not the press's: that one is the event that says it was held. */
static enum status confirm_one(struct batch *batch, struct uuid id, struct err *err)
{
	struct message *message;
	bool was_waiting;
	int64_t now_us = batch_now_us(batch);
	struct held_decision decision = {id, HELD_CONFIRMED, SLICE("time"), now_us, false};
	enum status status = decide(batch, &decision, &was_waiting, err);
	if (status != STATUS_OK || !was_waiting)
		return status;
	status = batch_message(batch, id, &message, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK; /* nobody is left whom it could concern */
	if (status != STATUS_OK)
		return status;
	struct event event = decided_event(batch, message, state_event_id(now_us), SLICE("held:expired"));
	return take_once(batch, message, &event, err);
}

enum status unsubscription_confirm_due(struct batch *batch, int64_t held_before_us, size_t *ret_count, struct err *err)
{
	struct uuid *due = NULL;
	size_t count = 0;
	struct held_due wanted = {held_before_us, UNSUBSCRIPTION_DUE_MAX};
	enum status status =
	    store_held_unsubscribe_due(batch_session(batch), &wanted, batch_arena(batch), &due, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = confirm_one(batch, due[i], err);
	if (status == STATUS_OK)
		*ret_count = count;
	return status;
}

struct decision {
	struct writer_command command;
	const struct unsubscription_decision *input;
	struct uuid event_id;
};

/* Who decided over somebody else's wish must be found later. */
static enum status note_decision(struct batch *batch, const struct unsubscription_decision *d, struct err *err)
{
	struct audit_note entry = {
	    .tenant = d->tenant,
	    .actor = d->actor,
	    .action = d->is_confirmed ? SLICE("unsubscribe.confirmed") : SLICE("unsubscribe.dismissed"),
	    .subject = audit_message(batch_arena(batch), d->message),
	};
	return audit_write(batch, &entry, err);
}

static enum status run_decision(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct decision *d = (const struct decision *)(void *)command;
	struct message *message;
	int64_t now_us = batch_now_us(batch);
	struct held_decision decision = {d->input->message, d->input->is_confirmed ? HELD_CONFIRMED : HELD_DISMISSED,
					 d->input->by, now_us, false};
	enum status status = batch_message(batch, d->input->message, &message, err);
	/* Another tenant's message is none at all. */
	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && message->tenant != d->input->tenant))
		return err_set(err, STATUS_NOT_FOUND, "there is no such message");
	if (status == STATUS_OK)
		status = store_held_unsubscribe_decide(batch_session(batch), &decision, err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, STATUS_CONFLICT, "no unsubscribe of this message is waiting");
	if (status == STATUS_OK)
		status = note_decision(batch, d->input, err);
	if (status != STATUS_OK || !d->input->is_confirmed)
		return status;
	struct event event = decided_event(batch, message, d->event_id, SLICE("held:confirmed"));
	return take_once(batch, message, &event, err);
}

enum status unsubscription_decide(const struct sending *sending, const struct unsubscription_decision *decision,
				  struct err *err)
{
	struct decision d = {.command = {.run = run_decision}, .input = decision};
	d.event_id = state_event_id(clock_now_us(sending->clock));
	return writer_submit_and_wait(sending->writer, &d.command, err);
}
