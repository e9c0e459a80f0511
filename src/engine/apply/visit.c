/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/apply/visit.h"

#include "codec/judge/behaviour.h"
#include "engine/judge/fan_out.h"
#include "engine/ledger/hit_count.h"
#include "engine/tenant/cohort.h"

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

/* ---- Counting */

static bool set_first(int64_t *first_us, int64_t time_us)
{
	if (*first_us != 0)
		return false;
	*first_us = time_us;
	return true;
}

static struct hit_count count_of(const struct visit *visit)
{
	return (struct hit_count){
	    .kind = visit->kind,
	    .actor = visit->verdict->actor,
	    .is_mpp = visit->verdict->mpp,
	    .time_us = visit->time_us,
	};
}

static void add_stat(const struct visit *visit, enum statistic stat)
{
	batch_stat(visit->context->batch, visit->message, stat, 1);
}

static bool count_open(const struct visit *visit)
{
	struct message_counters *c = &visit->message->counters;
	enum actor actor = visit->verdict->actor;
	if (set_first(&c->first_open_any_us, visit->time_us))
		add_stat(visit, STAT_OPENS_UNIQUE_ALL);
	if (actor == ACTOR_HUMAN && set_first(&c->first_open_strict_us, visit->time_us))
		add_stat(visit, STAT_OPENS_UNIQUE_STRICT);
	if (!actor_is_counted(actor) || !set_first(&c->first_open_us, visit->time_us))
		return false;
	add_stat(visit, STAT_OPENS_UNIQUE);
	return true;
}

static bool count_click(const struct visit *visit)
{
	struct message_counters *c = &visit->message->counters;
	if (set_first(&c->first_click_any_us, visit->time_us))
		add_stat(visit, STAT_CLICKS_UNIQUE_ALL);
	if (!actor_is_counted(visit->verdict->actor) || !set_first(&c->first_click_us, visit->time_us))
		return false;
	add_stat(visit, STAT_CLICKS_UNIQUE);
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

static void note_activity(const struct visit *visit)
{
	struct message_counters *c = &visit->message->counters;
	if (actor_is_counted(visit->verdict->actor) && c->last_activity_us < visit->time_us)
		c->last_activity_us = visit->time_us;
}

/* True when it is the first of its kind. */
static bool count(const struct visit *visit)
{
	struct batch *batch = visit->context->batch;
	need_cohort(visit);
	struct hit_count as = count_of(visit);
	hit_count_campaign(batch, visit->message, &as, 1); /* whatever the person agreed to */
	if (visit->consent != CONSENT_FULL)
		return false; /* who was first is the person's; see design 9 */
	note_activity(visit);
	hit_count_person(visit->message, &as, 1);
	batch_touch(batch, visit->message);
	return visit->kind == HIT_OPEN ? count_open(visit) : count_click(visit);
}

/* ---- The second look */

/* A clock that ran ahead for a moment must not put it off for ever. */
static void settle_later(const struct visit *visit)
{
	struct batch *batch = visit->context->batch;
	int64_t from_us = visit->time_us < batch_now_us(batch) ? visit->time_us : batch_now_us(batch);
	batch_settle_later(batch, visit->message->id, from_us);
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

void visit_add(const struct visit *visit, struct event *event)
{
	struct batch *batch = visit->context->batch;
	bool is_full = visit->consent == CONSENT_FULL;
	event->is_unique = !event->is_duplicate && count(visit);
	if (!event->settled || visit->is_honeypot)
		settle_later(visit);
	if (!event->settled && is_full)
		note_source(visit);
	batch_event(batch, visit->message, event);
}
