/* SPDX-License-Identifier: Apache-2.0 */
/* One report of a provider that somebody opened or clicked, in this order, because each step may end it:
 *
 *   read -> the message -> consent -> told before? -> the link -> verdict -> the same as a hit of ours? -> event
 *
 * Webhooks are delivered at least once, so the id of the event is made of what the provider calls its report: the same
 * report has the same id, on every delivery, at every node and after every start, and the store has it or not. */
#include "engine/apply/apply.h"

#include "base/mem.h"
#include "base/wire.h"
#include "codec/judge/behaviour.h"
#include "codec/judge/hit_signals.h"
#include "codec/text/sha256.h"
#include "engine/apply/provider_repeat.h"
#include "engine/apply/visit.h"
#include "engine/ledger/record.h"
#include "engine/mail/outgoing.h"
#include "store/mail/bodies.h"
#include "store/mail/links.h"

struct report {
	const struct apply_context *context;
	struct provider_hit_record record;
	struct message *message;
	const struct tenant_policy *policy;
	int64_t time_us;
	enum consent consent;
	struct uuid id;
	int32_t link_index; /* -1: not known, or the URL stands in the mail more than once */
	struct slice destination;
	bool is_own_link;
	bool is_honeypot;
	struct verdict verdict;
	char token_room[LINK_TOKEN_TEXT_MAX];
	char ip[VISIT_ADDRESS_SIZE];
};

static enum status skip(const struct report *r, enum apply_skip why)
{
	apply_note_skip(r->context->apply, why, r->context->record);
	return STATUS_OK;
}

/* By our id where the webhook carried it, else by the provider's. */
static enum status find_message(struct report *r, struct err *err)
{
	const struct provider_hit_record *record = &r->record;
	struct remote_message remote = {record->tenant, record->provider, record->remote_id};
	enum status status = STATUS_NOT_FOUND;
	if (!uuid_is_zero(record->message))
		status = batch_message(r->context->batch, record->message, &r->message, err);
	else if (record->remote_id.n)
		status = batch_message_of_remote(r->context->batch, &remote, &r->message, err);
	if (status == STATUS_OK && record->tenant != 0 && record->tenant != r->message->tenant)
		return STATUS_NOT_FOUND;
	return status;
}

/* ---- Told before */

static void find_id(struct report *r)
{
	const struct provider_hit_record *record = &r->record;
	uint8_t hash[SHA256_SIZE];
	struct buf b;
	buf_init(&b, RECORD_PAYLOAD_MAX);
	wire_put_bytes(&b, record->provider);
	buf_append(&b, uuid_slice(&r->message->id));
	wire_put_u8(&b, (uint8_t)record->kind);
	wire_put_bytes(&b, record->event_id);
	if (!record->event_id.n) { /* then all that it says is its name */
		wire_put_u64(&b, (uint64_t)record->occurred_us);
		buf_append_bytes(&b, record->client.bytes, sizeof record->client.bytes);
		wire_put_bytes(&b, record->user_agent);
		wire_put_bytes(&b, record->url);
	}
	BUG_IF(buf_failed(&b));
	sha256_of(buf_slice(&b), hash);
	buf_done(&b);
	/* Of the message's time, which no delivery can tell otherwise. */
	r->id = uuid_v7(r->message->created_us, hash);
}

static enum status is_told_before(struct report *r, bool *ret, struct err *err)
{
	struct batch *batch = r->context->batch;
	const struct event *e = batch_last_event(batch, r->message->id);
	while (e && !uuid_equal(e->id, r->id))
		e = batch_event_before(batch, e);
	*ret = e != NULL;
	if (*ret)
		return STATUS_OK;
	return store_event_is_known(batch_session(batch), r->message->tenant, r->id, ret, err);
}

/* ---- The link: in the mail that the provider got it was a tracking URL of ours, or one that we left alone */

static enum status read_destination(struct report *r, const struct link_token *token, struct err *err)
{
	struct batch *batch = r->context->batch;
	r->destination = token->destination;
	if (!token->is_stored)
		return STATUS_OK;
	r->destination = SLICE_EMPTY;
	enum status status = store_link_find(batch_session(batch), r->message->tenant, token->destination,
					     batch_arena(batch), &r->destination, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static struct slice last_segment(struct slice url)
{
	struct slice path = slice_sub(url, 0, slice_index(url, '?'));
	path = slice_sub(path, 0, slice_index(path, '#'));
	struct slice segment = SLICE_EMPTY;
	while (path.n)
		segment = slice_cut(&path, '/');
	return segment;
}

/* False: it is none of ours. */
static bool open_own(struct report *r, struct link_token *ret)
{
	uint8_t key_id;
	return link_token_open(r->context->parts->sealer, last_segment(r->record.url), r->token_room, ret, &key_id) ==
	       STATUS_OK;
}

/* The same URL twice in a mail: nobody can say which of the two was clicked. */
static void look_up(struct report *r, const struct mail_link *links, size_t count)
{
	bool is_found = false;
	for (size_t i = 0; i < count; i++) {
		if (!slice_equal(links[i].url, r->record.url))
			continue;
		r->link_index = is_found || links[i].index > INT32_MAX ? -1 : (int32_t)links[i].index;
		is_found = true;
	}
}

/* The body may have been pruned, or its key be gone: then the URL is all there is. */
static enum status find_among_links(struct report *r, struct err *err)
{
	struct batch *batch = r->context->batch;
	struct err ignored;
	const struct mail_link *links = NULL;
	size_t count = 0;
	struct outgoing outgoing = {
	    .message = r->message, .sealer = r->context->parts->sealer, .arena = batch_arena(batch)};
	if (!r->message->body_id.n || !r->message->options.n)
		return STATUS_OK;
	enum status status = store_body_find(batch_session(batch), r->message->tenant, r->message->body_id,
					     batch_arena(batch), &outgoing.body, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK && outgoing_links(&outgoing, &links, &count, &ignored) == STATUS_OK)
		look_up(r, links, count);
	return status;
}

/* Some providers put their own link in front of ours, and tell of what stands behind it; others of what we gave them.
 */
static enum status find_link(struct report *r, struct err *err)
{
	struct link_token token;
	r->link_index = -1;
	r->destination = SLICE_EMPTY;
	r->is_own_link = r->is_honeypot = false;
	if (r->record.kind == HIT_OPEN)
		return STATUS_OK;
	if (!open_own(r, &token)) {
		r->destination = r->record.url;
		return find_among_links(r, err);
	}
	r->is_own_link = token.kind != LINK_TOKEN_CLICK;
	if (r->is_own_link || !uuid_equal(token.message, r->message->id))
		return STATUS_OK;
	r->is_honeypot = token.link_index == LINK_TOKEN_HONEYPOT;
	r->link_index = token.link_index > INT32_MAX ? -1 : (int32_t)token.link_index;
	return read_destination(r, &token, err);
}

/* ---- The verdict */

/* What our own tables know of an agent is better than what the provider makes of it: some call every image proxy a
 * machine. */
static void heed_sign(const struct report *r, struct verdict *v)
{
	bool is_open = r->record.kind == HIT_OPEN;
	bool is_free = v->actor == ACTOR_HUMAN || v->actor == ACTOR_UNKNOWN;
	if (r->record.sign == PROVIDER_SIGN_MPP && is_open && (is_free || v->actor == ACTOR_PREFETCH)) {
		v->actor = ACTOR_PREFETCH;
		v->confidence_percent = 95;
		v->mpp = true;
	} else if (r->record.sign != PROVIDER_SIGN_NONE && is_free) {
		v->actor = ACTOR_SCANNER;
		v->confidence_percent = 80;
	}
}

/* Without an agent nobody can tell; that a provider leaves it out is no sign of a machine. */
static void judge(struct report *r)
{
	const struct provider_hit_record *record = &r->record;
	struct hit_signals signals = {
	    .kind = record->kind,
	    .user_agent = record->user_agent,
	    .is_honeypot = r->is_honeypot,
	    .has_client = record->has_client,
	    .client = record->client,
	    .lists = r->context->parts->networks,
	};
	signals.has_delivery_age = visit_delivery_age(r->message, r->time_us, &signals.delivery_age_ms);
	r->verdict = (struct verdict){.actor = ACTOR_UNKNOWN, .confidence_percent = 50};
	if (record->user_agent.n || r->is_honeypot)
		verdict_judge(&signals, &r->verdict);
	heed_sign(r, &r->verdict);
}

/* ---- The event */

static struct visit visit_of(const struct report *r)
{
	return (struct visit){
	    .context = r->context,
	    .message = r->message,
	    .kind = r->record.kind,
	    .time_us = r->time_us,
	    .client = r->record.has_client ? &r->record.client : NULL,
	    .user_agent = r->record.user_agent,
	    .consent = r->consent,
	    .keep_client = r->policy->keep_client,
	    .verdict = &r->verdict,
	    .signals = HIT_SIGNALS_NOT_KEPT,
	    .is_honeypot = r->is_honeypot,
	};
}

/* Fills everything but is_duplicate and the reasons. */
static struct event event_of(struct report *r)
{
	struct event event = {
	    .id = r->id,
	    .has_own_id = true,
	    .tenant = r->message->tenant,
	    .type = r->record.kind == HIT_CLICK ? EVENT_CLICK : EVENT_OPEN,
	    .occurred_us = r->time_us,
	    .message = r->message->id,
	    .bot_filtered = !actor_is_counted(r->verdict.actor),
	    .judged = true,
	    .actor = r->verdict.actor,
	    .confidence_percent = r->verdict.confidence_percent,
	    .rules = SLICE(VERDICT_RULES),
	    .settled = !behaviour_is_provisional(r->verdict.actor),
	    .destination_url = message_is_erased(r->message) ? SLICE_EMPTY : r->destination,
	    .link_index = r->link_index,
	    .provider = r->record.provider,
	    .signals = HIT_SIGNALS_NOT_KEPT,
	};
	if (r->consent == CONSENT_FULL) {
		struct visit visit = visit_of(r);
		event.remote_id = r->message->remote_id;
		visit_keep_client(&visit, r->ip, &event);
	}
	return event;
}

static void append_sign(const struct report *r, struct buf *b)
{
	if (r->record.sign == PROVIDER_SIGN_NONE)
		return;
	bool is_mpp = r->record.sign == PROVIDER_SIGN_MPP && r->verdict.mpp;
	buf_append_cstr(b, is_mpp ? " provider_says:mpp" : " provider_says:machine");
}

/* The provider comes first: by that a report is known (event_is_report). What the verdict said comes last, because that
 * may be left out where there is no room. */
static struct slice reasons_of(const struct report *r, enum repeat repeat)
{
	struct arena *arena = batch_arena(r->context->batch);
	struct buf b;
	buf_init_fixed(&b, arena_alloc(arena, REASONS_MAX), REASONS_MAX);
	buf_append(&b, SLICE("provider:"));
	buf_append(&b, r->record.provider);
	append_sign(r, &b);
	if (repeat == REPEAT_OF_HIT)
		buf_append(&b, SLICE(" duplicate:provider"));
	else if (repeat == REPEAT_OF_REPORT)
		buf_printf(&b, " duplicate:seconds=%u", r->policy->dedupe_seconds);
	if (r->consent != CONSENT_FULL)
		buf_append(&b, SLICE(" consent:anonymous"));
	struct slice said = slice_from_cstr(r->verdict.reasons);
	if (said.n && b.n + 1 + said.n < REASONS_MAX)
		buf_printf(&b, " %.*s", SLICE_FMT(said));
	return buf_slice(&b);
}

/* A hit of ours that comes later asks for reports only of messages that have one (provider_repeat_take_over). */
static void note_report(struct report *r)
{
	if (r->message->reported_us >= r->time_us)
		return;
	r->message->reported_us = r->time_us;
	batch_touch(r->context->batch, r->message);
}

static enum status add(struct report *r, struct err *err)
{
	enum repeat repeat = REPEAT_NONE;
	judge(r);
	struct event event = event_of(r);
	enum status status = provider_repeat_find(r->context, &event, &repeat, err);
	if (status != STATUS_OK)
		return status;
	struct visit visit = visit_of(r);
	event.reasons = reasons_of(r, repeat);
	event.is_duplicate = repeat != REPEAT_NONE;
	if (!event.is_duplicate)
		note_report(r);
	visit_add(&visit, &event);
	return STATUS_OK;
}

/* ---- */

static enum status find_consent(struct report *r, struct err *err)
{
	r->consent = r->record.kind == HIT_OPEN ? r->message->track_opens : r->message->track_clicks;
	return visit_consent(r->context->batch, r->message, r->record.kind, &r->consent, err);
}

/* What a provider says of the future is of now. */
static int64_t time_of(const struct apply_context *context, const struct provider_hit_record *record)
{
	bool is_credible = record->occurred_us > 0 && record->occurred_us <= context->record->time_us;
	return is_credible ? record->occurred_us : context->record->time_us;
}

static enum status take(struct report *r, struct err *err)
{
	bool is_known = false;
	find_id(r);
	enum status status = is_told_before(r, &is_known, err);
	if (status == STATUS_OK && is_known)
		return skip(r, APPLY_SKIP_REPEATED);
	if (status == STATUS_OK)
		status = find_link(r, err);
	/* The unsubscribe link and the pixel are ours: what they did was recorded when they were asked for. */
	if (status == STATUS_OK && r->is_own_link)
		return skip(r, APPLY_SKIP_OWN_LINK);
	return status == STATUS_OK ? add(r, err) : status;
}

enum status apply_provider_hit(const struct apply_context *context, struct err *err)
{
	struct report report;
	report.context = context;
	if (record_get_provider_hit(context->record->payload, &report.record) != STATUS_OK)
		return skip(&report, APPLY_SKIP_MALFORMED);
	report.time_us = time_of(context, &report.record);
	enum status status = find_message(&report, err);
	if (status == STATUS_NOT_FOUND)
		return skip(&report, APPLY_SKIP_NO_MESSAGE);
	if (status != STATUS_OK)
		return status;
	report.policy = apply_policy_of(context->parts, report.message->tenant);
	status = find_consent(&report, err);
	if (status != STATUS_OK)
		return status;
	if (report.consent == CONSENT_OFF)
		return skip(&report, APPLY_SKIP_NO_CONSENT);
	return take(&report, err);
}
