/* SPDX-License-Identifier: Apache-2.0 */
/* Judging what is read anew, instead of asking for the actor that its row has, is the point: settling makes a walk
 * through a company a scanner's mail by mail, and the mails behind would find less and less evidence; the last ones
 * would pass for people. */
#include "engine/judge/visit_history.h"

#include "base/mem.h"
#include "engine/judge/first_look.h"

static const int64_t FORWARD_US = 60000000;

struct visit_history {
	struct store_session *session;
	const struct network_lists *lists;
	struct fan_out *fan_out;
	int64_t begun_us; /* where the reading began, without a gap since */
	int64_t next_us;  /* what came before is read; INT64_MIN: nothing was */

	/* The minute that next_us lies in is read again when it has gone on, from the first chunk that was not full. */
	int64_t minute;
	uint64_t full_chunks; /* all chunks below this one are read, and no event will come in there */

	/* One pass over it. */
	bool is_reading;
	int64_t pass_to_us;
	uint64_t next_chunk;
	uint64_t horizon_chunk; /* as the pass began: chunks below it are full */
};

struct visit_history *visit_history_new(struct store_session *session, const struct network_lists *lists)
{
	struct visit_history *h = MEM_NEW(struct visit_history);
	h->session = session;
	h->lists = lists;
	h->fan_out = fan_out_new_for_history();
	h->begun_us = h->next_us = h->minute = INT64_MIN;
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

/* The next minute that has any events, or, when none has up to there, all is read. */
static enum status begin_pass(struct visit_history *h, int64_t to_us, struct err *err)
{
	int64_t minute = 0;
	uint64_t horizon = 0;
	enum status status = store_event_next_minute(h->session, h->next_us / EVENT_MINUTE_US, &minute, err);
	/* Before the events, or some could come in below it unseen. */
	if (status == STATUS_OK)
		status = store_event_horizon(h->session, &horizon, err);
	if (status != STATUS_OK)
		return status;
	if (!minute || minute * EVENT_MINUTE_US > to_us) {
		h->next_us = to_us + 1;
		return STATUS_OK;
	}
	if (minute != h->minute)
		h->full_chunks = 0;
	h->minute = minute;
	h->is_reading = true;
	h->pass_to_us = to_us;
	h->next_chunk = h->full_chunks;
	h->horizon_chunk = (horizon + 1) >> EVENT_CHUNK_BITS;
	return STATUS_OK;
}

static void end_pass(struct visit_history *h)
{
	int64_t minute_end_us = (h->minute + 1) * EVENT_MINUTE_US;
	h->is_reading = false;
	h->full_chunks = h->horizon_chunk;
	h->next_us = h->pass_to_us < minute_end_us ? h->pass_to_us + 1 : minute_end_us;
}

static enum status read_some(struct visit_history *h, struct err *err)
{
	struct visit_walk walk = {h->minute, h->next_chunk};
	struct past_visits visits = {0};
	uint64_t next = 0;
	struct arena *arena = arena_new();
	enum status status = store_event_visits(h->session, &walk, arena, &visits, &next, err);
	for (size_t i = 0; status == STATUS_OK && i < visits.n; i++)
		if (looks_like_a_person(h, &visits.at[i]))
			fan_out_note_visit(h->fan_out, &visits.at[i]);
	if (status == STATUS_OK && next)
		h->next_chunk = next;
	else if (status == STATUS_OK)
		end_pass(h);
	arena_free(&arena);
	return status;
}

static void start_anew(struct visit_history *h)
{
	fan_out_free(&h->fan_out);
	h->fan_out = fan_out_new_for_history();
	h->begun_us = h->next_us = h->minute = INT64_MIN;
	h->is_reading = false;
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
	h->is_reading = false;
}

enum status visit_history_follow_some(struct visit_history *h, int64_t from_us, int64_t to_us,
				      const struct visit_history_part *part, struct err *err)
{
	begin_at(h, from_us, to_us);
	while (h->next_us <= to_us) {
		enum status status = h->is_reading ? STATUS_OK : begin_pass(h, to_us, err);
		if (status == STATUS_OK && h->is_reading)
			status = read_some(h, err);
		if (status != STATUS_OK)
			return status;
		if (part && h->next_us <= to_us && clock_monotonic_us(part->clock) >= part->until_us)
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
