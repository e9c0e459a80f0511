/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ledger/writer.h"
#include "world.h"

#include "../../harness/exam.h"
#include "base/random.h"
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
	return world_set_up(state, 0);
}

static int64_t long_after_us = WORLD_NOW_US + DAY, a_minute_after_us = WORLD_NOW_US + MINUTE;
static const struct clock LONG_AFTER = WORLD_CLOCK_AT(&long_after_us);
static const struct clock A_MINUTE_AFTER = WORLD_CLOCK_AT(&a_minute_after_us);

/* ---- Commands */

struct add_open {
	struct writer_command command; /* first */
	struct world *world;
	uint8_t event;
	enum status answer; /* what run says after its writes */
	atomic_int runs;
};

static enum status run_add_open(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct add_open *c = (struct add_open *)command;
	struct message *m;
	struct event event = {.id = {{0xaa, c->event}},
			      .tenant = c->world->tenant,
			      .type = EVENT_OPEN,
			      .occurred_us = WORLD_NOW_US,
			      .message = world_message_id(0),
			      .link_index = -1,
			      .judged = true,
			      .actor = ACTOR_HUMAN};
	c->runs++;
	enum status status = batch_message(batch, event.message, &m, err);
	if (status != STATUS_OK)
		return status;
	m->cohort_day = 20000;
	batch_event(batch, m, &event);
	if (c->answer != STATUS_OK)
		return err_set(err, c->answer, "as asked");
	return STATUS_OK;
}

static void test_a_command_is_committed_when_it_returns(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct err err = {0};
	world_add_message(w, 0, false);
	struct writer *writer = world_start_writer(w);
	struct add_open c = {.command = {.run = run_add_open}, .world = w, .event = 1};
	assert_int_equal(writer_submit_and_wait(writer, &c.command, &err), STATUS_OK);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 1);
	writer_stop(&writer);
	assert_null(writer);
}

static void test_a_command_that_fails_takes_back_its_own_writes_alone(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct err err = {0};
	world_add_message(w, 0, false);
	struct writer *writer = world_start_writer(w);
	struct add_open good = {.command = {.run = run_add_open}, .world = w, .event = 1};
	struct add_open bad = {.command = {.run = run_add_open}, .world = w, .event = 2, .answer = STATUS_DENIED};
	struct add_open after = {.command = {.run = run_add_open}, .world = w, .event = 3};
	assert_int_equal(writer_submit_and_wait(writer, &good.command, &err), STATUS_OK);
	assert_int_equal(writer_submit_and_wait(writer, &bad.command, &err), STATUS_DENIED);
	assert_string_equal(err.text, "as asked");
	assert_int_equal(writer_submit_and_wait(writer, &after.command, &err), STATUS_OK);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 2);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), 2);
	writer_stop(&writer);
}

static atomic_int done_count;

static void count_done(struct writer_command *command)
{
	(void)command;
	atomic_fetch_add(&done_count, 1);
}

static void test_commands_of_one_transaction_fail_one_by_one(void **state)
{
	enum { COUNT = 40 };
	static struct add_open commands[COUNT];
	struct world *w = *state;
	const struct event *e;
	world_add_message(w, 0, false);
	struct writer *writer = world_start_writer(w);
	atomic_store(&done_count, 0);
	for (uint8_t i = 0; i < COUNT; i++) {
		commands[i] = (struct add_open){.command = {.run = run_add_open, .done = count_done},
						.world = w,
						.event = i,
						.answer = i % 2 ? STATUS_CONFLICT : STATUS_OK};
		writer_submit(writer, &commands[i].command);
	}
	writer_stop(&writer); /* ends what waits */
	assert_int_equal(done_count, COUNT);
	int good = 0;
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(commands[i].command.status, commands[i].answer);
		good += commands[i].command.status == STATUS_OK;
	}
	assert_int_equal(world_events(w, 0, &e), good);
	assert_int_equal(world_message(w, 0)->counters.opens_human, good);
	assert_int_equal(world_stat(w, STAT_OPENS_HUMAN), good);
}

static void test_an_event_that_exists_already_fails_its_command_and_no_other(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct err err = {0};
	world_add_message(w, 0, false);
	struct writer *writer = world_start_writer(w);
	struct add_open first = {.command = {.run = run_add_open}, .world = w, .event = 1};
	struct add_open again = {.command = {.run = run_add_open}, .world = w, .event = 1};
	assert_int_equal(writer_submit_and_wait(writer, &first.command, &err), STATUS_OK);
	assert_int_equal(writer_submit_and_wait(writer, &again.command, &err), STATUS_CONFLICT);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 1);
	writer_stop(&writer);
}

/* ---- Records */

static void expect_each_record_once(struct world *w, size_t records)
{
	const struct event *e;
	assert_int_equal(world_all_events(w, &e), records);
	for (size_t i = 0; i < records; i++) {
		struct uuid want = uuid_of_record(WORLD_NOW_US + (int64_t)i * 100000, journal_node(w->journal), i + 1);
		if (!uuid_equal(e[i].id, want))
			fail_msg("event %zu is not that of record %zu", i, i + 1);
		assert_int_equal(e[i].position, i + 1);
	}
	world_check_sums(w);
}

static void test_a_restart_applies_nothing_again(void **state)
{
	struct world *w = *state;
	for (uint32_t i = 0; i < 5; i++)
		world_add_message(w, i, false);
	world_put_hits(w, 300, 5);
	for (int i = 0; i < 3; i++) {
		world_apply_all(w);
		world_reopen(w);
	}
	expect_each_record_once(w, 300);
}

static atomic_ullong published;

static void note_published(void *user, uint64_t position)
{
	(void)user;
	atomic_store(&published, position);
}

static void test_what_is_applied_is_published_and_reported(void **state)
{
	struct world *w = *state;
	struct writer *writer = NULL;
	struct err err = {0};
	char text[64];
	world_add_message(w, 0, false);
	struct writer_config config = world_writer_config(w);
	config.committed = note_published;
	atomic_store(&published, 0);
	world_put_hits(w, 50, 1);
	assert_int_equal(writer_start(&config, &writer, &err), STATUS_OK);
	while (!writer_caught_up(writer))
		sched_yield();
	assert_int_equal(writer_applied_sequence(writer), 50);
	assert_false(writer_is_failing(writer, text, sizeof text));
	writer_stop(&writer);
	assert_int_equal(published, 50);
}

static void refuse_the_third(struct world *w)
{
	char path[128];
	sqlite3 *db;
	(void)snprintf(path, sizeof path, "%s/store.db", w->directory);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db,
			 "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.sequence = 3 BEGIN SELECT "
			 "RAISE(ABORT, 'not this one'); END",
			 NULL, NULL, NULL),
	    SQLITE_OK);
	(void)sqlite3_close(db);
}

static void test_a_record_that_the_store_refuses_is_passed_over(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct err err = {0};
	struct writer *writer = NULL;
	world_add_message(w, 0, false);
	refuse_the_third(w);
	world_put_hits(w, 10, 1);
	struct writer_config config = world_writer_config(w);
	assert_int_equal(writer_start(&config, &writer, &err), STATUS_OK);
	while (!writer_caught_up(writer))
		sched_yield();
	assert_int_equal(apply_skipped(w->apply, APPLY_SKIP_REFUSED), 1);
	writer_stop(&writer);
	assert_int_equal(world_events(w, 0, &e), 9);
	world_check_sums(w);
}

/* ---- Slices */

/* By this clock only commands take time. */
static atomic_llong passed_us;

static int64_t commands_monotonic_us(void *self)
{
	(void)self;
	return SECOND + atomic_load(&passed_us);
}

struct slow_command {
	struct writer_command command; /* first */
	atomic_bool *may_go;
	uint64_t events; /* that there were when it ran */
};

static enum status run_slowly(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct slow_command *c = (struct slow_command *)command;
	while (!atomic_load(c->may_go))
		sched_yield();
	atomic_fetch_add(&passed_us, SECOND / 10);
	return store_event_horizon(batch_session(batch), &c->events, err);
}

/* As when a million messages come in batches: each command takes longer than its slice. */
static void test_slow_commands_do_not_hold_back_records(void **state)
{
	enum { COMMANDS = 3, HITS = 1000 };
	static struct slow_command commands[COMMANDS];
	static const struct clock CLOCK = {world_told_us, commands_monotonic_us, &long_after_us};
	static atomic_bool may_go;
	struct world *w = *state;
	world_add_message(w, 0, false);
	atomic_store(&may_go, false);
	w->clock = &CLOCK;
	struct writer *writer = world_start_writer(w);
	for (int i = 0; i < COMMANDS; i++) {
		commands[i] =
		    (struct slow_command){.command = {.run = run_slowly, .done = count_done}, .may_go = &may_go};
		writer_submit(writer, &commands[i].command);
		if (i == 0)
			world_put_hits(w, HITS, 1); /* while the first runs, or it sees them all */
	}
	atomic_store(&may_go, true);
	writer_stop(&writer);
	assert_int_equal(commands[COMMANDS - 1].events, HITS);
	w->clock = NULL;
}

/* ---- The store is away */

/* From here on no file of this process may grow past a page, as if the disk were full. */
static void set_disk_full(bool is_full)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = is_full ? 4096 : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_while_the_store_is_away_commands_fail_and_records_wait(void **state)
{
	struct world *w = *state;
	struct err err = {0};
	const struct event *e;
	char text[200];
	world_add_message(w, 0, false);
	world_put_hits(w, 20, 1);
	assert_int_equal(store_checkpoint(w->session, 0, &err), STATUS_OK);
	(void)signal(SIGXFSZ, SIG_IGN);
	set_disk_full(true);
	struct writer *writer = world_start_writer(w);
	struct add_open c = {.command = {.run = run_add_open}, .world = w, .event = 1};
	enum status status = writer_submit_and_wait(writer, &c.command, &err);
	bool is_failing = writer_is_failing(writer, text, sizeof text);
	bool is_behind = !writer_caught_up(writer);
	set_disk_full(false);
	assert_true(status == STATUS_IO || status == STATUS_FULL);
	assert_true(is_failing && is_behind);
	assert_true(strlen(text) > 0);
	while (!writer_caught_up(writer) || writer_is_failing(writer, text, sizeof text))
		sched_yield();
	assert_int_equal(writer_submit_and_wait(writer, &c.command, &err), STATUS_OK);
	writer_stop(&writer);
	/* What came a second time is no repeat of itself. */
	assert_int_equal(world_events(w, 0, &e), 21);
	for (size_t i = 0; i < 21; i++)
		assert_int_equal(e[i].repeats, 0);
	assert_int_equal(world_message(w, 0)->counters.opens_human + world_message(w, 0)->counters.clicks_human,
			 world_sql(w, "SELECT count(*) FROM email_events_counted"));
}

/* ---- Killed at any moment */

static void tell_commit(void *user, uint64_t position)
{
	char byte = 1;
	(void)position;
	(void)!write(*(int *)user, &byte, 1);
}

static void be_a_writer_until_killed(struct world *parent, int commits)
{
	struct world w = *parent;
	struct writer *writer = NULL;
	struct err err = {0};
	world_open_handles(&w);
	w.clock = &LONG_AFTER;
	struct writer_config config = world_writer_config(&w);
	config.committed = config.applied = tell_commit; /* not all that is applied adds events, nor the reverse */
	config.user = &commits;
	if (writer_start(&config, &writer, &err) != STATUS_OK)
		_exit(1);
	tell_commit(&commits, 0);
	for (;;)
		pause();
}

/* Kills a writer some time after its start, or after its first commit. */
static void run_and_kill(struct world *w, bool after_commit, uint64_t wait_us)
{
	int commits[2];
	char bytes[2];
	assert_int_equal(pipe(commits), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		be_a_writer_until_killed(w, commits[1]);
	(void)close(commits[1]);
	assert_int_equal(read(commits[0], bytes, 1), 1);
	if (after_commit)
		assert_int_equal(read(commits[0], bytes, 1), 1);
	usleep((useconds_t)wait_us); /* not to wait for anything: to strike at another moment each time */
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)close(commits[0]);
}

static void test_every_record_is_applied_exactly_once_whatever_is_killed_when(void **state)
{
	enum { KILLS = 50, MESSAGES = 20, BATCH = 2000 };
	struct world *w = *state;
	struct prng random;
	size_t records = 0;
	prng_init(&random, 20261121 + exam_seed());
	for (uint32_t i = 0; i < MESSAGES; i++)
		world_add_message(w, i, false);
	for (int i = 0; i < KILLS; i++) {
		struct world_feed *feed = world_feed_open(w);
		for (size_t end = records + BATCH; records < end; records++) {
			struct hit_record hit =
			    world_hit(w, (uint32_t)prng_below(&random, MESSAGES), records % 3 ? HIT_OPEN : HIT_CLICK);
			world_come_from(&hit, records);
			world_put_hit(feed, WORLD_NOW_US + (int64_t)records * 100000, &hit);
		}
		world_feed_close(&feed);
		world_close_handles(w);
		run_and_kill(w, i % 2, prng_below(&random, 8000));
		world_open_handles(w);
	}
	struct journal_cursor cursor = {0};
	struct err err = {0};
	assert_int_equal(store_cursor_read(w->session, journal_node(w->journal), &cursor, &err), STATUS_OK);
	uint64_t before = cursor.sequence;
	print_message("killed %d times; %llu of %zu records were applied by then\n", KILLS, (unsigned long long)before,
		      records);
	assert_in_range(before, 1, records);
	world_apply_all(w);
	expect_each_record_once(w, records);
}

/* Two clients at one message, within seconds of themselves all the time. */
static void test_every_repeat_is_counted_exactly_once_whatever_is_killed_when(void **state)
{
	enum { KILLS = 15, BATCH = 1000 };
	struct world *w = *state;
	const struct event *e;
	struct prng random;
	int64_t records = 0;
	prng_init(&random, 20261130 + exam_seed());
	world_add_message(w, 0, false);
	for (int i = 0; i < KILLS; i++) {
		struct world_feed *feed = world_feed_open(w);
		for (int64_t end = records + BATCH; records < end; records++) {
			struct hit_record hit = world_hit(w, 0, HIT_CLICK);
			world_come_from(&hit, (size_t)records % 2);
			world_put_hit(feed, WORLD_NOW_US + records * 1000, &hit);
		}
		world_feed_close(&feed);
		world_close_handles(w);
		run_and_kill(w, i % 2, prng_below(&random, 4000));
		world_open_handles(w);
	}
	world_apply_all(w);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_int_equal(e[0].repeats, records / 2 - 1);
	assert_int_equal(e[1].repeats, records / 2 - 1);
	assert_true(e[1].last_repeat_us == WORLD_NOW_US + (records - 1) * 1000);
}

/* ---- Settling */

/* Three links at once on each of the messages. */
static void put_sweeps(struct world *w, uint32_t messages)
{
	struct world_feed *feed = world_feed_open(w);
	for (uint32_t n = 0; n < messages; n++) {
		world_add_message(w, n, false);
		for (uint32_t link = 0; link < 3; link++) {
			struct hit_record hit = world_hit(w, n, HIT_CLICK);
			hit.link_index = link;
			world_put_hit(feed, WORLD_NOW_US + n * 1000 + link * 100, &hit);
		}
	}
	world_feed_close(&feed);
	world_apply_all(w);
}

static int64_t settling_left(struct world *w)
{
	return world_sql(w, "SELECT count(*) FROM timers");
}

static void settle_all(struct world *w)
{
	w->clock = &LONG_AFTER;
	struct writer *writer = world_start_writer(w);
	w->clock = NULL;
	while (settling_left(w) > 0)
		sched_yield();
	writer_stop(&writer);
}

static void expect_all_swept(struct world *w, uint32_t messages)
{
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 0);
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), messages * 3);
	assert_int_equal(world_sql(w, "SELECT count(*) FROM email_events WHERE event_type = 'corrected'"),
			 messages * 3);
	assert_int_equal(world_sql(w, "SELECT count(DISTINCT corrects) FROM email_events"), messages * 3);
	world_check_sums(w);
}

static void test_the_writer_settles_when_its_clock_says_so(void **state)
{
	struct world *w = *state;
	struct err err = {0};
	put_sweeps(w, 100);
	w->clock = &A_MINUTE_AFTER;
	struct writer *writer = world_start_writer(w);
	struct add_open c = {.command = {.run = run_add_open}, .world = w, .event = 1, .answer = STATUS_DENIED};
	assert_int_equal(writer_submit_and_wait(writer, &c.command, &err), STATUS_DENIED);
	writer_stop(&writer);
	assert_int_equal(settling_left(w), 100);
	settle_all(w);
	expect_all_swept(w, 100);
}

static void test_a_message_that_cannot_be_settled_stays_and_hinders_no_other(void **state)
{
	struct world *w = *state;
	put_sweeps(w, 3);
	/* A name that this program does not know. */
	(void)world_sql(w,
			"UPDATE messages SET state = 'strange' WHERE id = (SELECT min(id) FROM messages) RETURNING 1");
	settle_all(w);
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 6);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 3);
}

static void test_settling_is_whole_whatever_is_killed_when(void **state)
{
	enum { KILLS = 30, MESSAGES = 1500 };
	struct world *w = *state;
	struct prng random;
	prng_init(&random, 120 + exam_seed());
	put_sweeps(w, MESSAGES);
	for (int i = 0; i < KILLS && settling_left(w) > 0; i++) {
		world_close_handles(w);
		run_and_kill(w, i % 2, prng_below(&random, 5000));
		world_open_handles(w);
	}
	print_message("%lld of %d messages were not settled by then\n", (long long)settling_left(w), MESSAGES);
	settle_all(w);
	expect_all_swept(w, MESSAGES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_command_is_committed_when_it_returns),
	    TEST(test_a_command_that_fails_takes_back_its_own_writes_alone),
	    TEST(test_commands_of_one_transaction_fail_one_by_one),
	    TEST(test_an_event_that_exists_already_fails_its_command_and_no_other),
	    TEST(test_a_restart_applies_nothing_again),
	    TEST(test_what_is_applied_is_published_and_reported),
	    TEST(test_a_record_that_the_store_refuses_is_passed_over),
	    TEST(test_slow_commands_do_not_hold_back_records),
	    TEST(test_while_the_store_is_away_commands_fail_and_records_wait),
	    TEST(test_every_record_is_applied_exactly_once_whatever_is_killed_when),
	    TEST(test_every_repeat_is_counted_exactly_once_whatever_is_killed_when),
	    TEST(test_the_writer_settles_when_its_clock_says_so),
	    TEST(test_a_message_that_cannot_be_settled_stays_and_hinders_no_other),
	    TEST(test_settling_is_whole_whatever_is_killed_when),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
