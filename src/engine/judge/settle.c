/* SPDX-License-Identifier: Apache-2.0 */
/* In time, everything is in memory: fan_out holds some minutes, and a look comes two minutes after its hit. What makes
 * a look late must not make a scanner a person, so memory is believed for as far back as it says that it has forgotten
 * nothing, and history is read for the rest. History is read step by step, as timers are due: all looks of one step
 * share one reading, and each hit of a backlog is read once.
 *
 * Fan-out is asked for hits that are looked at for the first time only. A hit that had its look keeps that answer, as a
 * message that is read for years would otherwise have the minute of its delivery read again for every visit. */
#include "engine/judge/settle.h"

#include "base/mem.h"
#include "codec/judge/behaviour.h"
#include "engine/judge/correction.h"
#include "engine/judge/second_look.h"
#include "engine/judge/visit_history.h"
#include "engine/ledger/watermark.h"
#include "store/events/settling.h"

static const int64_t SECOND_US = 1000000;
static const int64_t REACH_US = BEHAVIOUR_FAN_OUT_REACH_S * INT64_C(1000000);
static const int64_t AHEAD_US = 5000000;
static const int64_t SETTLE_US = BEHAVIOUR_SETTLE_S * INT64_C(1000000);

/* Read ahead for timers that fire together; in the arena of the batch. */
struct read_ahead {
	uint64_t *numbers; /* of messages; 0: its hits were used, and may be others now */
	struct event_hits *hits;
	size_t count;
};

struct settler {
	struct settler_config config;
	const struct network_lists *lists;
	struct visit_history *history; /* NULL: not needed for a while */
	int64_t history_due_us;        /* of the timer that needed it last */
	struct read_ahead ahead;
	int64_t looked_until_us; /* what was due until then has been looked at, since the start or by others */
	bool is_shared;          /* what the fan-out in memory knows is not all there is */
};

struct settler *settler_new(const struct settler_config *config)
{
	struct settler *s = MEM_NEW(struct settler);
	s->config = *config;
	s->is_shared = config->is_shared;
	return s;
}

void settler_free(struct settler **settler)
{
	if (!*settler)
		return;
	visit_history_free(&(*settler)->history);
	mem_free(*settler);
	*settler = NULL;
}

void settler_judge_by(struct settler *settler, const struct network_lists *lists)
{
	settler->lists = lists;
	if (settler->history)
		visit_history_judge_by(settler->history, lists);
}

/* Their clocks are not ours: what they had received until then may be called two seconds later, as everywhere. */
void settler_note_neighbours(struct settler *s, enum neighbours who, int64_t now_us)
{
	int64_t from_us = now_us + WATERMARK_SHARED_US;
	s->is_shared = who == NEIGHBOURS_PRESENT;
	if (who == NEIGHBOURS_NEVER)
		return;
	if (s->looked_until_us < from_us)
		s->looked_until_us = from_us;
	if (who == NEIGHBOURS_GONE)
		fan_out_begin(s->config.fan_out, from_us);
}

/* A look is due two minutes behind its hit and sees what came two minutes before and behind, so it may concern any hit
 * of an earlier time than it was due at. Half of what timers wait for others is what an applier may take until its
 * transaction is seen. */
bool settler_may_have_passed(const struct settler *s, int64_t time_us, int64_t now_us)
{
	bool is_late = s->is_shared && now_us - time_us > WATERMARK_SHARED_US / 2;
	return is_late || time_us < s->looked_until_us;
}

/* ---- One message on its way */

struct look {
	const struct timer *timer;
	struct uuid id;
	struct message *message;
	struct event_hits hits;
	int64_t from_us, to_us; /* of hits whose fan-out counts; from > to: none */
	const struct fan_out *history;
};

/* A crowd came behind the hits that this look is about, and pushed them out of what can be looked at. */
static bool is_pushed_out(const struct look *look)
{
	return look->hits.n == BEHAVIOUR_HITS_MAX &&
	       settling_due_us(look->hits.at[0].occurred_us) >= look->timer->due_us;
}

/* Once: a look changes rows, and the same message may be looked at for another step right behind. */
static bool take_ahead(struct read_ahead *ahead, struct look *look)
{
	for (size_t i = 0; i < ahead->count; i++) {
		if (ahead->numbers[i] != look->message->number)
			continue;
		ahead->numbers[i] = 0;
		look->hits = ahead->hits[i];
		second_look_sort(&look->hits);
		return true;
	}
	return false;
}

static enum status read_hits(struct settler *s, struct look *look, struct batch *batch, struct err *err)
{
	struct hits_until then = {look->id, look->timer->due_us, BEHAVIOUR_HITS_MAX};
	enum status status = STATUS_OK;
	if (!take_ahead(&s->ahead, look))
		status = second_look_read(batch_session(batch), look->id, BEHAVIOUR_HITS_MAX, batch_arena(batch),
					  &look->hits, err);
	if (status != STATUS_OK || !is_pushed_out(look))
		return status;
	return second_look_read_until(batch_session(batch), &then, batch_arena(batch), &look->hits, err);
}

static void find_range(struct look *look)
{
	struct behaviour_mail mail = {.delivered_us = look->message->delivered_us ? look->message->delivered_us
										  : look->message->sent_us};
	look->from_us = INT64_MAX;
	look->to_us = INT64_MIN;
	for (size_t i = 0; i < look->hits.n; i++) {
		const struct event *e = &look->hits.at[i];
		enum hit_kind kind = e->type == EVENT_CLICK ? HIT_CLICK : HIT_OPEN;
		if (!behaviour_is_provisional(e->actor) || !behaviour_in_window(&mail, kind, e->occurred_us) ||
		    settling_due_us(e->occurred_us) < look->timer->due_us)
			continue;
		look->from_us = e->occurred_us < look->from_us ? e->occurred_us : look->from_us;
		look->to_us = e->occurred_us > look->to_us ? e->occurred_us : look->to_us;
	}
}

/* ---- Whom sources came for at that time */

/* The second is for hits that were applied just before the first that was noted, and received just after it. */
static bool knows(const struct settler *s, const struct look *look)
{
	int64_t since_us = fan_out_since_us(s->config.fan_out);
	return !s->is_shared && since_us < INT64_MAX - SECOND_US && since_us + SECOND_US <= look->from_us - REACH_US;
}

static void forget_history(struct settler *s, const struct look *look)
{
	if (s->history && look->timer->due_us - s->history_due_us > FAN_OUT_HISTORY_S * SECOND_US)
		visit_history_free(&s->history);
}

static void need_history(struct settler *s, struct store_session *session, int64_t due_us)
{
	if (!s->history)
		s->history = visit_history_new(session, s->lists);
	s->history_due_us = due_us;
}

/* Where hits are that a look of that time is about begin, a minute before the earliest. */
static int64_t history_begins(int64_t due_us)
{
	return due_us - SETTLE_US - SETTLING_STEP_S * SECOND_US - REACH_US;
}

/* At least the whole step that this timer stands for, so that the next message of the step finds it read. Not beyond
 * what is applied by now, here and elsewhere: what comes in there later would be passed over by the looks behind. */
static enum status follow_history(struct settler *s, struct look *look, struct batch *batch, struct err *err)
{
	int64_t step_us = look->timer->due_us - SETTLE_US;
	int64_t from_us = history_begins(look->timer->due_us);
	from_us = look->from_us - REACH_US < from_us ? look->from_us - REACH_US : from_us;
	int64_t to_us = (look->to_us > step_us ? look->to_us : step_us) + REACH_US;
	int64_t applied_us = batch_now_us(batch) - WATERMARK_SHARED_US;
	to_us = to_us < applied_us || applied_us < step_us + REACH_US ? to_us : applied_us;
	need_history(s, batch_session(batch), look->timer->due_us);
	enum status status = visit_history_follow(s->history, from_us, to_us, err);
	look->history = visit_history_fan_out(s->history);
	return status;
}

static enum status find_fan_out(struct settler *s, struct look *look, struct batch *batch, struct err *err)
{
	forget_history(s, look);
	find_range(look);
	if (look->from_us > look->to_us || knows(s, look))
		return STATUS_OK;
	return follow_history(s, look, batch, err);
}

/* ---- The verdicts */

/* Looks at the hits together and writes what changed. */
static enum status judge_hits(const struct settler *s, const struct look *look, struct batch *batch, struct err *err)
{
	struct second_look second = {look->message, s->config.fan_out, look->history, batch_arena(batch)};
	struct correction correction = {.batch = batch, .message = look->message};
	const struct event_hits *hits = &look->hits;
	enum status status = STATUS_OK;
	struct event *judged = arena_alloc_array(batch_arena(batch), hits->n + 1, sizeof *judged);
	if (hits->n)
		memcpy(judged, hits->at, hits->n * sizeof *judged);
	second_look_judge(&second, judged, hits->n);
	for (size_t i = 0; status == STATUS_OK && i < hits->n; i++) {
		if (judged[i].actor == hits->at[i].actor)
			continue;
		judged[i].settled = true; /* what a machine has shown is not taken back */
		status = correction_change(&correction, &hits->at[i], &judged[i], err);
	}
	return status == STATUS_OK ? correction_finish(&correction, err) : status;
}

enum status settler_settle(struct settler *s, struct batch *batch, const struct timer *timer, struct err *err)
{
	struct look look = {.timer = timer};
	if (timer->due_us > s->looked_until_us)
		s->looked_until_us = timer->due_us;
	if (!settling_message_of(timer, &look.id))
		return err_set(err, STATUS_BAD_INPUT, "the key of this timer is no message");
	if (settling_is_mark(look.id))
		return STATUS_OK;
	enum status status = batch_message(batch, look.id, &look.message, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK; /* it went with its hits */
	if (status == STATUS_OK)
		status = read_hits(s, &look, batch, err);
	if (status == STATUS_OK)
		status = find_fan_out(s, &look, batch, err);
	return status == STATUS_OK ? judge_hits(s, &look, batch, err) : status;
}

static enum status fire(void *self, struct batch *batch, const struct timer *timer, struct err *err)
{
	return settler_settle(self, batch, timer, err);
}

/* ---- Reading ahead */

static enum status add_number(struct read_ahead *ahead, struct batch *batch, struct uuid id, struct err *err)
{
	struct message *message;
	enum status status = batch_message(batch, id, &message, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK && !(ahead->count && ahead->numbers[ahead->count - 1] == message->number))
		ahead->numbers[ahead->count++] = message->number;
	return status;
}

/* `ids` are sorted, so the same ones stand together. */
static enum status read_hits_ahead(struct read_ahead *ahead, struct batch *batch, const struct uuid *ids, size_t count,
				   struct err *err)
{
	enum status status = STATUS_OK;
	ahead->numbers = arena_alloc_array(batch_arena(batch), count + 1, sizeof *ahead->numbers);
	ahead->hits = arena_alloc_array(batch_arena(batch), count + 1, sizeof *ahead->hits);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = add_number(ahead, batch, ids[i], err);
	struct hits_wanted wanted = {ahead->numbers, ahead->count, BEHAVIOUR_HITS_MAX};
	if (status == STATUS_OK)
		status = store_event_hits_of_many(batch_session(batch), &wanted, batch_arena(batch), ahead->hits, err);
	return status;
}

/* Of one alone nothing is gained; but what was read for others before is of the past. */
static enum status prepare(void *self, struct batch *batch, const struct timer_list *timers, struct err *err)
{
	struct settler *s = self;
	struct uuid *ids = arena_alloc_array(batch_arena(batch), timers->n, sizeof *ids);
	struct uuid *read = arena_alloc_array(batch_arena(batch), timers->n, sizeof *read);
	size_t n = 0;
	s->ahead = (struct read_ahead){0};
	for (size_t i = 0; i < timers->n; i++)
		n += settling_message_of(&timers->at[i], &ids[n]) && !settling_is_mark(ids[n]);
	if (n < 2)
		return STATUS_OK;
	memcpy(read, ids, n * sizeof *read);
	enum status status = batch_read_ahead(batch, read, n, err);
	return status == STATUS_OK ? read_hits_ahead(&s->ahead, batch, ids, n, err) : status;
}

/* Of a crowd a step has hundreds of thousands of visits, and reading them takes seconds: not in a transaction that
 * holds messages locked and lets commands wait. What cannot be read now is read by the look itself, or not, as it may
 * be. */
static bool get_ready(void *self, struct store_session *session, const struct timers_span *span)
{
	struct settler *s = self;
	struct visit_history_part part = {span->clock, span->end_us};
	struct err ignored;
	int64_t from_us = history_begins(span->first_due_us);
	/* After an outage hours may be due; they are read as they are looked at. */
	int64_t last_due_us = span->first_due_us + AHEAD_US;
	last_due_us = last_due_us < span->watermark_us ? last_due_us : span->watermark_us;
	int64_t to_us = last_due_us - SETTLE_US + REACH_US;
	if (!s->is_shared && fan_out_since_us(s->config.fan_out) <= from_us)
		return true;
	need_history(s, session, span->first_due_us);
	return visit_history_follow_some(s->history, from_us, to_us, &part, &ignored) != STATUS_AGAIN;
}

struct timer_handler settler_handler(struct settler *settler)
{
	return (struct timer_handler){TIMER_SETTLE, "settle", fire, settler, prepare, get_ready};
}
