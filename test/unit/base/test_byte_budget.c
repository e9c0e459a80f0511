/* SPDX-License-Identifier: Apache-2.0 */
#include "base/byte_budget.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_strangers_share_a_half(void **state)
{
	struct byte_budget *budget = byte_budget_new(100);
	(void)state;
	assert_false(byte_budget_take(budget, 51, BUDGET_STRANGER));
	assert_true(byte_budget_take(budget, 50, BUDGET_STRANGER));
	assert_false(byte_budget_take(budget, 1, BUDGET_STRANGER));
	assert_true(byte_budget_take(budget, 50, BUDGET_KNOWN));
	assert_false(byte_budget_take(budget, 1, BUDGET_KNOWN));
	assert_true(byte_budget_take(budget, 0, BUDGET_KNOWN));
	assert_int_equal(byte_budget_counts(budget).taken, 100);
	assert_int_equal(byte_budget_counts(budget).max, 100);
	assert_int_equal(byte_budget_counts(budget).refused, 3);
	byte_budget_give(budget, 100);
	byte_budget_free(&budget);
	assert_null(budget);
}

static void test_what_is_there_already_passes_the_maximum_and_holds_up_the_others(void **state)
{
	struct byte_budget *budget = byte_budget_new(100);
	(void)state;
	byte_budget_take_anyway(budget, 150);
	assert_false(byte_budget_take(budget, 1, BUDGET_KNOWN));
	byte_budget_give(budget, 60);
	assert_true(byte_budget_take(budget, 10, BUDGET_KNOWN));
	assert_false(byte_budget_take(budget, SIZE_MAX, BUDGET_KNOWN));
	byte_budget_give(budget, 100);
	byte_budget_free(&budget);
}

static void test_no_budget_has_room_for_everything(void **state)
{
	(void)state;
	assert_true(byte_budget_take(NULL, SIZE_MAX, BUDGET_STRANGER));
	byte_budget_take_anyway(NULL, 1);
	byte_budget_give(NULL, SIZE_MAX);
}

static void *take_and_give(void *user)
{
	struct byte_budget *budget = user;
	for (int i = 0; i < 100000; i++)
		if (byte_budget_take(budget, 3, BUDGET_KNOWN))
			byte_budget_give(budget, 3);
	return NULL;
}

static void test_threads_leave_nothing_behind(void **state)
{
	struct byte_budget *budget = byte_budget_new(8);
	pthread_t threads[4];
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, budget), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(byte_budget_counts(budget).taken, 0);
	byte_budget_free(&budget);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_strangers_share_a_half),
	    cmocka_unit_test(test_what_is_there_already_passes_the_maximum_and_holds_up_the_others),
	    cmocka_unit_test(test_no_budget_has_room_for_everything),
	    cmocka_unit_test(test_threads_leave_nothing_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
