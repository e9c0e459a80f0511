/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_limit.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const int64_t MINUTE_US = 60000000;

static void test_a_kind_is_said_once_a_minute_with_the_number_of_those_that_were_not(void **state)
{
	struct log_limit *limit = log_limit_new(MINUTE_US);
	uint64_t left_out = 9;
	(void)state;
	assert_true(log_limit_allows(limit, SLICE("a"), MINUTE_US, &left_out));
	assert_int_equal(left_out, 0);
	for (int i = 0; i < 3; i++)
		assert_false(log_limit_allows(limit, SLICE("a"), 2 * MINUTE_US - 1, &left_out));
	assert_true(log_limit_allows(limit, SLICE("b"), 2 * MINUTE_US - 1, &left_out));
	assert_int_equal(left_out, 0);
	assert_true(log_limit_allows(limit, SLICE("a"), 2 * MINUTE_US, &left_out));
	assert_int_equal(left_out, 3);
	assert_false(log_limit_allows(limit, SLICE("a"), 2 * MINUTE_US, &left_out));
	log_limit_free(&limit);
	assert_null(limit);
}

static void test_more_kinds_than_there_is_room_for_begin_anew(void **state)
{
	struct log_limit *limit = log_limit_new(MINUTE_US);
	uint64_t left_out;
	char key[20];
	(void)state;
	for (int i = 1; i <= 65; i++) {
		int n = snprintf(key, sizeof key, "kind %d", i);
		assert_true(log_limit_allows(limit, slice_of(key, (size_t)n), MINUTE_US + i, &left_out));
	}
	assert_false(log_limit_allows(limit, SLICE("kind 2"), MINUTE_US + 66, &left_out));
	assert_true(log_limit_allows(limit, SLICE("kind 1"), MINUTE_US + 67, &left_out));
	log_limit_free(&limit);
}

static void test_without_a_limit_everything_is_said(void **state)
{
	uint64_t left_out = 9;
	(void)state;
	assert_true(log_limit_allows(NULL, SLICE("a"), 1, &left_out));
	assert_true(log_limit_allows(NULL, SLICE("a"), 1, &left_out));
	assert_int_equal(left_out, 0);
}

int main(void)
{
	const struct CMUnitTest log_limit[] = {
	    cmocka_unit_test(test_a_kind_is_said_once_a_minute_with_the_number_of_those_that_were_not),
	    cmocka_unit_test(test_more_kinds_than_there_is_room_for_begin_anew),
	    cmocka_unit_test(test_without_a_limit_everything_is_said),
	};
	return cmocka_run_group_tests(log_limit, NULL, NULL);
}
