/* SPDX-License-Identifier: Apache-2.0 */
/* Reports are few, and a message has few hits, so all of them are read and compared; what this transaction has gathered
 * of the message is written first, so that there is one place to look. Nothing of it is on the way of a hit whose
 * message no provider has told of (reported_us). */
#include "engine/apply/provider_repeat.h"

#include "engine/feed/event_json.h"
#include "engine/judge/correction.h"
#include "store/events/hits.h"

enum { HITS_MAX = 512 }; /* of a message, the newest */

/* Opens and clicks of the message, what this batch gathered of it included. */
static enum status read_hits(const struct apply_context *context, struct uuid message, struct event_hits *ret,
			     struct err *err)
{
	struct batch *batch = context->batch;
	enum status status = batch_last_event(batch, message) ? batch_flush(batch, err) : STATUS_OK;
	if (status != STATUS_OK)
		return status;
	return store_event_hits(batch_session(batch), message, HITS_MAX, batch_arena(batch), ret, err);
}

/* From its first to its last time: repeats have no rows of their own. */
static int64_t last_us(const struct event *e)
{
	return e->last_repeat_us > e->occurred_us ? e->last_repeat_us : e->occurred_us;
}

static bool is_near(const struct event *a, const struct event *b, int64_t reach_us)
{
	return a->occurred_us - last_us(b) <= reach_us && b->occurred_us - last_us(a) <= reach_us;
}

/* By number where both have one; a report of a URL that stands in the mail twice has none, nor has the link that no
 * person sees, and that has no URL either. */
static bool is_same_place(const struct event *a, const struct event *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == EVENT_OPEN)
		return true;
	if (a->link_index >= 0 && b->link_index >= 0)
		return a->link_index == b->link_index;
	return slice_equal(a->destination_url, b->destination_url) &&
	       (a->destination_url.n || a->link_index == b->link_index);
}

static bool is_same_client(const struct event *a, const struct event *b)
{
	return a->ip.n && slice_equal(a->ip, b->ip) && slice_equal(a->user_agent, b->user_agent);
}

/* The hit may have been settled since as what the report alone does not show. */
static bool may_be_of_one_visitor(const struct event *report, const struct event *hit)
{
	return report->actor == ACTOR_UNKNOWN || report->bot_filtered == hit->bot_filtered ||
	       is_same_client(report, hit);
}

static int64_t reach_us(const struct apply_context *context, uint32_t tenant)
{
	return apply_policy_of(context->parts, tenant)->provider_dedupe_minutes * INT64_C(60000000);
}

/* Where the address is not kept, or not told, the agent is all there is, which may not be there either. */
static bool may_be_of_one_address(const struct event *a, const struct event *b)
{
	return slice_equal(a->ip, b->ip) && (a->ip.n || slice_equal(a->user_agent, b->user_agent));
}

static bool is_reported_again(const struct apply_context *context, const struct event *report, const struct event *e)
{
	int64_t seconds_us = apply_policy_of(context->parts, report->tenant)->dedupe_seconds * INT64_C(1000000);
	return may_be_of_one_address(report, e) && report->bot_filtered == e->bot_filtered &&
	       is_near(report, e, seconds_us);
}

static enum repeat compare(const struct apply_context *context, const struct event *report, const struct event *e)
{
	if (!is_same_place(report, e))
		return REPEAT_NONE;
	if (event_is_report(e))
		return is_reported_again(context, report, e) ? REPEAT_OF_REPORT : REPEAT_NONE;
	bool is_one = is_near(report, e, reach_us(context, report->tenant)) && may_be_of_one_visitor(report, e);
	return is_one ? REPEAT_OF_HIT : REPEAT_NONE;
}

enum status provider_repeat_find(const struct apply_context *context, const struct event *report, enum repeat *ret,
				 struct err *err)
{
	struct event_hits hits = {0};
	enum repeat found = REPEAT_NONE;
	enum status status = read_hits(context, report->message, &hits, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < hits.n && found != REPEAT_OF_HIT; i++) {
		enum repeat repeat = compare(context, report, &hits.at[i]);
		found = repeat != REPEAT_NONE ? repeat : found;
	}
	*ret = found;
	return STATUS_OK;
}

enum status provider_repeat_take_over(const struct apply_context *context, struct message *message,
				      const struct event *hit, struct err *err)
{
	struct event_hits hits = {0};
	struct correction correction = {.batch = context->batch, .message = message};
	if (message->reported_us == 0)
		return STATUS_OK;
	enum status status = read_hits(context, hit->message, &hits, err);
	for (size_t i = 0; status == STATUS_OK && i < hits.n; i++) {
		const struct event *e = &hits.at[i];
		if (event_is_report(e) && !e->is_duplicate && compare(context, e, hit) == REPEAT_OF_HIT)
			status = correction_make_duplicate(&correction, e, SLICE("duplicate:provider"), err);
	}
	return status == STATUS_OK ? correction_finish(&correction, err) : status;
}
