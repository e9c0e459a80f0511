/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing here looks at the verdict that a hit has, except where it stays, so that judging twice gives the same.
 *
 * A hit that stays as it was is still evidence for the others: a burst whose first click was not kept well enough to be
 * judged is a burst all the same. So all hits go through the second look, and what is left alone is put back behind. */
#include "engine/judge/rejudge_message.h"

#include "engine/feed/event_json.h"
#include "engine/judge/first_look.h"
#include "engine/judge/second_look.h"
#include "engine/ledger/effects.h"

static int64_t delivered_us(const struct message *m)
{
	return m->delivered_us ? m->delivered_us : m->sent_us;
}

/* ---- What is left alone */

static bool is_counted_for_person(const struct event *e)
{
	return !e->is_duplicate && !event_is_anonymous(e);
}

/* Nothing marks a message whose events were pruned; it shows in its counters. */
static bool is_complete(const struct message *message, const struct event_hits *hits)
{
	struct message_counters again = {0};
	const struct message_counters *a = &again;
	const struct message_counters *b = &message->counters;
	for (size_t i = 0; i < hits->n; i++)
		if (is_counted_for_person(&hits->at[i]))
			effects_count(&again, &hits->at[i], 1);
	return a->opens_human == b->opens_human && a->opens_proxy == b->opens_proxy && a->opens_mpp == b->opens_mpp &&
	       a->opens_prefetch == b->opens_prefetch && a->opens_scanner == b->opens_scanner &&
	       a->opens_preview == b->opens_preview && a->opens_crawler == b->opens_crawler &&
	       a->opens_unknown == b->opens_unknown && a->clicks_human == b->clicks_human &&
	       a->clicks_machine == b->clicks_machine;
}

/* ---- The first look */

/* What the verdict's words must go on saying. */
static struct slice repeat_reason(struct slice reasons)
{
	while (reasons.n) {
		struct slice reason = slice_cut(&reasons, ' ');
		if (slice_starts_with(reason, SLICE("duplicate:")))
			return reason;
	}
	return SLICE_EMPTY;
}

static bool judge_first(const struct rejudge_rules *rules, const struct message *message, struct arena *arena,
			struct event *hit)
{
	struct verdict verdict;
	if (event_is_report(hit))
		return false; /* who it was is the provider's word, and that was not kept apart */
	struct kept_hit kept = {
	    .kind = hit->type == EVENT_CLICK ? HIT_CLICK : HIT_OPEN,
	    .time_us = hit->occurred_us,
	    .delivered_us = delivered_us(message),
	    .ip = hit->ip,
	    .user_agent = hit->user_agent,
	    .signals = hit->signals,
	    .reasons = hit->reasons,
	};
	if (!first_look(&kept, rules->lists, &verdict))
		return false;
	struct slice repeat = repeat_reason(hit->reasons);
	hit->actor = verdict.actor;
	hit->confidence_percent = verdict.confidence_percent;
	hit->reasons = arena_printf(arena, "%s%s%.*s", verdict.reasons, repeat.n ? " " : "", SLICE_FMT(repeat));
	hit->rules = SLICE(VERDICT_RULES);
	return true;
}

static void note_fan_out(struct rejudge_message *m, const struct event *hit)
{
	struct behaviour_mail mail = {.delivered_us = delivered_us(m->message)};
	enum hit_kind kind = hit->type == EVENT_CLICK ? HIT_CLICK : HIT_OPEN;
	if (!behaviour_is_provisional(hit->actor) || !behaviour_in_window(&mail, kind, hit->occurred_us))
		return;
	if (m->fan_out_from_us > hit->occurred_us)
		m->fan_out_from_us = hit->occurred_us;
	if (m->fan_out_to_us < hit->occurred_us)
		m->fan_out_to_us = hit->occurred_us;
}

enum left_alone rejudge_message_begin(const struct rejudge_rules *rules, const struct message *message,
				      const struct event_hits *hits, struct arena *arena, struct rejudge_message *ret)
{
	struct rejudge_message m = {.message = message,
				    .hits = hits->at,
				    .n = hits->n,
				    .fan_out_from_us = INT64_MAX,
				    .fan_out_to_us = INT64_MIN};
	if (message_is_erased(message))
		return LEFT_ERASED;
	if (hits->n > BEHAVIOUR_HITS_MAX)
		return LEFT_CROWDED;
	if (!is_complete(message, hits))
		return LEFT_INCOMPLETE;
	m.judged = arena_alloc_array(arena, m.n + 1, sizeof *m.judged);
	m.is_left = arena_alloc_array(arena, m.n + 1, sizeof *m.is_left);
	for (size_t i = 0; i < m.n; i++) {
		m.judged[i] = m.hits[i];
		m.is_left[i] =
		    m.hits[i].occurred_us < rules->since_us || !judge_first(rules, message, arena, &m.judged[i]);
		if (!m.is_left[i])
			note_fan_out(&m, &m.judged[i]);
	}
	*ret = m;
	return LEFT_COUNT;
}

/* ---- The second */

bool rejudge_message_end(struct rejudge_message *m, const struct fan_out *fan_out, struct arena *arena)
{
	struct second_look look = {m->message, fan_out, NULL, arena};
	bool is_changed = false;
	second_look_judge(&look, m->judged, m->n);
	for (size_t i = 0; i < m->n; i++) {
		if (m->is_left[i])
			m->judged[i] = m->hits[i];
		is_changed |= rejudge_is_change(&m->hits[i], &m->judged[i]);
	}
	return is_changed;
}
