/* SPDX-License-Identifier: Apache-2.0 */
/* Judging what is read anew, instead of asking for the actor that its row has, is the point: settling makes a walk
 * through a company a scanner's mail by mail, and the mails behind would find less and less evidence; the last ones
 * would pass for people. */
#include "engine/judge/visit_history.h"

#include "base/mem.h"
#include "engine/judge/first_look.h"

enum { VISITS_AT_ONCE = 2048 };
static const int64_t FORWARD_US = 60000000;

struct visit_history {
	struct store_session *session;
	const struct network_lists *lists;
	struct fan_out *fan_out;
	int64_t begun_us;       /* where the reading began, without a gap since */
	int64_t next_us;        /* what came before is read; INT64_MIN: nothing was */
	uint64_t next_position; /* of what came at that very time, what is up to this position is read, too */
};

struct visit_history *visit_history_new(struct store_session *session, const struct network_lists *lists)
{
	struct visit_history *h = MEM_NEW(struct visit_history);
	h->session = session;
	h->lists = lists;
	h->fan_out = fan_out_new_for_history();
	h->begun_us = h->next_us = INT64_MIN;
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

/* *ret_is_end: that was the rest of it. */
static enum status read_some(struct visit_history *h, int64_t to_us, bool *ret_is_end, struct err *err)
{
	struct hit_walk walk = {h->next_us, h->next_position, to_us, VISITS_AT_ONCE};
	struct past_visits visits = {0};
	struct arena *arena = arena_new();
	enum status status = store_event_visits(h->session, &walk, arena, &visits, err);
	for (size_t i = 0; status == STATUS_OK && i < visits.n; i++)
		if (looks_like_a_person(h, &visits.at[i]))
			fan_out_note_visit(h->fan_out, &visits.at[i]);
	*ret_is_end = visits.n < VISITS_AT_ONCE;
	if (status == STATUS_OK && *ret_is_end) {
		h->next_us = to_us + 1;
		h->next_position = 0;
	} else if (status == STATUS_OK) {
		h->next_us = visits.at[visits.n - 1].time_us;
		h->next_position = visits.at[visits.n - 1].position;
	}
	arena_free(&arena);
	return status;
}

static void start_anew(struct visit_history *h)
{
	fan_out_free(&h->fan_out);
	h->fan_out = fan_out_new_for_history();
	h->begun_us = h->next_us = INT64_MIN;
}

/* It was never there, or has gone on by minutes and dropped visits from there. Not when it dropped them on the way to
 * `to_us`: a reading anew would drop them, too, and so on for every message of a crowd. */
static bool must_start_anew(const struct visit_history *h, int64_t from_us, int64_t to_us)
{
	bool has_moved_on = h->next_us > to_us + FORWARD_US;
	return from_us < h->begun_us || (has_moved_on && fan_out_since_us(h->fan_out) > from_us);
}

static void begin_at(struct visit_history *h, int64_t from_us, int64_t to_us)
{
	if (must_start_anew(h, from_us, to_us))
		start_anew(h);
	if (h->next_us >= from_us)
		return;
	fan_out_begin(h->fan_out, from_us); /* what lies between is left out */
	h->begun_us = h->next_us = from_us;
	h->next_position = 0;
}

enum status visit_history_follow_some(struct visit_history *h, int64_t from_us, int64_t to_us,
				      const struct visit_history_part *part, struct err *err)
{
	bool is_end = false;
	begin_at(h, from_us, to_us);
	while (!is_end && h->next_us <= to_us) {
		enum status status = read_some(h, to_us, &is_end, err);
		if (status != STATUS_OK)
			return status;
		if (part && !is_end && clock_monotonic_us(part->clock) >= part->until_us)
			return STATUS_AGAIN;
	}
	return STATUS_OK;
}

enum status visit_history_follow(struct visit_history *h, int64_t from_us, int64_t to_us, struct err *err)
{
	return visit_history_follow_some(h, from_us, to_us, NULL, err);
}

const struct fan_out *visit_history_fan_out(const struct visit_history *history)
{
	return history->fan_out;
}
