/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict that changes is written at once, because who is first is asked of the store: what has changed must be
 * there. The numbers go through effects.h, with -1 as the hit was and +1 as it is; the event.corrected are told at the
 * end, one for each hit however often it was written on the way, so that nobody hears of a state that never was.
 *
 * Who is first is asked of the store at the end: the order of events decides that, not the order in which verdicts
 * change. It is asked only when somebody came to count, or when the hit that was first has ceased to, because the
 * events of old mail may be pruned while its first times stay. */
#include "engine/judge/correction.h"

#include "base/random.h"
#include "engine/feed/event_json.h"
#include "engine/ledger/effects.h"
#include "store/events/hits.h"

enum { PREVIOUS_MAX = 4096 };

/* In the arena of the batch. */
struct corrected_hit {
	struct corrected_hit *next;
	struct event before, after;
};

/* ---- Telling: once for each hit, however often it was written */

static struct slice previous_of(const struct correction *c, const struct event *before)
{
	struct buf json;
	buf_init_in_arena(&json, PREVIOUS_MAX, batch_arena(c->batch));
	event_json_append_verdict(&json, before);
	return buf_failed(&json) ? SLICE_EMPTY : buf_slice(&json);
}

static void tell(const struct correction *c, const struct event *before, const struct event *after)
{
	uint8_t random[10];
	random_bytes(random, sizeof random);
	struct event correction = {
	    .id = uuid_v7(batch_now_us(c->batch), random),
	    .tenant = c->message->tenant,
	    .type = EVENT_CORRECTED,
	    .occurred_us = batch_now_us(c->batch),
	    .message = c->message->id,
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
	    .previous = previous_of(c, before),
	};
	batch_event(c->batch, c->message, &correction);
}

static void tell_all(const struct correction *c)
{
	for (const struct corrected_hit *hit = c->first; hit; hit = hit->next)
		tell(c, &hit->before, &hit->after);
}

static struct corrected_hit *find_corrected(const struct correction *c, struct uuid id)
{
	struct corrected_hit *hit = c->first;
	while (hit && !uuid_equal(hit->before.id, id))
		hit = hit->next;
	return hit;
}

static struct corrected_hit *add_corrected(struct correction *c, const struct event *before)
{
	struct corrected_hit *hit = ARENA_NEW(batch_arena(c->batch), struct corrected_hit);
	hit->before = hit->after = *before;
	if (c->last)
		c->last->next = hit;
	else
		c->first = hit;
	c->last = hit;
	return hit;
}

/* ---- Counting */

/* "Strict" is a person himself, no image proxy; a change between the two moves no other number. */
static void note_strict(struct correction *c, const struct event *before, const struct event *after)
{
	bool was = before->type == EVENT_OPEN && before->actor == ACTOR_HUMAN;
	bool is = after->type == EVENT_OPEN && after->actor == ACTOR_HUMAN;
	c->asks_strict |= is && !was;
	c->asks_strict |= was && !is && c->message->counters.first_open_strict_us == before->occurred_us;
}

/* Somebody counts who did not: he may have come before whoever was first until now. */
static void note_gain(struct correction *c, const struct event *after)
{
	struct message_counters *counters = &c->message->counters;
	c->asks_open |= after->type == EVENT_OPEN;
	c->asks_click |= after->type == EVENT_CLICK;
	if (counters->last_activity_us < after->occurred_us)
		counters->last_activity_us = after->occurred_us;
}

/* One who counted does so no longer. Only if he was the first, or the last, is there anything to ask. */
static void note_loss(struct correction *c, const struct event *before)
{
	c->asks_open |= before->is_unique && before->type == EVENT_OPEN;
	c->asks_click |= before->is_unique && before->type == EVENT_CLICK;
	c->asks_last |= c->message->counters.last_activity_us == before->occurred_us;
}

/* Takes away what it was, and puts what it is. */
static void move_numbers(struct correction *c, const struct event *before, const struct event *after)
{
	effects_move(batch_sums(c->batch), c->message, before, -1);
	effects_move(batch_sums(c->batch), c->message, after, 1);
	batch_touch(c->batch, c->message);
}

static void move_counts(struct correction *c, const struct event *before, const struct event *after)
{
	move_numbers(c, before, after);
	if (before->is_duplicate || event_is_anonymous(before))
		return; /* of those nobody was first */
	note_strict(c, before, after);
	if (before->bot_filtered && !after->bot_filtered)
		note_gain(c, after);
	else if (!before->bot_filtered && after->bot_filtered)
		note_loss(c, before);
}

enum status correction_change(struct correction *c, const struct event *before, const struct event *changed,
			      struct err *err)
{
	struct corrected_hit *hit = add_corrected(c, before);
	hit->after = *changed;
	hit->after.bot_filtered = !actor_is_counted(changed->actor);
	hit->after.is_unique = before->is_unique && !hit->after.bot_filtered;
	enum status status = store_event_judge(batch_session(c->batch), &hit->after, err);
	if (status == STATUS_OK)
		move_counts(c, before, &hit->after);
	return status;
}

static void note_all_losses(struct correction *c, const struct event *before)
{
	const struct message_counters *counters = &c->message->counters;
	bool is_open = before->type == EVENT_OPEN;
	c->asks_strict |= is_open && counters->first_open_strict_us == before->occurred_us;
	c->asks_any_open |= is_open && counters->first_open_any_us == before->occurred_us;
	c->asks_any_click |= !is_open && counters->first_click_any_us == before->occurred_us;
	if (!before->bot_filtered)
		note_loss(c, before);
}

enum status correction_make_duplicate(struct correction *c, const struct event *before, struct slice reason,
				      struct err *err)
{
	struct corrected_hit *hit = add_corrected(c, before);
	hit->after.is_duplicate = true;
	hit->after.is_unique = false;
	hit->after.reasons =
	    arena_printf(batch_arena(c->batch), "%.*s %.*s", SLICE_FMT(before->reasons), SLICE_FMT(reason));
	enum status status = store_event_judge(batch_session(c->batch), &hit->after, err);
	if (status != STATUS_OK)
		return status;
	move_numbers(c, before, &hit->after); /* a duplicate is counted nowhere */
	if (!event_is_anonymous(before))
		note_all_losses(c, before);
	return STATUS_OK;
}

/* ---- Who is first now */

static enum status set_unique(struct correction *c, const struct event *e, bool is_unique, struct err *err)
{
	struct corrected_hit *hit = find_corrected(c, e->id);
	if (!hit)
		hit = add_corrected(c, e);
	hit->after.is_unique = is_unique;
	return store_event_judge(batch_session(c->batch), &hit->after, err);
}

/* Not found is no failure: *ret_found says it. */
static enum status find(struct correction *c, enum first_hit which, struct event *ret, bool *ret_found, struct err *err)
{
	struct err none;
	enum status status = store_event_first_counted(batch_session(c->batch), c->message->id, which,
						       batch_arena(c->batch), ret, &none);
	*ret_found = status == STATUS_OK;
	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		return STATUS_OK;
	*err = none;
	return status;
}

static void set_first(struct correction *c, enum effects_first which, int64_t time_us)
{
	effects_first(batch_sums(c->batch), c->message, which, time_us);
	batch_touch(c->batch, c->message);
}

/* At most two rows change: the one that had the mark, and the one that gets it. */
static enum status hand_over(struct correction *c, enum first_hit which, struct err *err)
{
	struct event first, holder;
	bool has_first, has_holder;
	bool is_open = which == FIRST_OPEN;
	enum status status = find(c, which, &first, &has_first, err);
	if (status == STATUS_OK)
		/* Asked of the store and not remembered: the mark may be on a hit that nobody corrects now. */
		status = find(c, is_open ? HOLDER_OPEN : HOLDER_CLICK, &holder, &has_holder, err);
	if (status == STATUS_OK && has_holder && !(has_first && uuid_equal(first.id, holder.id)))
		status = set_unique(c, &holder, false, err);
	if (status == STATUS_OK && has_first && !first.is_unique)
		status = set_unique(c, &first, true, err);
	if (status == STATUS_OK)
		set_first(c, is_open ? EFFECTS_OPEN : EFFECTS_CLICK, has_first ? first.occurred_us : 0);
	return status;
}

/* For the times that no event carries a flag for. */
static enum status find_time(struct correction *c, enum first_hit which, enum effects_first time, struct err *err)
{
	struct event first;
	bool has_first;
	enum status status = find(c, which, &first, &has_first, err);
	if (status == STATUS_OK)
		set_first(c, time, has_first ? first.occurred_us : 0);
	return status;
}

static enum status find_times(struct correction *c, struct err *err)
{
	enum status status = STATUS_OK;
	if (c->asks_strict)
		status = find_time(c, FIRST_OPEN_STRICT, EFFECTS_OPEN_STRICT, err);
	if (status == STATUS_OK && c->asks_any_open)
		status = find_time(c, FIRST_OPEN_ANY, EFFECTS_OPEN_ANY, err);
	if (status == STATUS_OK && c->asks_any_click)
		status = find_time(c, FIRST_CLICK_ANY, EFFECTS_CLICK_ANY, err);
	return status;
}

/* Those before may have been pruned. What was opened and clicked first is known still, and was no later. */
static enum status find_last_activity(struct correction *c, struct err *err)
{
	struct message_counters *counters = &c->message->counters;
	int64_t last_us = 0;
	enum status status = store_event_last_counted(batch_session(c->batch), c->message->id, &last_us, err);
	if (status != STATUS_OK)
		return status;
	if (last_us < counters->first_open_us)
		last_us = counters->first_open_us;
	if (last_us < counters->first_click_us)
		last_us = counters->first_click_us;
	counters->last_activity_us = last_us;
	return STATUS_OK;
}

enum status correction_finish(struct correction *c, struct err *err)
{
	enum status status = STATUS_OK;
	if (c->asks_open)
		status = hand_over(c, FIRST_OPEN, err);
	if (status == STATUS_OK && c->asks_click)
		status = hand_over(c, FIRST_CLICK, err);
	if (status == STATUS_OK)
		status = find_times(c, err);
	if (status == STATUS_OK && c->asks_last)
		status = find_last_activity(c, err);
	if (status == STATUS_OK)
		tell_all(c);
	return status;
}
