/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "engine/upkeep/retention.h"
#include "store/mail/bodies.h"
#include "store/mail/queue.h"
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A clock that stands where the test puts it; durations are real. */
static int64_t told_now_us;
static const struct clock told_clock = WORLD_CLOCK_AT(&told_now_us);

static int setup(void **state)
{
	told_now_us = WORLD_NOW_US;
	return world_set_up(state, 0);
}

/* Opens of message n by machines that come from everywhere, `apart_us` after each other from `from_us` on. */
static void put_opens(struct world *w, uint32_t n, size_t count, int64_t from_us, int64_t apart_us)
{
	struct world_feed *feed = world_feed_open(w);
	struct hit_record hit = world_hit(w, n, HIT_OPEN);
	for (size_t i = 0; i < count; i++) {
		world_come_from(&hit, i);
		world_put_hit(feed, from_us + (int64_t)i * apart_us, &hit);
	}
	world_feed_close(&feed);
	world_apply_all(w);
}

struct passing {
	struct writer *writer;
	struct retention *retention;
};

static struct passing begin(struct world *w, struct event_retention events)
{
	struct passing p = {.writer = world_start_writer(w)};
	struct retention_config config = {
	    .store = w->store, .writer = p.writer, .clock = &told_clock, .events = events, .bodies_days = 30};
	p.retention = retention_new(&config);
	return p;
}

static void end(struct passing *p)
{
	retention_free(&p->retention);
	writer_stop(&p->writer);
}

/* One whole pass at now_us. */
static uint64_t pass(struct world *w, struct event_retention events, struct retention_request request, int64_t now_us)
{
	struct err err = {0};
	uint64_t count = 0;
	told_now_us = now_us;
	struct passing p = begin(w, events);
	request.is_hasty = true;
	assert_int_equal(retention_run(p.retention, &request, &count, &err), STATUS_OK);
	end(&p);
	return count;
}

static const struct event_retention a_year = {.days = 365};
static const struct retention_request as_configured = {0};

static void test_a_pass_takes_what_is_past_its_time_and_nothing_else(void **state)
{
	struct world *w = *state;
	const struct event *e;
	world_add_message(w, 0, false);
	put_opens(w, 0, 10, WORLD_NOW_US, DAY);
	assert_int_equal(pass(w, a_year, as_configured, WORLD_NOW_US + 365 * DAY), 0);
	assert_int_equal(pass(w, a_year, as_configured, WORLD_NOW_US + 369 * DAY), 4);
	assert_int_equal(world_events(w, 0, &e), 6);
	assert_int_equal(e[0].occurred_us, WORLD_NOW_US + 4 * DAY); /* to the microsecond a year old: it stays */
	assert_int_equal(pass(w, a_year, as_configured, WORLD_NOW_US + 369 * DAY + 1), 1);
	assert_int_equal(pass(w, a_year, as_configured, WORLD_NOW_US + 5000 * DAY), 5);
	assert_int_equal(world_events(w, 0, &e), 0);
}

static void test_a_tenant_can_have_a_time_of_its_own(void **state)
{
	struct world *w = *state;
	struct err err = {0};
	const struct event *e;
	uint32_t other;
	world_add_message(w, 0, false);
	put_opens(w, 0, 10, WORLD_NOW_US, DAY);
	struct tenant acme = {.name = SLICE("acme"), .time_zone = SLICE("UTC"), .created_us = WORLD_NOW_US};
	assert_int_equal(store_tenant_add(w->session, &acme, &other, &err), STATUS_OK);
	struct event of_acme[] = {{.id = {{0xbb, 1}}, .type = EVENT_OPEN, .occurred_us = WORLD_NOW_US},
				  {.id = {{0xbb, 2}}, .type = EVENT_OPEN, .occurred_us = WORLD_NOW_US + 9 * DAY}};
	for (size_t i = 0; i < 2; i++) {
		of_acme[i].tenant = other;
		of_acme[i].link_index = of_acme[i].sequence_position = -1;
	}
	assert_int_equal(store_event_add(w->session, of_acme, 2, &err), STATUS_OK);
	const struct tenant_retention list[] = {{SLICE("nobody"), 1}, {SLICE("acme"), 30}};
	struct event_retention events = {.days = 365, .tenants = list, .tenant_count = 2};
	assert_int_equal(pass(w, events, as_configured, WORLD_NOW_US + 31 * DAY), 1);
	assert_int_equal(world_events(w, 0, &e), 10);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM email_events"), 11);
	/* What somebody asks for with a number of days is meant for all. */
	assert_int_equal(pass(w, events, (struct retention_request){.days = 25}, WORLD_NOW_US + 31 * DAY), 6);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM email_events"), 5);
}

static void test_counting_tells_how_many_would_go_and_takes_none(void **state)
{
	struct world *w = *state;
	world_add_message(w, 0, false);
	put_opens(w, 0, 10, WORLD_NOW_US, DAY);
	struct retention_request only_count = {.only_count = true};
	assert_int_equal(pass(w, a_year, only_count, WORLD_NOW_US + 370 * DAY), 5);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM email_events"), 10);
}

static void test_numbers_stay_and_a_late_hit_is_counted_rightly(void **state)
{
	struct world *w = *state;
	const struct event *e;
	world_add_message(w, 0, true);
	put_opens(w, 0, 3, WORLD_NOW_US, 60 * SECOND);
	struct message_counters before = world_message(w, 0)->counters;
	assert_int_equal(before.opens_human, 3);
	assert_int_equal(pass(w, a_year, as_configured, WORLD_NOW_US + 400 * DAY), 3);
	world_reopen(w);
	struct message_counters after = world_message(w, 0)->counters;
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 3);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 1);

	int64_t late_us = WORLD_NOW_US + 400 * DAY;
	put_opens(w, 0, 1, late_us, 0);
	struct hit_record click = world_hit(w, 0, HIT_CLICK);
	world_apply_hit(w, late_us + 60 * SECOND, &click);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_false(e[0].is_unique); /* the first open was a year ago, though nothing but its time is left */
	assert_false(e[0].is_duplicate);
	assert_true(e[1].is_unique); /* nobody had clicked */
	after = world_message(w, 0)->counters;
	assert_int_equal(after.opens_human, 4);
	assert_int_equal(after.clicks_human, 1);
	assert_int_equal(after.first_open_us, before.first_open_us);
	assert_int_equal(after.first_click_us, late_us + 60 * SECOND);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 4);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 1);
	assert_int_equal(world_stat(w, STAT_CLICKS_UNIQUE), 1);
}

static void test_an_address_that_unsubscribed_stays_suppressed(void **state)
{
	struct world *w = *state;
	world_add_message(w, 0, false);
	struct hit_record hit = world_hit(w, 0, HIT_UNSUBSCRIBE);
	world_apply_hit(w, WORLD_NOW_US, &hit);
	assert_int_equal(pass(w, a_year, as_configured, WORLD_NOW_US + 366 * DAY), 1);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM suppressions WHERE address = 'c0@example.com'"), 1);
	assert_int_equal(world_message(w, 0)->counters.unsubscribed_us, WORLD_NOW_US);
}

/* ---- Cut short */

static bool end_after_some(void *user, const struct event_sweep_progress *progress)
{
	uint64_t *seen = user;
	*seen = progress->count;
	return progress->count < 100;
}

static void test_a_pass_that_was_ended_is_made_whole_by_the_next(void **state)
{
	struct world *w = *state;
	struct err err = {0};
	uint64_t count = 0;
	uint64_t seen = 0;
	world_add_message(w, 0, false);
	put_opens(w, 0, 1000, WORLD_NOW_US, SECOND);
	told_now_us = WORLD_NOW_US + 366 * DAY;
	struct passing p = begin(w, a_year);
	struct retention_request request = {.is_hasty = true, .step = end_after_some, .user = &seen};
	assert_int_equal(retention_run(p.retention, &request, &count, &err), STATUS_AGAIN);
	assert_true(count >= 100 && count < 1000);
	assert_int_equal(seen, count);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM email_events"), 1000 - (int64_t)count);
	assert_int_equal(retention_figures(p.retention).events, count);
	end(&p);
	assert_int_equal(pass(w, a_year, as_configured, told_now_us), 1000 - count);
}

static void test_nothing_is_begun_after_the_end_was_called(void **state)
{
	struct world *w = *state;
	struct err err = {0};
	uint64_t count = 9;
	world_add_message(w, 0, false);
	put_opens(w, 0, 1000, WORLD_NOW_US, SECOND);
	told_now_us = WORLD_NOW_US + 366 * DAY;
	struct passing p = begin(w, a_year);
	retention_end_passes(p.retention);
	assert_int_equal(retention_run(p.retention, &as_configured, &count, &err), STATUS_AGAIN);
	assert_true(count < 1000);
	end(&p);
}

static bool tell_parent(void *user, const struct event_sweep_progress *progress)
{
	(void)progress;
	return write(*(int *)user, "s", 1) == 1;
}

static void be_a_pass_until_killed(const struct world *parent, int steps)
{
	struct world w = *parent;
	struct passing p;
	struct err err = {0};
	uint64_t count;
	world_open_handles(&w);
	p = begin(&w, a_year);
	struct retention_request request = {.is_hasty = true, .step = tell_parent, .user = &steps};
	(void)!retention_run(p.retention, &request, &count, &err);
	for (;;)
		pause();
}

static void kill_after_steps(struct world *w, int steps_wanted)
{
	int steps[2];
	char byte;
	assert_int_equal(pipe(steps), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		be_a_pass_until_killed(w, steps[1]);
	(void)close(steps[1]);
	for (int i = 0; i < steps_wanted; i++)
		assert_int_equal(read(steps[0], &byte, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)close(steps[0]);
}

static void test_a_pass_that_was_killed_is_made_whole_by_the_next(void **state)
{
	struct world *w = *state;
	world_add_message(w, 0, false);
	put_opens(w, 0, 5000, WORLD_NOW_US, SECOND);
	told_now_us = WORLD_NOW_US + 365 * DAY + 4000 * SECOND;
	struct message_counters before = world_message(w, 0)->counters;
	world_close_handles(w); /* the child must be alone with the files */
	for (int steps = 1; steps <= 3; steps++)
		kill_after_steps(w, steps);
	world_open_handles(w);
	int64_t left = world_sql(w, "SELECT count(*) FROM email_events");
	assert_true(left < 5000 && left >= 1000);
	assert_int_equal(pass(w, a_year, as_configured, told_now_us), left - 1000);
	struct message_counters after = world_message(w, 0)->counters;
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), before.opens_human);
}

/* ---- Gently */

static void test_a_pass_writes_the_wal_back_in_small_parts(void **state)
{
	struct world *w = *state;
	char path[128];
	struct stat wal;
	world_add_message(w, 0, false);
	put_opens(w, 0, 20000, WORLD_NOW_US, SECOND);
	world_reopen(w); /* it goes with the last connection */
	(void)snprintf(path, sizeof path, "%s/store.db-wal", w->directory);
	assert_int_equal(pass(w, a_year, as_configured, WORLD_NOW_US + 400 * DAY), 20000);
	assert_int_equal(stat(path, &wal), 0);
	assert_true(wal.st_size < 2 << 20); /* the parts of other commits are of 16 MiB */
}

/* ---- By itself */

static void test_the_thread_makes_a_pass_when_the_writer_has_caught_up(void **state)
{
	struct world *w = *state;
	world_add_message(w, 0, false);
	put_opens(w, 0, 200, WORLD_NOW_US, SECOND);
	told_now_us = WORLD_NOW_US + 366 * DAY;
	struct err err = {0};
	struct passing p = begin(w, a_year);
	assert_int_equal(retention_start(p.retention, &err), STATUS_OK);
	while (retention_figures(p.retention).finished_us == 0)
		sched_yield();
	struct retention_figures figures = retention_figures(p.retention);
	assert_int_equal(figures.events, 200);
	assert_int_equal(figures.finished_us, told_now_us);
	end(&p);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM email_events"), 0);
}

static void put_body(struct world *w, uint8_t n, int64_t used_us)
{
	struct err err = {0};
	char id[32] = {(char)n};
	assert_int_equal(store_body_put(w->session, w->tenant, slice_of(id, sizeof id), SLICE("hello"), used_us, &err),
			 STATUS_OK);
}

static void test_the_thread_takes_bodies_that_were_not_used_for_their_time(void **state)
{
	struct world *w = *state;
	struct err err = {0};
	for (uint8_t n = 0; n < 25; n++)
		put_body(w, n, WORLD_NOW_US);
	put_body(w, 25, WORLD_NOW_US + DAY);
	told_now_us = WORLD_NOW_US + 30 * DAY + SECOND;
	struct passing p = begin(w, a_year);
	assert_int_equal(retention_start(p.retention, &err), STATUS_OK);
	while (world_sql(w, "SELECT count(*) FROM bodies") > 1)
		sched_yield();
	end(&p);
	assert_int_equal(world_sql(w, "SELECT used_at FROM bodies"), WORLD_NOW_US + DAY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down)
	const struct CMUnitTest retention[] = {
	    TEST(test_a_pass_takes_what_is_past_its_time_and_nothing_else),
	    TEST(test_a_tenant_can_have_a_time_of_its_own),
	    TEST(test_counting_tells_how_many_would_go_and_takes_none),
	    TEST(test_numbers_stay_and_a_late_hit_is_counted_rightly),
	    TEST(test_an_address_that_unsubscribed_stays_suppressed),
	    TEST(test_a_pass_that_was_ended_is_made_whole_by_the_next),
	    TEST(test_nothing_is_begun_after_the_end_was_called),
	    TEST(test_a_pass_that_was_killed_is_made_whole_by_the_next),
	    TEST(test_a_pass_writes_the_wal_back_in_small_parts),
	    TEST(test_the_thread_makes_a_pass_when_the_writer_has_caught_up),
	    TEST(test_the_thread_takes_bodies_that_were_not_used_for_their_time),
	};
	return cmocka_run_group_tests(retention, NULL, NULL);
}
