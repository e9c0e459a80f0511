/* SPDX-License-Identifier: Apache-2.0 */
/* The writer beside others: when its node is taken, its store migrated or gone back, and what it does with what a newer
 * program wrote. */
#include "engine/ledger/writer.h"
#include "world.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int setup(void **state)
{
	return world_set_up(state, 0);
}

static void test_records_of_a_message_that_nobody_understands_are_passed_over(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct err err = {0};
	struct writer *writer = NULL;
	world_add_message(w, 0, false);
	world_add_message(w, 1, false);
	/* As a newer program may have written it. */
	(void)world_sql(w, "UPDATE messages SET state = 'from_the_future' WHERE id = (SELECT max(id) FROM messages) "
			   "RETURNING 1");
	world_put_hits(w, 10, 2);
	struct writer_config config = world_writer_config(w);
	assert_int_equal(writer_start(&config, &writer, &err), STATUS_OK);
	while (!writer_caught_up(writer))
		sched_yield();
	assert_int_equal(apply_skipped(w->apply, APPLY_SKIP_REFUSED), 5);
	writer_stop(&writer);
	assert_int_equal(world_events(w, 0, &e), 5);
}

/* ---- Two processes, one node */

static _Atomic int halted_why;

static void note_halt(void *user, enum writer_halt why, const char *words)
{
	(void)user;
	assert_true(strlen(words) > 0);
	halted_why = (int)why;
}

static struct writer *start_halting(struct world *w)
{
	struct writer *writer = NULL;
	struct err err = {0};
	struct writer_config config = world_writer_config(w);
	config.halted = note_halt;
	halted_why = WRITER_RUNS;
	assert_int_equal(writer_start(&config, &writer, &err), STATUS_OK);
	return writer;
}

static enum status run_nothing(struct writer_command *command, struct batch *batch, struct err *err)
{
	(void)command;
	(void)batch;
	(void)err;
	return STATUS_OK;
}

static void expect_halt(struct world *w, struct writer **writer, enum writer_halt why)
{
	const struct event *e;
	struct err err = {0};
	world_put_hits(w, 10, 1);
	while (halted_why == WRITER_RUNS)
		sched_yield();
	assert_int_equal(halted_why, why);
	assert_int_equal(writer_halted(*writer), why);
	struct writer_command c = {.run = run_nothing};
	assert_int_equal(writer_submit_and_wait(*writer, &c, &err), STATUS_IO);
	writer_stop(writer);
	assert_int_equal(world_events(w, 0, &e), 0);
}

static void test_a_writer_whose_node_was_taken_writes_nothing_more(void **state)
{
	struct world *w = *state;
	world_add_message(w, 0, false);
	struct writer *writer = start_halting(w);
	(void)world_sql(w, "UPDATE nodes SET epoch = epoch + 1 RETURNING 1");
	expect_halt(w, &writer, WRITER_FENCED);
}

static void test_a_cursor_that_somebody_else_moved_on_ends_a_writer(void **state)
{
	struct world *w = *state;
	world_add_message(w, 0, false);
	struct writer *writer = start_halting(w);
	(void)world_sql(w, "UPDATE nodes SET applied = 1000 RETURNING 1");
	expect_halt(w, &writer, WRITER_FENCED);
}

static void test_a_store_that_a_newer_program_migrated_is_written_no_more(void **state)
{
	struct world *w = *state;
	world_add_message(w, 0, false);
	struct writer *writer = start_halting(w);
	(void)world_sql(w, "INSERT INTO schema_version (version, name, applied_at) VALUES (99, 'x', 1) RETURNING 1");
	while (halted_why == WRITER_RUNS)
		sched_yield();
	expect_halt(w, &writer, WRITER_OUTDATED);
}

static void test_a_store_that_has_gone_back_is_given_its_events_again(void **state)
{
	struct world *w = *state;
	const struct event *e;
	world_add_message(w, 0, false);
	world_put_hits(w, 10, 1);
	struct writer *writer = start_halting(w);
	while (!writer_caught_up(writer))
		sched_yield();
	writer_stop(&writer);
	/* A standby takes over that lacks the last transactions: the node's registration and what it applied. */
	(void)world_sql(w, "DELETE FROM nodes RETURNING 1");
	(void)world_sql(w, "DELETE FROM events RETURNING 1");
	writer = start_halting(w);
	while (!writer_caught_up(writer))
		sched_yield();
	assert_int_equal(halted_why, WRITER_RUNS);
	writer_stop(&writer);
	assert_int_equal(world_events(w, 0, &e), 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_records_of_a_message_that_nobody_understands_are_passed_over),
	    TEST(test_a_writer_whose_node_was_taken_writes_nothing_more),
	    TEST(test_a_cursor_that_somebody_else_moved_on_ends_a_writer),
	    TEST(test_a_store_that_a_newer_program_migrated_is_written_no_more),
	    TEST(test_a_store_that_has_gone_back_is_given_its_events_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
