/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/judge/fan_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define START INT64_C(1795240800000000)

static struct fan_out_hit visit(const char *recipient, int64_t at_s)
{
	return (struct fan_out_hit){.tenant = 1,
				    .recipient = slice_from_cstr(recipient),
				    .source = {.network = 7, .agent = 9},
				    .time_us = START + at_s * SECOND};
}

static int setup(void **state)
{
	*state = fan_out_new();
	return 0;
}

static int teardown(void **state)
{
	fan_out_free((struct fan_out **)state);
	return 0;
}

static void note(struct fan_out *f, const char *recipient, int64_t at_s)
{
	struct fan_out_hit hit = visit(recipient, at_s);
	fan_out_note(f, &hit);
}

static uint32_t count_at(struct fan_out *f, const char *recipient, int64_t at_s)
{
	struct fan_out_hit hit = visit(recipient, at_s);
	return fan_out_count(f, NULL, &hit);
}

static void test_recipients_of_one_domain_are_counted_once_each(void **state)
{
	note(*state, "a@x.example", 0);
	note(*state, "b@X.example", 10);
	note(*state, "b@X.example", 12);
	note(*state, "c@x.example", 20);
	note(*state, "d@y.example", 25);
	assert_int_equal(count_at(*state, "a@x.example", 0), 3);
	assert_int_equal(count_at(*state, "d@y.example", 25), 1);
	assert_int_equal(count_at(*state, "e@z.example", 25), 0);
	assert_int_equal(count_at(*state, "nowhere", 25), 0);
}

static void test_only_a_minute_to_either_side_counts(void **state)
{
	note(*state, "a@x.example", 0);
	note(*state, "b@x.example", 60);
	note(*state, "c@x.example", 121);
	assert_int_equal(count_at(*state, "b@x.example", 60), 2);
	assert_int_equal(count_at(*state, "c@x.example", 121), 1);
}

static void test_people_who_read_at_the_same_time_count_as_one(void **state)
{
	note(*state, "a@x.example", 0);
	note(*state, "b@x.example", 5);
	note(*state, "a@x.example", 10);
	note(*state, "b@x.example", 15);
	note(*state, "c@x.example", 20);
	assert_int_equal(count_at(*state, "c@x.example", 20), 2);
}

static void test_a_machine_that_works_at_three_mails_at_once_is_seen(void **state)
{
	char recipient[32];
	for (int i = 0; i < 15; i++) {
		(void)snprintf(recipient, sizeof recipient, "r%d@x.example", i);
		note(*state, recipient, i);
		note(*state, recipient, i + 2);
	}
	assert_int_equal(count_at(*state, "r0@x.example", 0), 8);
}

static void test_sources_and_tenants_are_apart(void **state)
{
	struct fan_out_hit hit = visit("b@x.example", 1);
	note(*state, "a@x.example", 0);
	hit.source.agent = 10;
	fan_out_note(*state, &hit);
	hit.source = (struct behaviour_source){.network = 8, .agent = 9};
	fan_out_note(*state, &hit);
	hit.source = (struct behaviour_source){.network = 7, .agent = 9};
	hit.tenant = 2;
	fan_out_note(*state, &hit);
	hit.tenant = 1;
	hit.source.network = 0;
	fan_out_note(*state, &hit);
	assert_int_equal(fan_out_count(*state, NULL, &hit), 0);
	assert_int_equal(count_at(*state, "a@x.example", 0), 1);
}

static void test_it_remembers_until_the_question_and_forgets_in_the_end(void **state)
{
	note(*state, "a@x.example", 0);
	note(*state, "b@x.example", 50);
	for (int at = 60; at < 300; at += 10)
		note(*state, "z@other.example", at);
	assert_int_equal(count_at(*state, "a@x.example", 0), 2);
	for (int at = 300; at < 4000; at += 10)
		note(*state, "z@other.example", at);
	assert_int_equal(count_at(*state, "a@x.example", 0), 0);
}

static void test_what_follows_does_not_push_out_what_was(void **state)
{
	char recipient[32];
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(recipient, sizeof recipient, "r%d@x.example", i);
		note(*state, recipient, i / 20);
	}
	assert_true(count_at(*state, "r0@x.example", 0) >= 5);
	assert_true(count_at(*state, "r1900@x.example", 95) >= 5);
}

static void test_a_flood_of_sources_stays_within_bounds(void **state)
{
	for (uint64_t i = 1; i < 3 * FAN_OUT_VISITS_MAX; i++) {
		struct fan_out_hit hit = visit("a@x.example", 0);
		hit.source.network = i;
		fan_out_note(*state, &hit);
	}
	struct fan_out_hit first = visit("a@x.example", 0);
	struct fan_out_hit last = first;
	first.source.network = 1;
	last.source.network = 3 * FAN_OUT_VISITS_MAX - 1;
	assert_int_equal(fan_out_count(*state, NULL, &first), 0);
	assert_int_equal(fan_out_count(*state, NULL, &last), 1);
	for (int i = 0; i < 100; i++)
		note(*state, "b@x.example", 1);
	assert_int_equal(count_at(*state, "b@x.example", 1), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_recipients_of_one_domain_are_counted_once_each),
	    TEST(test_only_a_minute_to_either_side_counts),
	    TEST(test_people_who_read_at_the_same_time_count_as_one),
	    TEST(test_a_machine_that_works_at_three_mails_at_once_is_seen),
	    TEST(test_sources_and_tenants_are_apart),
	    TEST(test_it_remembers_until_the_question_and_forgets_in_the_end),
	    TEST(test_what_follows_does_not_push_out_what_was),
	    TEST(test_a_flood_of_sources_stays_within_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
