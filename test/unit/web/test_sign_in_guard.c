/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/random.h"
#include "web/sign_in/sign_in_guard.h"

#include <stdio.h>
#include <string.h>

#define S INT64_C(1000000)
#define DAY (86400 * S)
#define NOW (INT64_C(1800000000) * S)

static const char *const OWNER = "owner@example.com";

static struct sign_in_try try_of(const char *name, const char *client, int64_t now_us)
{
	struct sign_in_try t = {.name = slice_from_cstr(name), .now_us = now_us};
	assert_true(ip_address_parse(slice_from_cstr(client), &t.client));
	return t;
}

/* What a try with that outcome had to wait; 0: it was made. */
static uint32_t attempt(struct sign_in_guard *g, const struct sign_in_try *try, enum sign_in_outcome outcome)
{
	struct sign_in_leave leave = sign_in_guard_enter(g, try);
	if (!leave.wait_s)
		sign_in_guard_leave(g, try, outcome);
	return leave.wait_s;
}

static uint32_t wrong(struct sign_in_guard *g, const char *name, const char *client, int64_t now_us)
{
	struct sign_in_try t = try_of(name, client, now_us);
	return attempt(g, &t, SIGN_IN_WRONG);
}

static uint32_t right(struct sign_in_guard *g, const char *name, const char *client, int64_t now_us)
{
	struct sign_in_try t = try_of(name, client, now_us);
	return attempt(g, &t, SIGN_IN_RIGHT);
}

/* As one who never signed in anywhere and has all the addresses of an IPv4 /8 and a new name for each try. */
static uint32_t wrong_from_anywhere(struct sign_in_guard *g, const char *name, uint32_t i, int64_t now_us)
{
	char client[32];
	(void)snprintf(client, sizeof client, "10.%u.%u.7", (i >> 8) & 255, i & 255);
	return wrong(g, name, client, now_us);
}

static void test_five_wrong_tries_make_the_sixth_wait_and_each_further_one_longer(void **state)
{
	static const uint32_t waits[] = {15, 30, 60, 120, 240, 300, 300};
	struct sign_in_guard *g = sign_in_guard_new();
	int64_t now_us = NOW;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(wrong(g, OWNER, "192.0.2.1", now_us), 0);
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		assert_int_equal(wrong(g, OWNER, "192.0.2.1", now_us), waits[i]);
		now_us += waits[i] * S;
		assert_int_equal(wrong(g, OWNER, "192.0.2.1", now_us), 0);
	}
	sign_in_guard_free(&g);
	assert_null(g);
	sign_in_guard_free(&g);
}

static void test_wrong_tries_elsewhere_do_not_hold_up_the_owner(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();

	(void)state;
	for (int i = 0; i < 20; i++)
		(void)wrong(g, OWNER, "192.0.2.1", NOW);
	assert_true(wrong(g, OWNER, "192.0.2.1", NOW) > 0);
	assert_int_equal(right(g, OWNER, "198.51.100.1", NOW), 0);
	assert_int_equal(right(g, OWNER, "192.0.2.2", NOW), 0);
	sign_in_guard_free(&g);
}

static void test_an_office_behind_one_address_mistypes_and_nobody_else_of_it_waits_long(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();

	(void)state;
	for (int i = 0; i < 20; i++)
		(void)wrong(g, "clumsy@example.com", "192.0.2.1", NOW);
	for (int i = 0; i < 30; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "person%d@example.com", i);
		assert_int_equal(wrong(g, name, "192.0.2.1", NOW), 0);
		assert_int_equal(right(g, name, "192.0.2.1", NOW), 0);
	}
	sign_in_guard_free(&g);
}

static void test_one_network_that_tries_many_names_is_slowed_down_and_never_locked(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();
	uint32_t made = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "n%u@example.com", i);
		made += wrong(g, name, "192.0.2.1", NOW) == 0;
	}
	assert_int_equal(made, 60);
	assert_int_equal(wrong(g, "somebody@example.com", "192.0.2.1", NOW), 10);
	assert_int_equal(right(g, "somebody@example.com", "192.0.2.1", NOW + 10 * S), 0);
	sign_in_guard_free(&g);
}

static void test_half_of_an_ipv6_address_is_one_network_and_a_48_is_not_without_end(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();
	uint32_t made = 0;
	char client[64];
	char name[32];

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		(void)snprintf(client, sizeof client, "2001:db8:1:1::%x", i + 1);
		(void)snprintf(name, sizeof name, "n%u@example.com", i);
		made += wrong(g, name, client, NOW) == 0;
	}
	assert_int_equal(made, 60);
	for (uint32_t i = 0; i < 1000; i++) {
		(void)snprintf(client, sizeof client, "2001:db8:1:%x::1", i + 2);
		(void)snprintf(name, sizeof name, "m%u@example.com", i);
		made += wrong(g, name, client, NOW) == 0;
	}
	assert_int_equal(made, 300);
	assert_int_equal(right(g, OWNER, "2001:db8:2::1", NOW), 0);
	sign_in_guard_free(&g);
}

static void test_where_somebody_signed_in_before_strangers_do_not_hold_him_up(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();
	uint32_t made = 0;

	(void)state;
	assert_int_equal(right(g, OWNER, "192.0.2.1", NOW), 0);
	for (uint32_t i = 0; i < 5000; i++)
		made += wrong_from_anywhere(g, OWNER, i, NOW + S) == 0;
	assert_int_equal(made, 100);
	for (uint32_t i = 0; i < 100; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "n%u@example.com", i);
		(void)wrong(g, name, "192.0.2.1", NOW + S);
	}
	struct sign_in_try home = try_of(OWNER, "192.0.2.1", NOW + 2 * S);
	struct sign_in_leave leave = sign_in_guard_enter(g, &home);
	assert_int_equal(leave.wait_s, 0);
	assert_true(leave.is_at_home);
	/* One that he has never been to does wait, but not for good. */
	struct sign_in_try hotel = try_of(OWNER, "198.51.100.9", NOW + 2 * S);
	leave = sign_in_guard_enter(g, &hotel);
	assert_in_range(leave.wait_s, 1, 60);
	assert_string_equal(leave.rule, "account");
	assert_false(leave.is_at_home);
	/* A home is not for ever. */
	home.now_us = NOW + 91 * DAY;
	assert_false(sign_in_guard_enter(g, &home).is_at_home);
	sign_in_guard_free(&g);
}

static void test_a_neighbour_at_home_is_slowed_down_in_guessing_the_owners_password(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();
	uint32_t made = 0;

	(void)state;
	assert_int_equal(right(g, OWNER, "192.0.2.1", NOW), 0);
	for (int64_t second = 0; second < 86400; second++)
		made += wrong(g, OWNER, "192.0.2.1", NOW + second * S) == 0;
	assert_in_range(made, 280, 300); /* 86400 / 300 and the first few */
	sign_in_guard_free(&g);
}

static void test_tries_that_come_at_once_are_all_counted(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();
	struct sign_in_try t = try_of(OWNER, "192.0.2.1", NOW);
	int let_in = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		let_in += sign_in_guard_enter(g, &t).wait_s == 0;
	assert_int_equal(let_in, 5);
	sign_in_guard_free(&g);
}

static void test_what_was_right_or_not_looked_at_counts_for_nothing(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct sign_in_try t = try_of(OWNER, "192.0.2.1", NOW);
		assert_int_equal(attempt(g, &t, SIGN_IN_NOT_TRIED), 0);
		assert_int_equal(right(g, "other@example.com", "192.0.2.1", NOW), 0);
	}
	for (int i = 0; i < 5; i++)
		assert_int_equal(wrong(g, OWNER, "192.0.2.1", NOW), 0);
	assert_int_equal(wrong(g, OWNER, "192.0.2.1", NOW), 15);
	assert_int_equal(right(g, OWNER, "192.0.2.1", NOW + 15 * S), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(wrong(g, OWNER, "192.0.2.1", NOW + 15 * S), 0);
	sign_in_guard_free(&g);
}

static void test_a_few_wrong_tries_are_forgotten_after_some_hours(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();

	(void)state;
	for (int day = 0; day < 30; day++)
		for (int i = 0; i < 4; i++)
			assert_int_equal(wrong(g, OWNER, "192.0.2.1", NOW + day * DAY), 0);
	sign_in_guard_free(&g);
}

static void test_whoever_fills_the_tables_does_not_get_his_own_counters_back(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();
	struct prng random;

	(void)state;
	prng_init(&random, 20261130);
	for (int i = 0; i < 5; i++)
		assert_int_equal(wrong(g, OWNER, "192.0.2.1", NOW), 0);
	for (int i = 0; i < 200000; i++) {
		char name[32];
		struct sign_in_try t = {.now_us = NOW + i};
		(void)snprintf(name, sizeof name, "n%d@example.com", i);
		t.name = slice_from_cstr(name);
		for (size_t k = 0; k < sizeof t.client.bytes; k++)
			t.client.bytes[k] = (uint8_t)prng_next(&random);
		(void)attempt(g, &t, SIGN_IN_WRONG);
	}
	assert_true(wrong(g, OWNER, "192.0.2.1", NOW + S) > 0);
	sign_in_guard_free(&g);
}

static void test_only_the_beginning_of_an_endless_name_counts(void **state)
{
	static char name[100000];
	struct sign_in_guard *g = sign_in_guard_new();
	struct sign_in_try t = try_of("", "192.0.2.1", NOW);

	(void)state;
	memset(name, 'a', sizeof name);
	t.name = slice_of(name, sizeof name);
	for (int i = 0; i < 5; i++)
		assert_int_equal(attempt(g, &t, SIGN_IN_WRONG), 0);
	t.name = slice_of(name, sizeof name - 1);
	assert_int_equal(sign_in_guard_enter(g, &t).wait_s, 15);
	t.name = slice_of(name, 254);
	assert_int_equal(sign_in_guard_enter(g, &t).wait_s, 0);
	sign_in_guard_free(&g);
}

static void test_log_gets_a_few_lines_and_then_one_a_second(void **state)
{
	struct sign_in_guard *g = sign_in_guard_new();
	uint64_t left_out = 99;
	int lines = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		lines += sign_in_guard_may_log(g, NOW, &left_out);
	assert_int_equal(lines, 20);
	assert_int_equal(left_out, 0);
	assert_true(sign_in_guard_may_log(g, NOW + S, &left_out));
	assert_int_equal(left_out, 980);
	sign_in_guard_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_five_wrong_tries_make_the_sixth_wait_and_each_further_one_longer),
	    cmocka_unit_test(test_wrong_tries_elsewhere_do_not_hold_up_the_owner),
	    cmocka_unit_test(test_an_office_behind_one_address_mistypes_and_nobody_else_of_it_waits_long),
	    cmocka_unit_test(test_one_network_that_tries_many_names_is_slowed_down_and_never_locked),
	    cmocka_unit_test(test_half_of_an_ipv6_address_is_one_network_and_a_48_is_not_without_end),
	    cmocka_unit_test(test_where_somebody_signed_in_before_strangers_do_not_hold_him_up),
	    cmocka_unit_test(test_a_neighbour_at_home_is_slowed_down_in_guessing_the_owners_password),
	    cmocka_unit_test(test_tries_that_come_at_once_are_all_counted),
	    cmocka_unit_test(test_what_was_right_or_not_looked_at_counts_for_nothing),
	    cmocka_unit_test(test_a_few_wrong_tries_are_forgotten_after_some_hours),
	    cmocka_unit_test(test_whoever_fills_the_tables_does_not_get_his_own_counters_back),
	    cmocka_unit_test(test_only_the_beginning_of_an_endless_name_counts),
	    cmocka_unit_test(test_log_gets_a_few_lines_and_then_one_a_second),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
