/* SPDX-License-Identifier: Apache-2.0 */
/* Judging what is read anew, instead of asking for the actor that its row has, is the point: settling makes a walk
 * through a company a scanner's mail by mail, and the mails behind would find less and less evidence; the last ones
 * would pass for people. */
#include "engine/judge/visit_history.h"

#include "base/mem.h"
#include "engine/judge/first_look.h"

enum { VISITS_AT_ONCE = 2048 };

struct visit_history {
	struct store_session *session;
	const struct network_lists *lists;
	struct fan_out *fan_out;
	int64_t read_us; /* all that came until then is read; INT64_MIN: nothing was */
};

struct visit_history *visit_history_new(struct store_session *session, const struct network_lists *lists)
{
	struct visit_history *h = MEM_NEW(struct visit_history);
	h->session = session;
	h->lists = lists;
	h->fan_out = fan_out_new_for_history();
	h->read_us = INT64_MIN;
	return h;
}

void visit_history_judge_by(struct visit_history *history, const struct network_lists *lists)
{
	history->lists = lists;
}

void visit_history_free(struct visit_history **history)
{
	if (!*history)
		return;
	fan_out_free(&(*history)->fan_out);
	mem_free(*history);
	*history = NULL;
}

static bool looks_like_a_person(const struct visit_history *h, const struct past_visit *visit)
{
	struct verdict verdict;
	struct kept_hit hit = {
	    .kind = visit->is_click ? HIT_CLICK : HIT_OPEN,
	    .time_us = visit->time_us,
	    .delivered_us = visit->delivered_us,
	    .ip = visit->ip,
	    .user_agent = visit->user_agent,
	    .signals = visit->signals,
	    .reasons = visit->reasons,
	};
	return first_look(&hit, h->lists, &verdict) && behaviour_is_provisional(verdict.actor);
}

/* Moves the walk behind what it read; *ret_count says how many there were. */
static enum status read_some(struct visit_history *h, struct hit_walk *walk, size_t *ret_count, struct err *err)
{
	struct past_visits visits = {0};
	struct arena *arena = arena_new();
	enum status status = store_event_visits(h->session, walk, arena, &visits, err);
	for (size_t i = 0; status == STATUS_OK && i < visits.n; i++)
		if (looks_like_a_person(h, &visits.at[i]))
			fan_out_note_visit(h->fan_out, &visits.at[i]);
	if (status == STATUS_OK && visits.n) {
		walk->after_us = visits.at[visits.n - 1].time_us;
		walk->after_position = visits.at[visits.n - 1].position;
	}
	*ret_count = visits.n;
	arena_free(&arena);
	return status;
}

static void start_anew(struct visit_history *h)
{
	fan_out_free(&h->fan_out);
	h->fan_out = fan_out_new_for_history();
	h->read_us = INT64_MIN;
}

enum status visit_history_follow(struct visit_history *h, int64_t from_us, int64_t to_us, struct err *err)
{
	/* It has dropped visits from there, or has none yet. */
	if (fan_out_since_us(h->fan_out) > from_us)
		start_anew(h);
	if (h->read_us < from_us)
		fan_out_begin(h->fan_out, from_us); /* what lies between is left out */
	int64_t since_us = h->read_us < from_us ? from_us : h->read_us + 1;
	struct hit_walk walk = {.after_us = since_us, .until_us = to_us, .limit = VISITS_AT_ONCE};
	size_t count = VISITS_AT_ONCE;
	enum status status = STATUS_OK;
	if (to_us < since_us)
		return STATUS_OK;
	while (status == STATUS_OK && count == VISITS_AT_ONCE)
		status = read_some(h, &walk, &count, err);
	if (status == STATUS_OK)
		h->read_us = to_us;
	return status;
}

const struct fan_out *visit_history_fan_out(const struct visit_history *history)
{
	return history->fan_out;
}
