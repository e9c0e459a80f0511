/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/apply/duplicate_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const int64_t T = INT64_C(1795240800000000);
static const int64_t SECOND = 1000000;

static struct duplicate_key key_of(uint8_t message, enum hit_kind kind, uint32_t link, uint8_t client)
{
	return (struct duplicate_key){{{message}}, kind, link, {{client}}};
}

static void test_only_the_same_address_on_the_same_thing_within_the_window_is_a_duplicate(void **state)
{
	static const struct {
		const char *name;
		struct duplicate_key key;
		int64_t after_us;
		bool is_duplicate;
	} CASES[] = {
	    {"the same", {{{1}}, HIT_CLICK, 2, {{3}}}, 1000000, true},
	    {"at the very end", {{{1}}, HIT_CLICK, 2, {{3}}}, 5000000, true},
	    {"behind it", {{{1}}, HIT_CLICK, 2, {{3}}}, 5000001, false},
	    {"a moment before", {{{1}}, HIT_CLICK, 2, {{3}}}, -2000000, true},
	    {"another message", {{{9}}, HIT_CLICK, 2, {{3}}}, 0, false},
	    {"an open", {{{1}}, HIT_OPEN, 2, {{3}}}, 0, false},
	    {"another link", {{{1}}, HIT_CLICK, 4, {{3}}}, 0, false},
	    {"another address", {{{1}}, HIT_CLICK, 2, {{4}}}, 0, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct duplicate_window *w = duplicate_window_new();
		struct duplicate_key first = key_of(1, HIT_CLICK, 2, 3);
		assert_false(duplicate_window_hit(w, &first, T, 5));
		if (duplicate_window_hit(w, &CASES[i].key, T + CASES[i].after_us, 5) != CASES[i].is_duplicate)
			fail_msg("%s", CASES[i].name);
		duplicate_window_free(&w);
	}
}

static void test_a_client_that_asks_again_and_again_counts_once(void **state)
{
	struct duplicate_window *w = duplicate_window_new();
	struct duplicate_key key = key_of(1, HIT_OPEN, 0, 3);
	(void)state;
	assert_false(duplicate_window_hit(w, &key, T, 5));
	for (int i = 1; i < 100; i++)
		assert_true(duplicate_window_hit(w, &key, T + i * 4 * SECOND, 5));
	assert_false(duplicate_window_hit(w, &key, T + 500 * SECOND, 5));
	duplicate_window_free(&w);
}

static void test_a_late_hit_does_not_set_the_clock_back(void **state)
{
	struct duplicate_window *w = duplicate_window_new();
	struct duplicate_key key = key_of(1, HIT_OPEN, 0, 3);
	(void)state;
	assert_false(duplicate_window_hit(w, &key, T + 4 * SECOND, 5));
	assert_true(duplicate_window_hit(w, &key, T, 5)); /* of another loop, handed over later */
	assert_true(duplicate_window_hit(w, &key, T + 9 * SECOND, 5));
	duplicate_window_free(&w);
}

static void test_the_answer_survives_the_turn_of_generations(void **state)
{
	struct duplicate_window *w = duplicate_window_new();
	(void)state;
	for (int i = 0; i < 200; i++) {
		struct duplicate_key key = key_of((uint8_t)i, HIT_OPEN, 0, 3);
		int64_t time_us = T + i * SECOND;
		assert_false(duplicate_window_hit(w, &key, time_us, 5));
		if (i < 4)
			continue;
		struct duplicate_key earlier = key_of((uint8_t)(i - 4), HIT_OPEN, 0, 3);
		assert_true(duplicate_window_hit(w, &earlier, time_us, 5));
	}
	duplicate_window_free(&w);
}

static void test_clearing_forgets(void **state)
{
	struct duplicate_window *w = duplicate_window_new();
	struct duplicate_key key = key_of(1, HIT_OPEN, 0, 3);
	(void)state;
	assert_false(duplicate_window_hit(w, &key, T, 5));
	duplicate_window_clear(w);
	assert_false(duplicate_window_hit(w, &key, T, 5));
	duplicate_window_free(&w);
}

/* Each tenant's own time, in one window. */
static void test_every_hit_has_a_length_of_its_own(void **state)
{
	static const uint32_t LENGTHS[] = {1, 5, 10, 11, 60, 300, 3600};
	(void)state;
	struct duplicate_window *w = duplicate_window_new();
	for (uint8_t i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++) {
		struct duplicate_key key = key_of(i, HIT_OPEN, 0, 3);
		int64_t end_us = T + LENGTHS[i] * SECOND;
		assert_false(duplicate_window_hit(w, &key, T, LENGTHS[i]));
		assert_true(duplicate_window_hit(w, &key, end_us, LENGTHS[i]));
		assert_false(duplicate_window_hit(w, &key, end_us + LENGTHS[i] * SECOND + 1, LENGTHS[i]));
	}
	duplicate_window_free(&w);
}

static struct duplicate_key nth_key(uint32_t n)
{
	struct duplicate_key key = key_of(0, HIT_OPEN, n, 3);
	return key;
}

static void test_busy_tenants_with_short_times_do_not_push_out_those_with_long_ones(void **state)
{
	struct duplicate_window *w = duplicate_window_new();
	struct duplicate_key slow = key_of(1, HIT_OPEN, 0, 3);
	(void)state;
	assert_false(duplicate_window_hit(w, &slow, T, 3600));
	for (uint32_t i = 0; i < 2 * DUPLICATE_WINDOW_HITS_MAX; i++) {
		struct duplicate_key key = nth_key(i);
		assert_false(duplicate_window_hit(w, &key, T + i, 5));
	}
	assert_true(duplicate_window_hit(w, &slow, T + 3600 * SECOND, 3600));
	duplicate_window_free(&w);
}

static void test_memory_is_bounded_whatever_the_length(void **state)
{
	struct duplicate_window *w = duplicate_window_new();
	(void)state;
	for (uint32_t i = 0; i < 3 * DUPLICATE_WINDOW_HITS_MAX; i++) {
		struct duplicate_key key = nth_key(i);
		assert_false(duplicate_window_hit(w, &key, T + i, 3600));
	}
	assert_in_range(duplicate_window_count(w), DUPLICATE_WINDOW_HITS_MAX / 2, DUPLICATE_WINDOW_HITS_MAX);
	duplicate_window_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_the_same_address_on_the_same_thing_within_the_window_is_a_duplicate),
	    cmocka_unit_test(test_a_client_that_asks_again_and_again_counts_once),
	    cmocka_unit_test(test_a_late_hit_does_not_set_the_clock_back),
	    cmocka_unit_test(test_the_answer_survives_the_turn_of_generations),
	    cmocka_unit_test(test_clearing_forgets),
	    cmocka_unit_test(test_every_hit_has_a_length_of_its_own),
	    cmocka_unit_test(test_busy_tenants_with_short_times_do_not_push_out_those_with_long_ones),
	    cmocka_unit_test(test_memory_is_bounded_whatever_the_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
