/* SPDX-License-Identifier: Apache-2.0 */
/* Whether we saw a hit ourselves or were told of it makes no difference from here on, so that neither can count in
 * another way than the other. Counting itself is not here: it follows from the event (effects.h). */
#include "engine/apply/visit.h"

#include "codec/judge/behaviour.h"
#include "engine/judge/fan_out.h"
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

/* ---- The second look */

/* A clock that ran ahead for a moment must not put it off for ever. */
static void settle_later(const struct visit *visit)
{
	struct batch *batch = visit->context->batch;
	int64_t from_us = visit->time_us < batch_now_us(batch) ? visit->time_us : batch_now_us(batch);
	struct timer timer = settling_timer(from_us, &visit->message->id);
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
	if (!event->settled || visit->is_honeypot)
		settle_later(visit);
	if (!event->settled && is_full)
		note_source(visit);
	batch_event(batch, visit->message, event);
}
