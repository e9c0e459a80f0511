/* SPDX-License-Identifier: Apache-2.0 */
/* Read the hits, judge them together, write what changed, and then ask the store who is first now: the order of events
 * decides that, not the order in which verdicts change. The store is asked only when the hit that was first has gone,
 * because the events of old mail may be pruned while its first times stay. */
#include "engine/settle.h"

#include "base/random.h"
#include "codec/behaviour.h"
#include "engine/event_json.h"
#include "engine/hit_count.h"

enum { PREVIOUS_MAX = 4096, GROUP_TEXT = 64 };

/* One message that is being settled. */
struct settle {
	struct batch *batch;
	const struct fan_out *fan_out;
	struct message *message;
	bool lost_open, lost_strict, lost_click, lost_last;
};

static bool is_anonymous(const struct event *e)
{
	return slice_contains(e->reasons, SLICE("consent:anonymous"));
}

/* ---- Corrections */

static struct slice previous_of(const struct settle *s, const struct event *before)
{
	struct buf json;
	buf_init_in_arena(&json, PREVIOUS_MAX, batch_arena(s->batch));
	event_json_append_verdict(&json, before);
	return buf_failed(&json) ? SLICE_EMPTY : buf_slice(&json);
}

static void tell(const struct settle *s, const struct event *before, const struct event *after)
{
	uint8_t random[10];
	random_bytes(random, sizeof random);
	struct event correction = {
	    .id = uuid_v7(batch_now_us(s->batch), random),
	    .tenant = s->message->tenant,
	    .type = EVENT_CORRECTED,
	    .occurred_us = batch_now_us(s->batch),
	    .message = s->message->id,
	    .is_unique = after->is_unique,
	    .is_duplicate = after->is_duplicate,
	    .bot_filtered = after->bot_filtered,
	    .judged = true,
	    .actor = after->actor,
	    .reasons = after->reasons,
	    .confidence_percent = after->confidence_percent,
	    .rules = after->rules,
	    .settled = true, /* of itself: nothing looks at a correction again */
	    .destination_url = after->destination_url,
	    .link_index = after->link_index,
	    .provider = after->provider,
	    .corrects = before->id,
	    .previous = previous_of(s, before),
	};
	if (is_anonymous(after))
		batch_event_anonymous(s->batch, s->message, &correction);
	else
		batch_event(s->batch, s->message, &correction);
}

static struct hit_count count_of(const struct event *e)
{
	return (struct hit_count){.kind = e->type == EVENT_CLICK ? HIT_CLICK : HIT_OPEN,
				  .actor = e->actor,
				  .is_mpp = event_is_mpp(e),
				  .time_us = e->occurred_us};
}

static void note_losses(struct settle *s, const struct event *before, const struct event *after)
{
	const struct message_counters *c = &s->message->counters;
	bool is_open = before->type == EVENT_OPEN;
	s->lost_strict |= is_open && before->actor == ACTOR_HUMAN && after->actor != ACTOR_HUMAN &&
			  c->first_open_strict_us == before->occurred_us;
	if (before->bot_filtered || !after->bot_filtered)
		return;
	s->lost_open |= is_open && before->is_unique;
	s->lost_click |= !is_open && before->is_unique;
	s->lost_last |= c->last_activity_us == before->occurred_us;
}

static void move_counts(struct settle *s, const struct event *before, const struct event *after)
{
	struct hit_count from = count_of(before);
	struct hit_count to = count_of(after);
	if (before->is_duplicate)
		return; /* counted nowhere */
	hit_count_campaign(s->batch, s->message, &from, -1);
	hit_count_campaign(s->batch, s->message, &to, 1);
	if (is_anonymous(before))
		return;
	hit_count_person(s->message, &from, -1);
	hit_count_person(s->message, &to, 1);
	note_losses(s, before, after);
	batch_touch(s->batch, s->message);
}

static struct slice reasons_of(const struct settle *s, const struct behaviour_hit *hit)
{
	char group[UUID_TEXT_SIZE];
	if (uuid_is_zero(hit->group))
		return arena_copy(batch_arena(s->batch), slice_from_cstr(hit->verdict.reasons));
	uuid_format(hit->group, group);
	return arena_printf(batch_arena(s->batch), "%s group:%s", hit->verdict.reasons, group);
}

static enum status change(struct settle *s, const struct event *before, const struct behaviour_hit *hit,
			  struct err *err)
{
	struct event after = *before;
	after.actor = hit->verdict.actor;
	after.confidence_percent = hit->verdict.confidence_percent;
	after.reasons = reasons_of(s, hit);
	after.rules = SLICE(VERDICT_RULES);
	after.bot_filtered = !actor_is_counted(after.actor);
	after.is_unique = before->is_unique && !after.bot_filtered;
	after.settled = true; /* what a machine has shown is not taken back */
	enum status status = store_event_judge(batch_session(s->batch), &after, err);
	if (status != STATUS_OK)
		return status;
	move_counts(s, before, &after);
	tell(s, before, &after);
	return STATUS_OK;
}

/* ---- Who is first now */

static enum status promote(struct settle *s, enum first_hit which, int64_t *first_us, struct err *err)
{
	struct event before;
	struct err none;
	enum status status = store_event_first_counted(batch_session(s->batch), s->message->id, which,
						       batch_arena(s->batch), &before, &none);
	*first_us = status == STATUS_OK ? before.occurred_us : 0;
	if (status == STATUS_NOT_FOUND) {
		batch_stat(s->batch, s->message, which == FIRST_OPEN ? STAT_OPENS_UNIQUE : STAT_CLICKS_UNIQUE, -1);
		return STATUS_OK;
	}
	if (status != STATUS_OK) {
		*err = none;
		return status;
	}
	struct event after = before;
	after.is_unique = true;
	status = store_event_judge(batch_session(s->batch), &after, err);
	if (status == STATUS_OK)
		tell(s, &before, &after);
	return status;
}

static enum status find_strict(struct settle *s, struct err *err)
{
	struct event first;
	struct err none;
	enum status status = store_event_first_counted(batch_session(s->batch), s->message->id, FIRST_OPEN_STRICT,
						       batch_arena(s->batch), &first, &none);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		*err = none;
		return status;
	}
	s->message->counters.first_open_strict_us = status == STATUS_OK ? first.occurred_us : 0;
	if (status == STATUS_NOT_FOUND)
		batch_stat(s->batch, s->message, STAT_OPENS_UNIQUE_STRICT, -1);
	return STATUS_OK;
}

static enum status find_first(struct settle *s, struct err *err)
{
	struct message_counters *c = &s->message->counters;
	enum status status = STATUS_OK;
	if (s->lost_open)
		status = promote(s, FIRST_OPEN, &c->first_open_us, err);
	if (status == STATUS_OK && s->lost_click)
		status = promote(s, FIRST_CLICK, &c->first_click_us, err);
	if (status == STATUS_OK && s->lost_strict)
		status = find_strict(s, err);
	if (status == STATUS_OK && s->lost_last)
		status = store_event_last_counted(batch_session(s->batch), s->message->id, &c->last_activity_us, err);
	return status;
}

/* ---- All hits of a message */

static struct behaviour_hit hit_of(const struct settle *s, const struct event *e)
{
	struct address address;
	bool has_address = address_parse(e->ip, &address);
	struct behaviour_hit hit = {
	    .id = e->id,
	    .kind = e->type == EVENT_CLICK ? HIT_CLICK : HIT_OPEN,
	    .time_us = e->occurred_us,
	    .link_index = e->link_index < 0 ? 0 : (uint32_t)e->link_index,
	    .source = behaviour_source_of(has_address ? &address : NULL, e->user_agent),
	    .actor = e->actor,
	    .reasons = e->reasons,
	};
	struct fan_out_hit visit = {
	    .tenant = s->message->tenant,
	    .recipient = s->message->to_email,
	    .source = hit.source,
	    .time_us = e->occurred_us,
	};
	hit.fan_out = fan_out_count(s->fan_out, &visit);
	return hit;
}

/* They come newest first by position; by time they are nearly sorted, so inserting is quick. */
static void sort_by_time(struct event *hits, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct event first = hits[i];
		hits[i] = hits[count - 1 - i];
		hits[count - 1 - i] = first;
	}
	for (size_t i = 1; i < count; i++) {
		struct event hit = hits[i];
		size_t to = i;
		for (; to > 0 && hits[to - 1].occurred_us > hit.occurred_us; to--)
			hits[to] = hits[to - 1];
		hits[to] = hit;
	}
}

static enum status judge_hits(struct settle *s, const struct event_hits *hits, struct err *err)
{
	enum status status = STATUS_OK;
	const struct message *m = s->message;
	struct behaviour_mail mail = {
	    .delivered_us = m->delivered_us ? m->delivered_us : m->sent_us,
	    .first_open_us = m->counters.first_open_any_us,
	    .links = m->link_count,
	};
	struct behaviour_hit *judged = arena_alloc_array(batch_arena(s->batch), hits->n, sizeof *judged);
	for (size_t i = 0; i < hits->n; i++)
		judged[i] = hit_of(s, &hits->at[i]);
	behaviour_judge(&mail, judged, hits->n);
	for (size_t i = 0; status == STATUS_OK && i < hits->n; i++)
		if (judged[i].is_changed)
			status = change(s, &hits->at[i], &judged[i], err);
	return status;
}

enum status settle_message(struct batch *batch, struct fan_out *fan_out, const struct settling *settling,
			   struct err *err)
{
	struct settle s = {.batch = batch, .fan_out = fan_out};
	int64_t until_us = settling->due_us - BEHAVIOUR_SETTLE_S * INT64_C(1000000);
	struct store_session *session = batch_session(batch);
	struct event_hits hits = {0};
	enum status status = batch_message(batch, settling->message, &s.message, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK)
		status =
		    store_event_hits(session, settling->message, BEHAVIOUR_HITS_MAX, batch_arena(batch), &hits, err);
	if (status == STATUS_OK)
		status = fan_out_fill(fan_out, session, until_us, err);
	if (status == STATUS_OK && hits.n) {
		sort_by_time(hits.at, hits.n);
		status = judge_hits(&s, &hits, err);
	}
	return status == STATUS_OK ? find_first(&s, err) : status;
}
