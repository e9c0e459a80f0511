/* SPDX-License-Identifier: Apache-2.0 */
/* A few are taken at a time, and these are one attempt: what they read is read together, and what they changed is
 * written once. Only when one of them fails is each tried by itself. More at once would save a little, but the slice
 * could end only behind them, and a crowded message (512 hits) costs as much as a hundred others. Kinds take turns, so
 * that a million timers of one do not hold up the others: each round begins with another.
 *
 * Asking the store once a second is not enough while a backlog is applied: in that second there pass many minutes of
 * the traffic of then, and a look that is late by minutes has to read history (settle.h). So what this writer sets
 * itself is noted. */
#include "engine/ledger/timers.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/ledger/attempt.h"
#include "engine/ledger/fitting.h"
#include <stdlib.h>

enum { TAKEN_AT_ONCE = 64, TAKEN_ONCE_MAX = 128 };
static const int64_t ASK_EVERY_US = 1000000;

struct timers {
	struct timer_handler handlers[TIMER_HANDLERS_MAX];
	int64_t next_us[TIMER_HANDLERS_MAX]; /* when the first of the kind is due, as last seen; 0: none */
	size_t count;
	size_t turn;         /* who begins */
	uint32_t taken_once; /* beside others: as many as a slice has time for */
	const struct clock *clock;
	int64_t asked_us; /* monotonic; 0: ask */
	int64_t noted_us; /* the first that was set since; INT64_MAX: none */
};

struct timers *timers_new(const struct timer_handler *handlers, size_t count, const struct clock *clock)
{
	struct timers *t = MEM_NEW(struct timers);
	BUG_IF(count > TIMER_HANDLERS_MAX);
	for (size_t i = 0; i < count; i++)
		t->handlers[i] = handlers[i];
	t->count = count;
	t->taken_once = 1;
	t->clock = clock;
	t->noted_us = INT64_MAX;
	return t;
}

void timers_free(struct timers **timers)
{
	mem_free(*timers);
	*timers = NULL;
}

/* ---- What is due */

static bool is_due(const struct timers *t, size_t i, int64_t watermark_us)
{
	return t->next_us[i] != 0 && t->next_us[i] <= watermark_us;
}

static void ask(struct timers *t, struct store_session *session)
{
	struct err ignored;
	t->asked_us = clock_monotonic_us(t->clock);
	t->noted_us = INT64_MAX;
	for (size_t i = 0; i < t->count; i++)
		if (store_timer_next(session, t->handlers[i].kind, &t->next_us[i], &ignored) != STATUS_OK)
			t->next_us[i] = 0;
}

void timers_note(struct timers *t, int64_t due_us)
{
	if (due_us && due_us < t->noted_us)
		t->noted_us = due_us;
}

static bool is_ready(const struct timers *t, size_t i, struct store_session *session, int64_t watermark_us,
		     int64_t end_us)
{
	const struct timer_handler *handler = &t->handlers[i];
	struct timers_span span = {t->next_us[i], watermark_us, t->clock, end_us};
	return !handler->get_ready || handler->get_ready(handler->self, session, &span);
}

enum timers_state timers_look(struct timers *t, struct store_session *session, int64_t watermark_us, int64_t end_us)
{
	enum timers_state state = TIMERS_NOT_DUE;
	if (!t->asked_us || t->noted_us <= watermark_us || clock_monotonic_us(t->clock) - t->asked_us >= ASK_EVERY_US)
		ask(t, session);
	for (size_t i = 0; i < t->count; i++) {
		if (!is_due(t, i, watermark_us))
			continue;
		if (!is_ready(t, i, session, watermark_us, end_us))
			return TIMERS_GET_READY;
		state = TIMERS_DUE;
	}
	return state;
}

int64_t timers_late_us(const struct timers *t, int64_t watermark_us)
{
	int64_t late_us = 0;
	for (size_t i = 0; i < t->count; i++)
		if (is_due(t, i, watermark_us) && watermark_us - t->next_us[i] > late_us)
			late_us = watermark_us - t->next_us[i];
	return late_us;
}

/* ---- Firing */

static void log_refusal(const struct timer_handler *handler, const struct timer *timer, const struct err *why)
{
	char room[2 * TIMER_KEY_MAX + 1];
	struct buf key;
	buf_init_fixed(&key, room, sizeof room);
	buf_append_hex(&key, timer->key);
	log_error("timer.refused", LOG_CSTR("kind", handler->name), LOG_STR("key", buf_slice(&key)), LOG_ERR(why));
}

/* A row that cannot be read: those around it can. A damaged file fails the next statement too. */
static bool is_its_own_fault(enum status outcome)
{
	return attempt_is_refusal(outcome) || outcome == STATUS_CORRUPT;
}

static enum status fire_all(const struct timer_handler *handler, struct batch *batch, const struct timer_list *due,
			    struct err *err)
{
	enum status status = handler->prepare ? handler->prepare(handler->self, batch, due, err) : STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < due->n; i++)
		status = handler->fire(handler->self, batch, &due->at[i], err);
	return status;
}

/* *ret_outcome is how they went; their effects are there only after STATUS_OK. */
static enum status try(const struct timer_handler *handler, struct batch *batch, const struct timer_list *due,
		       enum status *ret_outcome, struct err *why, struct err *err)
{
	enum status status = attempt_begin(batch, err);
	if (status != STATUS_OK)
		return status;
	*ret_outcome = fire_all(handler, batch, due, why);
	status = attempt_end(batch, ret_outcome, why, err);
	if (status != STATUS_OK || *ret_outcome == STATUS_OK || is_its_own_fault(*ret_outcome))
		return status;
	*err = *why;
	return *ret_outcome;
}

static enum status fire_one(const struct timer_handler *handler, struct batch *batch, struct timer *timer,
			    struct err *err)
{
	struct err why = {0};
	enum status outcome = STATUS_OK;
	struct timer_list one = {timer, 1};
	enum status status = try(handler, batch, &one, &outcome, &why, err);
	if (status == STATUS_OK && outcome != STATUS_OK)
		log_refusal(handler, timer, &why);
	return status;
}

static enum status fire_list(const struct timer_handler *handler, struct batch *batch, const struct timer_list *due,
			     struct err *err)
{
	struct err why = {0};
	enum status outcome = STATUS_OK;
	enum status status = due->n ? try(handler, batch, due, &outcome, &why, err) : STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && outcome != STATUS_OK && i < due->n; i++)
		status = fire_one(handler, batch, &due->at[i], err);
	return status;
}

static int compare_keys(const void *a, const void *b)
{
	return slice_compare(((const struct timer *)a)->key, ((const struct timer *)b)->key);
}

static enum status fire_some(struct timers *t, size_t i, struct batch *batch, const struct timers_slice *slice,
			     struct err *err)
{
	struct timer_list due = {0};
	struct timer_take take = {t->handlers[i].kind, slice->watermark_us,
				  slice->takes_once ? t->taken_once : TAKEN_AT_ONCE};
	enum status status = store_timer_take(batch_session(batch), &take, batch_arena(batch), &due, err);
	/* As far as is known without asking again: what is left is no earlier than what is done. */
	int64_t last_us = due.n < take.limit ? 0 : due.at[due.n - 1].due_us;
	/* A key is mostly a message's id, and messages are locked by id wherever several servers write. */
	if (due.n)
		qsort(due.at, due.n, sizeof *due.at, compare_keys);
	if (status == STATUS_OK)
		status = fire_list(&t->handlers[i], batch, &due, err);
	t->next_us[i] = last_us;
	t->asked_us = 0; /* what comes behind them is not known */
	return status;
}

/* Some of each kind, beginning with another one each time; *ret_has_more: some are left. */
static enum status fire_turn(struct timers *t, struct batch *batch, const struct timers_slice *slice,
			     bool *ret_has_more, struct err *err)
{
	enum status status = STATUS_OK;
	*ret_has_more = false;
	for (size_t n = 0; status == STATUS_OK && n < t->count; n++) {
		size_t i = (t->turn + n) % t->count;
		if (!is_due(t, i, slice->watermark_us))
			continue;
		status = fire_some(t, i, batch, slice, err);
		if (slice->takes_once)
			return status;
		*ret_has_more |= is_due(t, i, slice->watermark_us);
	}
	return status;
}

/* What they lock others wait for, and a person who is waiting for a command waits, too. */
static void adapt_taking(struct timers *t, const struct timers_slice *slice, int64_t began_us)
{
	const struct fitting fitting = {1, TAKEN_ONCE_MAX, slice->end_us - began_us};
	t->taken_once = (uint32_t)fitting_next(&fitting, t->taken_once, clock_monotonic_us(t->clock) - began_us);
}

enum status timers_fire(struct timers *t, struct batch *batch, const struct timers_slice *slice, struct err *err)
{
	int64_t began_us = clock_monotonic_us(t->clock);
	enum status status = batch_flush(batch, err);
	bool has_more = true;
	while (status == STATUS_OK && has_more) {
		status = fire_turn(t, batch, slice, &has_more, err);
		if (clock_monotonic_us(t->clock) >= slice->end_us)
			break;
	}
	if (slice->takes_once)
		adapt_taking(t, slice, began_us);
	if (t->count)
		t->turn = (t->turn + 1) % t->count;
	return status;
}
