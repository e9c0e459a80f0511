/* SPDX-License-Identifier: Apache-2.0 */
/* Whether we saw a hit ourselves or were told of it makes no difference from here on, so that neither can count in
 * another way than the other. Counting itself is not here: it follows from the event (effects.h). */
#include "engine/apply/visit.h"

#include "codec/judge/behaviour.h"
#include "engine/judge/fan_out.h"
#include "engine/judge/settle.h"
#include "engine/tenant/cohort.h"
#include "store/events/settling.h"

/* ---- Consent */

static enum consent least(enum consent a, enum consent b)
{
	return a < b ? a : b;
}

enum status visit_consent(struct batch *batch, const struct message *message, enum hit_kind kind,
			  enum consent *promised_and_ret, struct err *err)
{
	enum consent opens;
	enum consent clicks;
	enum status status = batch_contact_consent(batch, message, &opens, &clicks, err);
	if (status != STATUS_OK)
		return status;
	*promised_and_ret = least(*promised_and_ret, kind == HIT_OPEN ? opens : clicks);
	if (message_is_erased(message))
		*promised_and_ret = least(*promised_and_ret, CONSENT_ANONYMOUS);
	return STATUS_OK;
}

/* ---- The client */

void visit_keep_client(const struct visit *visit, char room[VISIT_ADDRESS_SIZE], struct event *event)
{
	struct buf ip;
	if (visit->keep_client == KEEP_CLIENT_NONE)
		return;
	event->user_agent = visit->user_agent;
	event->signals = visit->signals;
	if (!visit->client)
		return;
	struct ip_address client =
	    visit->keep_client == KEEP_CLIENT_FULL ? *visit->client : ip_address_network(visit->client);
	buf_init_fixed(&ip, room, VISIT_ADDRESS_SIZE);
	ip_address_append(&ip, &client);
	event->ip = buf_slice(&ip);
}

bool visit_delivery_age(const struct message *message, int64_t time_us, int64_t *ret_ms)
{
	int64_t since_us = message->delivered_us ? message->delivered_us : message->sent_us;
	if (!since_us)
		return false;
	*ret_ms = (time_us - since_us) / 1000;
	return true;
}

/* Mail that the caller sends by itself has no intent of ours; that it was read shows that it left. */
static void need_cohort(const struct visit *visit)
{
	struct message *message = visit->message;
	if (message->cohort_day != 0)
		return;
	cohort_need(visit->context->batch, message, message->created_us ? message->created_us : visit->time_us);
	batch_touch(visit->context->batch, message);
}

/* ---- The second look
 *
 * It costs a reading of all hits of the message, so only who can learn something by it is looked at again. Most hits
 * are an open or a click that comes alone, hours after delivery, and nothing that happens to it alone makes it another
 * one's. What can is a burst, the covering of all links, or the honeypot: two clicks on one mail, or a special one. So
 * the second click asks for the look that sees them all, whoever made it; the first need not. Of the steps of all those
 * that need none, one mark says when they have passed. */

/* Of this batch, which the counters of its message do not know yet. */
static bool has_gathered_click(const struct visit *visit)
{
	const struct batch *batch = visit->context->batch;
	const struct event *e = batch_last_event(batch, visit->message->id);
	while (e && e->type != EVENT_CLICK)
		e = batch_event_before(batch, e);
	return e != NULL;
}

/* Nobody can be sure of a click that leaves no first time. */
static bool is_first_click(const struct visit *visit, const struct event *event)
{
	return visit->message->counters.first_click_any_us == 0 && !event->is_duplicate && !event_is_anonymous(event) &&
	       !has_gathered_click(visit);
}

static bool can_change_alone(const struct visit *visit, const struct event *event)
{
	/* Until the other side has taken it for good, the window may move. */
	struct behaviour_mail mail = {.delivered_us = visit->message->delivered_us};
	struct behaviour_hit hit = {.kind = visit->kind, .time_us = visit->time_us, .reasons = event->reasons};
	return !event->settled && behaviour_can_change_alone(&mail, &hit);
}

/* The look that would have seen it is over. */
static bool comes_late(const struct visit *visit)
{
	const struct settler *settler = visit->context->parts->settler;
	return settler_may_have_passed(settler, visit->time_us, batch_now_us(visit->context->batch));
}

static bool needs_second_look(const struct visit *visit, const struct event *event)
{
	bool is_click = visit->kind == HIT_CLICK;
	if (visit->is_honeypot || can_change_alone(visit, event))
		return true;
	if (is_click && !is_first_click(visit, event))
		return true;
	return (is_click || !event->settled) && comes_late(visit);
}

/* A clock that ran ahead for a moment must not put it off for ever. */
static void settle_later(const struct visit *visit, struct uuid message_or_mark)
{
	struct batch *batch = visit->context->batch;
	int64_t from_us = visit->time_us < batch_now_us(batch) ? visit->time_us : batch_now_us(batch);
	struct timer timer = settling_timer(from_us, &message_or_mark);
	batch_set_timer(batch, &timer);
}

/* A gateway may look before the other side has said that it takes the mail. */
static void note_source(const struct visit *visit)
{
	const struct message *m = visit->message;
	struct behaviour_mail mail = {.delivered_us = m->delivered_us ? m->delivered_us : m->sent_us};
	if (m->state != MESSAGE_SENDING && !behaviour_in_window(&mail, visit->kind, visit->time_us))
		return;
	struct fan_out_hit of_source = {
	    .tenant = m->tenant,
	    .recipient = m->to_email,
	    .source = behaviour_source_of(visit->client, visit->user_agent),
	    .time_us = visit->time_us,
	};
	fan_out_note(visit->context->parts->fan_out, &of_source);
}

/* Whoever came again was there for longer, which is what fan-out goes by. */
void visit_repeat(const struct visit *visit, const struct event *event)
{
	if (!event->settled && visit->consent == CONSENT_FULL)
		note_source(visit);
}

void visit_add(const struct visit *visit, const struct event *event)
{
	struct batch *batch = visit->context->batch;
	bool is_full = visit->consent == CONSENT_FULL;
	need_cohort(visit);
	if (needs_second_look(visit, event))
		settle_later(visit, visit->message->id);
	else if (!event->settled)
		settle_later(visit, settling_mark(visit->context->parts->node));
	if (!event->settled && is_full)
		note_source(visit);
	batch_event(batch, visit->message, event);
}
