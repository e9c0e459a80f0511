/* SPDX-License-Identifier: Apache-2.0 */
/* One hit, in this order, because each step may end it:
 *
 *   read -> HEAD counts nothing -> the message -> consent -> (unsubscribe: its own way) -> verdict -> a repeat? ->
 * event
 *
 * Everything that can fail happens before the first change, so a hit is gathered whole or not at all. */
#include "engine/apply/apply.h"

#include "codec/judge/behaviour.h"
#include "codec/judge/hit_signals.h"
#include "engine/apply/provider_repeat.h"
#include "engine/apply/repeat.h"
#include "engine/apply/unsubscription.h"
#include "engine/apply/visit.h"
#include "engine/judge/press_burst.h"
#include "engine/ledger/record.h"
#include "engine/people/consent.h"
#include "store/events/hits.h"
#include "store/mail/links.h"
#include <stdarg.h>
#include <stdio.h>

/* A hit on its way. */
struct hit {
	const struct apply_context *context;
	struct hit_record record;
	struct message *message;
	const struct tenant_policy *policy;
	enum consent consent;
	struct verdict verdict;
	uint16_t signals; /* what it was judged by, for judging it again */
	char ip[VISIT_ADDRESS_SIZE];
};

static int64_t time_of(const struct hit *hit)
{
	return hit->context->record->time_us;
}

static enum status skip(const struct hit *hit, enum apply_skip why)
{
	apply_note_skip(hit->context->apply, why, hit->context->record);
	return STATUS_OK;
}

/* As promised when the mail left, or less if the contact has asked for less since, or the browser asks for less now
 * (doc/decisions/0014). */
static enum status find_consent(struct hit *hit, struct err *err)
{
	static const enum consent PROMISED[] = {
	    [LINK_TOKEN_CONSENT_OFF] = CONSENT_OFF,
	    [LINK_TOKEN_CONSENT_ANONYMOUS] = CONSENT_ANONYMOUS,
	    [LINK_TOKEN_CONSENT_FULL] = CONSENT_FULL,
	};
	bool opts_out = hit->record.opts_out && hit->policy->gpc == GPC_HONOUR;
	hit->consent = PROMISED[hit->record.consent];
	if (opts_out && hit->consent == CONSENT_FULL)
		hit->consent = CONSENT_ANONYMOUS;
	return visit_consent(hit->context->batch, hit->message, hit->record.kind, &hit->consent, err);
}

static void __attribute__((format(printf, 2, 3))) add_reason(struct hit *hit, const char *format, ...)
{
	char *reasons = hit->verdict.reasons;
	size_t used = strlen(reasons);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(reasons + used, sizeof hit->verdict.reasons - used, format, args);
	va_end(args);
}

/* ---- Repeats */

static struct repeat_hit repeat_hit_of(const struct hit *hit)
{
	return (struct repeat_hit){
	    .message = hit->record.message,
	    .kind = hit->record.kind,
	    .link_index = hit->record.kind == HIT_CLICK ? hit->record.link_index : 0,
	    .client = hit->record.client,
	    .is_person = actor_is_counted(hit->verdict.actor),
	    .key_id = hit->record.key_id,
	};
}

/* ---- The event */

/* Empty when a stored one is not there any more. */
static enum status find_destination(const struct hit *hit, struct slice *ret, struct err *err)
{
	*ret = hit->record.destination;
	if (!hit->record.destination_is_stored)
		return STATUS_OK;
	*ret = SLICE_EMPTY;
	enum status status = store_link_find(batch_session(hit->context->batch), hit->record.tenant,
					     hit->record.destination, batch_arena(hit->context->batch), ret, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum event_type event_type_of(enum hit_kind kind)
{
	static const enum event_type TYPES[] = {
	    [HIT_OPEN] = EVENT_OPEN, [HIT_CLICK] = EVENT_CLICK, [HIT_UNSUBSCRIBE] = EVENT_UNSUBSCRIBED};
	return TYPES[kind];
}

/* More hits may show who it was; see settle.h. */
static bool is_provisional(const struct hit *hit)
{
	return hit->record.kind != HIT_UNSUBSCRIBE && behaviour_is_provisional(hit->verdict.actor);
}

static bool is_honeypot(const struct hit *hit)
{
	return hit->record.kind == HIT_CLICK && hit->record.link_index == LINK_TOKEN_HONEYPOT;
}

static struct visit visit_of(const struct hit *hit)
{
	return (struct visit){
	    .context = hit->context,
	    .message = hit->message,
	    .kind = hit->record.kind,
	    .time_us = time_of(hit),
	    .client = &hit->record.client,
	    .user_agent = hit->record.user_agent,
	    .consent = hit->consent,
	    .keep_client = hit->policy->keep_client,
	    .verdict = &hit->verdict,
	    .signals = hit->signals,
	    .is_honeypot = is_honeypot(hit),
	};
}

static struct event event_of(struct hit *hit, struct slice destination)
{
	bool is_click = hit->record.kind == HIT_CLICK;
	struct event event = {
	    .id = uuid_of_record(time_of(hit), hit->context->parts->node, hit->context->record->sequence),
	    .tenant = hit->record.tenant,
	    .type = event_type_of(hit->record.kind),
	    .occurred_us = time_of(hit),
	    .message = hit->record.message,
	    .has_token = true,
	    .bot_filtered = hit->record.kind != HIT_UNSUBSCRIBE && !actor_is_counted(hit->verdict.actor),
	    .judged = true,
	    .actor = hit->verdict.actor,
	    .reasons = slice_from_cstr(hit->verdict.reasons),
	    .confidence_percent = hit->verdict.confidence_percent,
	    .rules = SLICE(VERDICT_RULES),
	    .settled = !is_provisional(hit),
	    .destination_url = is_click ? destination : SLICE_EMPTY,
	    .link_index = is_click && hit->record.link_index <= INT32_MAX ? (int32_t)hit->record.link_index : -1,
	    .provider = hit->message->provider,
	};
	if (message_is_erased(hit->message)) { /* they were made for one reader */
		event.has_token = false;
		event.destination_url = SLICE_EMPTY;
	}
	if (hit->consent == CONSENT_FULL) {
		struct visit visit = visit_of(hit);
		event.remote_id = hit->message->remote_id; /* it names the message */
		visit_keep_client(&visit, hit->ip, &event);
	}
	return event;
}

static void judge(struct hit *hit)
{
	struct hit_signals signals = {
	    .kind = hit->record.kind,
	    .user_agent = hit->record.user_agent,
	    .purpose = hit->record.purpose,
	    .referer = hit->record.referer,
	    .is_honeypot = is_honeypot(hit),
	    .has_client = true,
	    .client = hit->record.client,
	    .headers_are_known = true,
	    .has_accept_language = hit->record.accept_language.n > 0,
	    .has_sec_fetch = hit->record.has_sec_fetch,
	    .is_https = hit->record.is_https,
	    .lists = hit->context->parts->networks,
	};
	signals.has_delivery_age = visit_delivery_age(hit->message, time_of(hit), &signals.delivery_age_ms);
	verdict_judge(&signals, &hit->verdict);
	hit->signals = hit_signals_pack(&signals);
}

/* A number on the row that it repeats, and no row of its own: one open link, called again and again for 15 seconds,
 * made 104,134 rows. */
static void add_or_repeat(struct hit *hit, const struct event *event)
{
	struct batch *batch = hit->context->batch;
	struct message_counters *counters = &hit->message->counters;
	struct visit visit = visit_of(hit);
	struct apply_parts *parts = hit->context->parts;
	struct repeat_hit of = repeat_hit_of(hit);
	uint64_t key = repeat_key(parts->repeats, parts->sealer, &of);
	uint32_t seconds = hit->policy->dedupe_seconds;
	struct recent_hit *before = repeat_find(counters, key, time_of(hit), seconds);
	if (before) {
		batch_repeat(batch, hit->message, before, 1, time_of(hit));
		visit_repeat(&visit, event);
		return;
	}
	visit_add(&visit, event);
	repeat_make_room(counters, time_of(hit), seconds);
	batch_remember_hit(batch, hit->message, key);
}

/* Nobody reads a mail as often as that; the first is kept to show who began, and none moves a number. */
static void add_to_sum(struct hit *hit, struct event *event)
{
	struct batch *batch = hit->context->batch;
	struct message_counters *counters = &hit->message->counters;
	struct visit visit = visit_of(hit);
	struct apply_parts *parts = hit->context->parts;
	struct repeat_hit of = repeat_hit_of(hit);
	uint64_t key = repeat_sum_key(parts->repeats, parts->sealer, &of, time_of(hit));
	struct recent_hit *before = repeat_find_sum(counters, key);
	if (before) {
		batch_repeat(batch, hit->message, before, hit->record.summed, time_of(hit));
		visit_repeat(&visit, event);
		return;
	}
	event->is_duplicate = true;
	event->repeats = hit->record.summed - 1;
	event->last_repeat_us = event->repeats ? time_of(hit) : 0;
	visit_add(&visit, event);
	repeat_make_room(counters, time_of(hit), hit->policy->dedupe_seconds);
	batch_remember_hit(batch, hit->message, key);
}

static enum status apply_open_or_click(struct hit *hit, struct err *err)
{
	struct slice destination;
	enum status status = find_destination(hit, &destination, err);
	if (status != STATUS_OK)
		return status;
	judge(hit);
	if (hit->consent != CONSENT_FULL)
		add_reason(hit, " consent:anonymous"); /* readers show no person by it (event_json.c) */
	struct event event = event_of(hit, destination);
	if (hit->record.summed) {
		add_to_sum(hit, &event);
		return STATUS_OK;
	}
	status = provider_repeat_take_over(hit->context, hit->message, &event, err);
	if (status == STATUS_OK)
		add_or_repeat(hit, &event);
	return status;
}

/* ---- Unsubscribing: honoured whatever tracking was agreed to; only a machine's press is held (unsubscription.h) */

/* `message`: NULL for a contact that is not the message's own. */
static enum status withdraw_consent(const struct hit *hit, struct slice contact_id, const struct message *message,
				    struct uuid id, struct err *err)
{
	struct consent_change change = {
	    .tenant = hit->message->tenant,
	    .what = {.id = contact_id, .opens = CONSENT_OFF, .clicks = CONSENT_OFF},
	    .method = SLICE("unsubscribe page"),
	    .text = SLICE("Keep the mail, stop tracking me"),
	    .decided_by = SLICE("contact"),
	};
	struct event event = {.id = id, .occurred_us = time_of(hit)};
	return consent_apply(hit->context->batch, &change, message, &event, err);
}

/* The person said it, not one of the ids by which he is called: mail to the same address without an id is meant too. */
static enum status stop_tracking(const struct hit *hit, struct err *err)
{
	struct batch *batch = hit->context->batch;
	const struct message *message = hit->message;
	struct uuid id = uuid_of_record(time_of(hit), hit->context->parts->node, hit->context->record->sequence);
	enum consent opens;
	enum consent clicks;
	if (!message->contact_id.n)
		return STATUS_OK; /* nobody is left whom it could be about */
	enum status status = batch_contact_consent(batch, message, &opens, &clicks, err);
	if (status != STATUS_OK || (opens == CONSENT_OFF && clicks == CONSENT_OFF))
		return status; /* the button was pressed twice */
	status = withdraw_consent(hit, message->contact_id, message, id, err);
	struct slice address = arena_copy_lower(batch_arena(batch), message->to_email);
	if (status != STATUS_OK || !address.n || slice_equal(address, message->contact_id))
		return status;
	return withdraw_consent(hit, address, NULL, uuid_derived(id, 1), err);
}

/* Who presses as a browser and just went through the links of the mail in a moment is none, nor is who followed one
 * that no person sees. */
static enum status judge_press(struct hit *hit, struct err *err)
{
	struct press_burst before;
	judge(hit);
	if (hit->record.one_click)
		return STATUS_OK;
	struct event press = event_of(hit, SLICE_EMPTY);
	enum status status = press_burst_find(hit->context->batch, &press, &before, err);
	bool is_machine = status == STATUS_OK && (before.honeypot || before.links >= BEHAVIOUR_BURST_LINKS_MIN);
	if (!is_machine)
		return status;
	hit->verdict.actor = ACTOR_SCANNER;
	hit->verdict.confidence_percent = 90;
	if (before.honeypot)
		add_reason(hit, " honeypot_source");
	else
		add_reason(hit, " burst:links=%u", before.links);
	return STATUS_OK;
}

static enum status apply_unsubscribe(struct hit *hit, struct err *err)
{
	struct batch *batch = hit->context->batch;
	if (hit->record.stop_tracking)
		return stop_tracking(hit, err);
	if (message_is_erased(hit->message))
		return skip(hit, APPLY_SKIP_ERASED); /* what is left of the address gets no mail already */
	enum status status = judge_press(hit, err);
	if (status != STATUS_OK)
		return status;
	bool is_held = !hit->record.one_click && !hit->context->parts->counts_every_press &&
		       unsubscription_is_doubtful(hit->message, &hit->verdict, time_of(hit));
	if (hit->record.one_click)
		/* The mailbox provider posts for its user, from a data centre and with a library's agent (RFC 8058;
		 * decision 13): whatever was judged of the client says nothing. */
		hit->verdict =
		    (struct verdict){.actor = ACTOR_PROXY_HUMAN, .confidence_percent = 95, .reasons = "one_click"};
	struct event event = event_of(hit, SLICE_EMPTY);
	event.is_unique = !is_held;
	return is_held ? unsubscription_hold(batch, hit->message, &event, err)
		       : unsubscription_take(batch, hit->message, &event, err);
}

/* ---- */

enum status apply_hit(const struct apply_context *context, struct err *err)
{
	struct hit hit;
	hit.context = context;
	hit.signals = HIT_SIGNALS_NOT_KEPT;
	if (record_get_hit(context->record->payload, &hit.record) != STATUS_OK)
		return skip(&hit, APPLY_SKIP_MALFORMED);
	if (hit.record.is_head)
		return skip(&hit, APPLY_SKIP_HEAD);
	enum status status = batch_message(context->batch, hit.record.message, &hit.message, err);
	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && hit.message->tenant != hit.record.tenant))
		return skip(&hit, APPLY_SKIP_NO_MESSAGE);
	hit.policy = apply_policy_of(context->parts, hit.record.tenant);
	if (status == STATUS_OK)
		status = find_consent(&hit, err);
	if (status != STATUS_OK)
		return status;
	if (hit.record.kind == HIT_UNSUBSCRIBE)
		return apply_unsubscribe(&hit, err);
	if (hit.consent == CONSENT_OFF)
		return skip(&hit, APPLY_SKIP_NO_CONSENT);
	return apply_open_or_click(&hit, err);
}
