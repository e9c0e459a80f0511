/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "web/sign_in/sign_in_guard.h"

#include <string.h>

#define S INT64_C(1000000)
#define NOW (INT64_C(1800000000) * S)

static void fail_times(struct sign_in_guard *g, struct slice who, int times, int64_t now_us)
{
	for (int i = 0; i < times; i++)
		sign_in_guard_failed(g, who, now_us);
}

static void test_guard_lets_four_wrong_tries_pass_and_stops_the_fifth(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();
	struct slice who = SLICE("a@b.example");

	(void)state;
	assert_int_equal(sign_in_guard_wait_s(g, who, NOW), 0);
	fail_times(g, who, 4, NOW);
	assert_int_equal(sign_in_guard_wait_s(g, who, NOW), 0);
	fail_times(g, who, 1, NOW);
	assert_int_equal(sign_in_guard_wait_s(g, who, NOW), 30);
	assert_int_equal(sign_in_guard_wait_s(g, who, NOW + 29 * S + 1), 1);
	assert_int_equal(sign_in_guard_wait_s(g, who, NOW + 30 * S), 0);
	assert_int_equal(sign_in_guard_wait_s(g, SLICE("c@b.example"), NOW), 0);
	sign_in_guard_free(&g);
	assert_null(g);
	sign_in_guard_free(&g);
}

static void test_guard_starts_the_wait_anew_at_each_further_wrong_try(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();
	struct slice who = SLICE("a@b.example");

	(void)state;
	fail_times(g, who, 5, NOW);
	fail_times(g, who, 1, NOW + 40 * S);
	assert_int_equal(sign_in_guard_wait_s(g, who, NOW + 40 * S), 30);
	sign_in_guard_free(&g);
}

static void test_guard_forgets_after_a_quarter_of_an_hour_and_after_success(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();
	struct slice who = SLICE("a@b.example");

	(void)state;
	fail_times(g, who, 4, NOW);
	fail_times(g, who, 4, NOW + 901 * S);
	assert_int_equal(sign_in_guard_wait_s(g, who, NOW + 901 * S), 0);
	sign_in_guard_succeeded(g, who);
	fail_times(g, who, 4, NOW + 902 * S);
	assert_int_equal(sign_in_guard_wait_s(g, who, NOW + 902 * S), 0);
	sign_in_guard_succeeded(g, SLICE("never seen"));
	sign_in_guard_free(&g);
}

static void test_guard_keeps_only_the_beginning_of_an_endless_name(void **state)
{
	static char name[100000];
	struct sign_in_guard *g = sign_in_guard_new();

	(void)state;
	memset(name, 'a', sizeof name);
	fail_times(g, slice_of(name, sizeof name), 5, NOW);
	assert_int_equal(sign_in_guard_wait_s(g, slice_of(name, sizeof name), NOW), 30);
	assert_int_equal(sign_in_guard_wait_s(g, slice_of(name, sizeof name - 1), NOW), 30);
	assert_int_equal(sign_in_guard_wait_s(g, slice_of(name, 254), NOW), 0);
	sign_in_guard_free(&g);
}

static void test_guard_is_bounded_and_forgets_rather_than_locking_out(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();

	(void)state;
	fail_times(g, SLICE("first"), 5, NOW);
	for (int i = 0; i < 10000; i++) {
		char name[16];
		for (int k = 0, rest = i; k < 5; k++, rest /= 10)
			name[k] = (char)('0' + rest % 10);
		sign_in_guard_failed(g, slice_of(name, 5), NOW);
	}
	assert_int_equal(sign_in_guard_wait_s(g, SLICE("first"), NOW), 0);
	sign_in_guard_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_guard_lets_four_wrong_tries_pass_and_stops_the_fifth),
	    cmocka_unit_test(test_guard_starts_the_wait_anew_at_each_further_wrong_try),
	    cmocka_unit_test(test_guard_forgets_after_a_quarter_of_an_hour_and_after_success),
	    cmocka_unit_test(test_guard_keeps_only_the_beginning_of_an_endless_name),
	    cmocka_unit_test(test_guard_is_bounded_and_forgets_rather_than_locking_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
