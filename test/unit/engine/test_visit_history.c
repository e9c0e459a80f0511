/* SPDX-License-Identifier: Apache-2.0 */
/* Visits are read in parts, between other work, and come to the same as read at once. */
#include "engine/judge/visit_history.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { MESSAGES = 40, HITS = 5000 };
static const int64_t HIT_APART_US = SECOND / 10;

static int setup(void **state)
{
	int failed = world_set_up(state, MESSAGES);
	struct world *w = *state;
	(void)world_sql(w, "UPDATE messages SET sent_at = created_at, delivered_at = created_at RETURNING number");
	world_put_hits(w, HITS, MESSAGES);
	world_apply_all(w);
	return failed;
}

/* Recipients that the source of the nth hit came for around it. */
static uint32_t count_at(const struct world *w, const struct visit_history *h, size_t n)
{
	struct hit_record hit = world_hit((struct world *)w, (uint32_t)(n % MESSAGES), HIT_OPEN);
	world_come_from(&hit, n);
	struct fan_out_hit asked = {.tenant = w->tenant,
				    .recipient = world_message((struct world *)w, (uint32_t)(n % MESSAGES))->to_email,
				    .source = behaviour_source_of(&hit.client, hit.user_agent),
				    .time_us = WORLD_NOW_US + (int64_t)n * HIT_APART_US};
	return fan_out_count(visit_history_fan_out(h), NULL, &asked);
}

static unsigned follow_in_parts(struct visit_history *h, int64_t from_us, int64_t to_us)
{
	const struct visit_history_part shortest = {clock_system(), 0};
	struct err err = {0};
	enum status status;
	unsigned parts = 0;
	do {
		status = visit_history_follow_some(h, from_us, to_us, &shortest, &err);
		parts++;
	} while (status == STATUS_AGAIN);
	assert_int_equal(status, STATUS_OK);
	return parts;
}

static void test_read_in_parts_it_is_the_same(void **state)
{
	struct world *w = *state;
	struct err err = {0};
	struct visit_history *whole = visit_history_new(w->session, NULL);
	struct visit_history *parts = visit_history_new(w->session, NULL);
	int64_t end_us = WORLD_NOW_US + HITS * HIT_APART_US;
	uint32_t most = 0;
	assert_int_equal(visit_history_follow(whole, WORLD_NOW_US, end_us, &err), STATUS_OK);
	assert_true(follow_in_parts(parts, WORLD_NOW_US, end_us) > 1);
	for (size_t n = 0; n < HITS; n += 97) {
		uint32_t count = count_at(w, whole, n);
		most = count > most ? count : most;
		assert_int_equal(count_at(w, parts, n), count);
	}
	assert_true(most > 1);
	visit_history_free(&whole);
	visit_history_free(&parts);
}

/* The next message of a step asks for nearly the same, and is to find it read. */
static void test_going_on_reads_only_what_is_new(void **state)
{
	struct world *w = *state;
	struct visit_history *h = visit_history_new(w->session, NULL);
	int64_t half_us = WORLD_NOW_US + HITS / 2 * HIT_APART_US;
	assert_true(follow_in_parts(h, WORLD_NOW_US, half_us) > 1);
	assert_int_equal(follow_in_parts(h, WORLD_NOW_US, half_us), 1);
	assert_int_equal(follow_in_parts(h, WORLD_NOW_US + SECOND, half_us + SECOND), 1);
	uint32_t before = count_at(w, h, 101);
	assert_true(before > 0);
	/* Earlier than it began: read anew. */
	assert_true(follow_in_parts(h, WORLD_NOW_US - SECOND, half_us) > 1);
	assert_int_equal(count_at(w, h, 101), before);
	visit_history_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_read_in_parts_it_is_the_same, setup, world_tear_down),
	    cmocka_unit_test_setup_teardown(test_going_on_reads_only_what_is_new, setup, world_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
