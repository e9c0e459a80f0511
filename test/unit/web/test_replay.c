/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/random.h"
#include "web/edge/replay.h"

#define S INT64_C(1000000)
#define NOW (INT64_C(1800000000) * S)

static struct hit_record hit_from(const char *client, uint8_t message)
{
	struct hit_record hit = {.kind = HIT_OPEN, .message = {{message}}, .user_agent = SLICE("agent")};
	assert_true(ip_address_parse(slice_from_cstr(client), &hit.client));
	return hit;
}

static uint32_t within(struct replay *r, struct hit_record *hit, uint32_t tries, int64_t now_us)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < tries; i++)
		n += !replay_is_beyond(r, hit, now_us);
	return n;
}

static void test_a_network_has_its_budget_of_a_message_and_gets_it_back_by_and_by(void **state)
{
	struct replay *r = replay_new();
	struct hit_record hit = hit_from("192.0.2.1", 1), neighbour = hit_from("192.0.2.2", 1),
			  other = hit_from("192.0.2.1", 2);

	(void)state;
	assert_int_equal(within(r, &hit, 1000, NOW), 300);
	assert_int_equal(within(r, &hit, 1000, NOW + 10 * S), 1);
	assert_int_equal(within(r, &neighbour, 10, NOW), 10);
	assert_int_equal(within(r, &other, 10, NOW), 10);
	assert_int_equal(within(r, &hit, 1000, NOW + 4000 * S), 300);
	replay_free(&r);
	assert_null(r);
	replay_free(&r);
}

static void test_half_of_an_ipv6_address_is_one_network_and_a_48_is_not_without_end(void **state)
{
	struct replay *r = replay_new();
	struct hit_record hit = hit_from("2001:db8:1:1::", 1);
	uint32_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		memcpy(hit.client.bytes + 8, &i, sizeof i);
		n += !replay_is_beyond(r, &hit, NOW);
	}
	assert_int_equal(n, 300);
	for (uint16_t i = 0; i < 5000; i++) {
		memcpy(hit.client.bytes + 6, &i, sizeof i);
		n += !replay_is_beyond(r, &hit, NOW);
	}
	assert_in_range(n, 1500, 1510);
	replay_free(&r);
}

static void test_ever_new_networks_do_not_give_the_budget_back(void **state)
{
	struct replay *r = replay_new();
	struct hit_record hit = hit_from("192.0.2.1", 1), others = hit_from("198.51.100.1", 1);
	struct prng random;

	(void)state;
	prng_init(&random, 20261130);
	assert_int_equal(within(r, &hit, 1000, NOW), 300);
	for (int i = 0; i < 100000; i++) {
		uint64_t address = prng_next(&random);
		memcpy(others.client.bytes, &address, sizeof address);
		(void)replay_is_beyond(r, &others, NOW);
	}
	assert_int_equal(within(r, &hit, 1000, NOW), 0);
	replay_free(&r);
}

static void test_a_place_is_for_one_message_and_kind_and_the_others_are_told(void **state)
{
	struct replay *r = replay_new();
	uint32_t taken = 0;

	(void)state;
	assert_false(replay_has_sums(r));
	for (int message = 0; message < 256; message++) {
		struct hit_record hit = hit_from("192.0.2.1", (uint8_t)message);
		bool first = replay_sum(r, &hit, NOW);
		assert_int_equal(replay_sum(r, &hit, NOW), first);
		taken += first;
	}
	assert_in_range(taken, 32, 64);
	assert_true(replay_has_sums(r));
	replay_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_network_has_its_budget_of_a_message_and_gets_it_back_by_and_by),
	    cmocka_unit_test(test_half_of_an_ipv6_address_is_one_network_and_a_48_is_not_without_end),
	    cmocka_unit_test(test_ever_new_networks_do_not_give_the_budget_back),
	    cmocka_unit_test(test_a_place_is_for_one_message_and_kind_and_the_others_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
