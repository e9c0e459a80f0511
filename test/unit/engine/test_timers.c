/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ledger/timers.h"
#include "engine/ledger/watermark.h"
#include "world.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define ALWAYS INT64_MAX

enum { FIRST = 101, SECOND_KIND = 102, NOBODYS = 103 };

static int setup(void **state)
{
	return world_set_up(state, 0);
}

/* What a handler of these tests was called for. */
struct calls {
	size_t n;
	int64_t latest_due_us;
	enum status answer; /* for the key "bad" */
	unsigned asked;     /* whether it is ready */
	int64_t again_us;   /* sets a timer for that time; 0: none */
};

static enum status note_call(void *self, struct batch *batch, const struct timer *timer, struct err *err)
{
	struct calls *c = self;
	c->n++;
	c->latest_due_us = timer->due_us > c->latest_due_us ? timer->due_us : c->latest_due_us;
	if (slice_equal(timer->key, SLICE("bad")))
		return err_set(err, c->answer, "as asked");
	if (c->again_us) {
		struct timer again = {c->again_us, timer->kind, timer->key};
		batch_set_timer(batch, &again);
	}
	return STATUS_OK;
}

static void set(struct world *w, int kind, int64_t due_us, const char *key)
{
	struct err err = {0};
	struct timer timer = {due_us, (enum timer_kind)kind, slice_from_cstr(key)};
	assert_int_equal(store_timer_add(w->session, &timer, &err), STATUS_OK);
}

static void set_many(struct world *w, int kind, int count)
{
	char key[16];
	for (int i = 0; i < count; i++) {
		(void)snprintf(key, sizeof key, "%d", i);
		set(w, kind, WORLD_NOW_US + i, key);
	}
}

/* One slice in a transaction of its own. */
static enum status fire_slice(struct world *w, struct timers *timers, const struct timers_slice *slice)
{
	struct err err = {0};
	struct batch *batch = batch_new(w->session);
	enum status status = STATUS_OK;
	batch_reset(batch, WORLD_NOW_US);
	if (timers_look(timers, w->session, slice->watermark_us, ALWAYS) == TIMERS_DUE) {
		assert_int_equal(store_begin(w->session, &err), STATUS_OK);
		status = timers_fire(timers, batch, slice, &err);
		if (status == STATUS_OK)
			status = batch_finish(batch, &err);
		if (status == STATUS_OK)
			status = store_commit(w->session, &err);
		else
			store_rollback(w->session);
	}
	batch_free(&batch);
	return status;
}

static enum status fire(struct world *w, struct timers *timers, int64_t watermark_us, int64_t end_us)
{
	struct timers_slice slice = {watermark_us, end_us};
	return fire_slice(w, timers, &slice);
}

static struct timers *timers_of(struct calls *first, struct calls *second)
{
	struct timer_handler handlers[] = {{(enum timer_kind)FIRST, "first", note_call, first},
					   {(enum timer_kind)SECOND_KIND, "second", note_call, second}};
	return timers_new(handlers, second ? 2 : 1, clock_system());
}

static int64_t left(struct world *w)
{
	return world_sql(w, "SELECT count(*) FROM timers");
}

static void test_what_is_due_fires_once_and_the_rest_waits(void **state)
{
	struct world *w = *state;
	struct calls calls = {0};
	struct timers *timers = timers_of(&calls, NULL);
	set(w, FIRST, WORLD_NOW_US, "a");
	set(w, FIRST, WORLD_NOW_US + SECOND, "b");
	assert_int_equal(fire(w, timers, WORLD_NOW_US - 1, ALWAYS), STATUS_OK);
	assert_int_equal(calls.n, 0);
	assert_int_equal(fire(w, timers, WORLD_NOW_US, ALWAYS), STATUS_OK);
	assert_int_equal(calls.n, 1);
	assert_int_equal(left(w), 1);
	timers_free(&timers);
}

/* Work that takes its time, by a clock that goes on with it. */
struct slow_work {
	int64_t now_us, takes_us;
	size_t n;
};

static int64_t slow_clock(void *self)
{
	return ((struct slow_work *)self)->now_us;
}

static enum status work_slowly(void *self, struct batch *batch, const struct timer *timer, struct err *err)
{
	struct slow_work *work = self;
	(void)batch;
	(void)timer;
	(void)err;
	work->now_us += work->takes_us;
	work->n++;
	return STATUS_OK;
}

/* How many of the next transaction's slice of 10 ms. */
static size_t fire_beside_others(struct world *w, struct timers *timers, struct slow_work *work)
{
	struct timers_slice slice = {ALWAYS, work->now_us + 10000, true};
	size_t before = work->n;
	assert_int_equal(fire_slice(w, timers, &slice), STATUS_OK);
	return work->n - before;
}

static void test_beside_others_it_takes_as_many_as_there_is_time_for(void **state)
{
	struct world *w = *state;
	struct slow_work work = {.now_us = SECOND, .takes_us = 100};
	struct clock clock = {slow_clock, slow_clock, &work};
	struct timer_handler handler = {(enum timer_kind)FIRST, "first", work_slowly, &work};
	struct timers *timers = timers_new(&handler, 1, &clock);
	set_many(w, FIRST, 1000);
	for (size_t want = 1; want <= 64; want *= 2)
		assert_int_equal(fire_beside_others(w, timers, &work), want);
	work.takes_us = 4000; /* a crowd's */
	for (size_t want = 64; want >= 2; want /= 2)
		assert_int_equal(fire_beside_others(w, timers, &work), want);
	assert_int_equal(fire_beside_others(w, timers, &work), 2); /* 8 ms fit */
	work.takes_us = 30000; /* one takes longer than the slice: it is fired nevertheless */
	assert_int_equal(fire_beside_others(w, timers, &work), 2);
	assert_int_equal(fire_beside_others(w, timers, &work), 1);
	assert_int_equal(fire_beside_others(w, timers, &work), 1);
	timers_free(&timers);
}

static bool be_ready_the_third_time(void *self, struct store_session *session, const struct timers_span *span)
{
	(void)session;
	assert_true(span->first_due_us == WORLD_NOW_US && span->watermark_us >= WORLD_NOW_US);
	return ++((struct calls *)self)->asked == 3;
}

static void test_nothing_fires_before_it_is_ready(void **state)
{
	struct world *w = *state;
	struct calls calls = {0};
	struct timer_handler handler = {(enum timer_kind)FIRST, "first", note_call, &calls, NULL,
					be_ready_the_third_time};
	struct timers *timers = timers_new(&handler, 1, clock_system());
	set(w, FIRST, WORLD_NOW_US, "a");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(timers_look(timers, w->session, WORLD_NOW_US, ALWAYS), TIMERS_GET_READY);
		assert_int_equal(left(w), 1);
	}
	assert_int_equal(fire(w, timers, WORLD_NOW_US, ALWAYS), STATUS_OK);
	assert_int_equal(calls.n, 1);
	timers_free(&timers);
}

static void test_a_kind_that_nobody_handles_waits(void **state)
{
	struct world *w = *state;
	struct calls calls = {0};
	struct timers *timers = timers_of(&calls, NULL);
	set(w, NOBODYS, WORLD_NOW_US, "a");
	assert_int_equal(timers_look(timers, w->session, ALWAYS, ALWAYS), TIMERS_NOT_DUE);
	assert_int_equal(left(w), 1);
	timers_free(&timers);
}

static void test_one_that_is_refused_hinders_no_other(void **state)
{
	struct world *w = *state;
	struct calls calls = {.answer = STATUS_CONFLICT};
	struct timers *timers = timers_of(&calls, NULL);
	set(w, FIRST, WORLD_NOW_US, "bad");
	set(w, FIRST, WORLD_NOW_US + 1, "good");
	assert_int_equal(fire(w, timers, ALWAYS, ALWAYS), STATUS_OK);
	assert_int_equal(calls.n, 3); /* together, until the first failed; then each by itself */
	assert_int_equal(calls.latest_due_us, WORLD_NOW_US + 1);
	assert_int_equal(left(w), 0);
	timers_free(&timers);
}

static void test_a_store_that_is_away_loses_none(void **state)
{
	struct world *w = *state;
	struct calls calls = {.answer = STATUS_IO};
	struct timers *timers = timers_of(&calls, NULL);
	set(w, FIRST, WORLD_NOW_US, "bad");
	assert_int_equal(fire(w, timers, ALWAYS, ALWAYS), STATUS_IO);
	assert_int_equal(left(w), 1);
	timers_free(&timers);
}

static void test_a_slice_ends_and_every_kind_had_its_turn(void **state)
{
	struct world *w = *state;
	struct calls first = {0};
	struct calls second = {0};
	struct timers *timers = timers_of(&first, &second);
	set_many(w, FIRST, 100);
	set(w, SECOND_KIND, WORLD_NOW_US + SECOND, "a");
	assert_int_equal(fire(w, timers, ALWAYS, 0), STATUS_OK);
	assert_in_range(first.n, 1, 99);
	assert_true(first.latest_due_us == WORLD_NOW_US + (int64_t)first.n - 1); /* the earliest of them */
	assert_int_equal(second.n, 1);
	assert_true(timers_late_us(timers, WORLD_NOW_US + SECOND) > 0);
	while (left(w) > 0)
		assert_int_equal(fire(w, timers, ALWAYS, 0), STATUS_OK);
	assert_int_equal(first.n, 100);
	assert_int_equal(timers_late_us(timers, WORLD_NOW_US + SECOND), 0);
	timers_free(&timers);
}

static void test_a_handler_puts_off_by_setting_the_next(void **state)
{
	struct world *w = *state;
	struct calls calls = {.again_us = WORLD_NOW_US + 60 * SECOND};
	struct timers *timers = timers_of(&calls, NULL);
	set(w, FIRST, WORLD_NOW_US, "a");
	assert_int_equal(fire(w, timers, WORLD_NOW_US + SECOND, ALWAYS), STATUS_OK);
	assert_int_equal(calls.n, 1);
	assert_int_equal(world_sql(w, "SELECT due_at FROM timers"), calls.again_us);
	timers_free(&timers);
}

/* ---- The watermark */

static void test_the_watermark_is_the_time_of_what_waits(void **state)
{
	struct journal_end nothing = {.is_readable = true};
	struct journal_end waits = {true, true, WORLD_NOW_US - 60 * SECOND};
	struct journal_end ahead = {true, true, WORLD_NOW_US + 60 * SECOND};
	struct journal_end unreadable = {0};
	(void)state;
	assert_true(watermark_us(&nothing, WORLD_NOW_US) == WORLD_NOW_US - WATERMARK_SLACK_US);
	assert_true(watermark_us(&waits, WORLD_NOW_US) == waits.record_us - WATERMARK_SLACK_US);
	assert_true(watermark_us(&ahead, WORLD_NOW_US) == WORLD_NOW_US - WATERMARK_SLACK_US);
	assert_true(watermark_us(&unreadable, WORLD_NOW_US) == INT64_MIN);
}

struct look {
	atomic_int fired;
	int64_t events; /* that there were then */
};

static enum status count_events(void *self, struct batch *batch, const struct timer *timer, struct err *err)
{
	struct look *look = self;
	uint64_t position = 0;
	(void)timer;
	enum status status = store_event_horizon(batch_session(batch), &position, err);
	look->events = (int64_t)position;
	atomic_store(&look->fired, 1);
	return status;
}

/* By the wall clock it is a day late when the writer starts; what was received before it comes first all the same. */
static void test_a_timer_fires_behind_everything_that_was_received_before_it(void **state)
{
	enum { HITS = 40000, LATER_HITS = 10 };
	static int64_t a_day_later_us = WORLD_NOW_US + DAY;
	static const struct clock A_DAY_LATER = WORLD_CLOCK_AT(&a_day_later_us);
	struct world *w = *state;
	struct err err = {0};
	struct writer *writer = NULL;
	struct look look = {0};
	world_add_message(w, 0, false);
	set(w, FIRST, WORLD_NOW_US + HITS * 1000, "deadline");
	struct world_feed *feed = world_feed_open(w);
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	hit.user_agent = SLICE("Mozilla/5.0"); /* sets no timer of its own */
	for (int i = 0; i < HITS + LATER_HITS; i++) {
		memcpy(hit.client.bytes + 12, &i, sizeof i); /* none is a repeat, and each is an event */
		world_put_hit(feed, WORLD_NOW_US + i * 1000, &hit);
	}
	world_feed_close(&feed);
	w->clock = &A_DAY_LATER;
	struct writer_config config = world_writer_config(w);
	config.timers[config.timer_count++] =
	    (struct timer_handler){(enum timer_kind)FIRST, "first", count_events, &look};
	assert_int_equal(writer_start(&config, &writer, &err), STATUS_OK);
	while (!atomic_load(&look.fired))
		sched_yield();
	writer_stop(&writer);
	assert_in_range(look.events, HITS, HITS + LATER_HITS);
	assert_int_equal(left(w), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_what_is_due_fires_once_and_the_rest_waits),
	    TEST(test_beside_others_it_takes_as_many_as_there_is_time_for),
	    TEST(test_nothing_fires_before_it_is_ready),
	    TEST(test_a_kind_that_nobody_handles_waits),
	    TEST(test_one_that_is_refused_hinders_no_other),
	    TEST(test_a_store_that_is_away_loses_none),
	    TEST(test_a_slice_ends_and_every_kind_had_its_turn),
	    TEST(test_a_handler_puts_off_by_setting_the_next),
	    TEST(test_the_watermark_is_the_time_of_what_waits),
	    TEST(test_a_timer_fires_behind_everything_that_was_received_before_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
