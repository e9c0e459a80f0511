/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/upkeep/held_confirmation.h"

#include "store/people/held_unsubscribes.h"
#include "world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t DAY_US = INT64_C(86400000000);
static const int64_t MINUTE_US = INT64_C(60000000);

struct hand {
	struct clock clock;
	_Atomic int64_t now_us;
};

static int64_t hand_us(void *self)
{
	return atomic_load(&((struct hand *)self)->now_us);
}

static void hold(struct world *w, uint32_t n)
{
	struct err err = {0};
	bool was_added = false;
	struct held_unsubscribe held = {.message = world_message_id(n), .tenant = w->tenant, .held_us = WORLD_NOW_US};
	world_add_message(w, n, false);
	assert_int_equal(store_held_unsubscribe_add(w->session, &held, &was_added, &err), STATUS_OK);
	assert_true(was_added);
}

/* Commands run in their order: what was ticked before is done when this returns. */
static enum status run_nothing(struct writer_command *command, struct batch *batch, struct err *err)
{
	(void)command;
	(void)batch;
	(void)err;
	return STATUS_OK;
}

static void tick(struct held_confirmation *c, struct writer *writer)
{
	struct err err = {0};
	struct writer_command after = {.run = run_nothing};
	held_confirmation_tick(c);
	assert_int_equal(writer_submit_and_wait(writer, &after, &err), STATUS_OK);
}

static int64_t confirmed(struct world *w)
{
	return world_sql(w, "SELECT count(*) FROM suppressions WHERE reason = 'unsubscribed'");
}

static void test_what_nobody_decided_about_is_confirmed_when_its_time_is_up_and_looked_for_once_a_minute(void **state)
{
	struct world w;
	struct hand hand = {.now_us = WORLD_NOW_US + DAY_US};
	(void)state;
	hand.clock = (struct clock){hand_us, hand_us, &hand};
	world_open(&w);
	hold(&w, 1);
	struct writer *writer = world_start_writer(&w);
	struct held_confirmation *c = held_confirmation_new(writer, &hand.clock, 2 * DAY_US);
	tick(c, writer);
	assert_int_equal(confirmed(&w), 0);
	atomic_fetch_add(&hand.now_us, DAY_US + 1);
	tick(c, writer);
	assert_int_equal(confirmed(&w), 1);
	hold(&w, 2);
	atomic_fetch_add(&hand.now_us, MINUTE_US - 1);
	tick(c, writer);
	assert_int_equal(confirmed(&w), 1);
	atomic_fetch_add(&hand.now_us, 1);
	tick(c, writer);
	assert_int_equal(confirmed(&w), 2);
	writer_stop(&writer);
	held_confirmation_free(&c);
	assert_null(c);
	held_confirmation_free(&c);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_what_nobody_decided_about_is_confirmed_when_its_time_is_up_and_looked_for_once_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
