/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/random.h"

#include <string.h>

static void test_random_fills_exactly_what_it_is_given(void **state)
{
	unsigned char room[4096 + 2];
	unsigned seen[256] = {0}, kinds = 0;

	(void)state;
	memset(room, 0x5a, sizeof room);
	random_bytes(room + 1, 4096); /* more than getrandom gives in one piece under a signal */
	assert_int_equal(room[0], 0x5a);
	assert_int_equal(room[4097], 0x5a);
	for (size_t i = 1; i <= 4096; i++)
		kinds += seen[room[i]]++ == 0;
	assert_true(kinds > 200);
	random_bytes(room, 0);
}

/* The reference implementation's first numbers for seed 1234567. */
static void test_random_prng_is_splitmix64(void **state)
{
	static const uint64_t want[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
					UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
					UINT64_C(16408922859458223821)};
	struct prng g;

	(void)state;
	prng_init(&g, 1234567);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		assert_true(prng_next(&g) == want[i]);
}

static void test_random_prng_below_stays_below_and_reaches_all(void **state)
{
	static const uint64_t bounds[] = {1, 2, 3, 10, 255};
	struct prng g;

	(void)state;
	prng_init(&g, 3);
	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
		unsigned seen[255] = {0};
		for (int k = 0; k < 20000; k++) {
			uint64_t value = prng_below(&g, bounds[i]);
			assert_true(value < bounds[i]);
			seen[value]++;
		}
		for (uint64_t k = 0; k < bounds[i]; k++)
			assert_true(seen[k] > 0);
	}
	assert_true(prng_below(&g, 0) == 0);
	assert_true(prng_below(&g, UINT64_MAX) < UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_fills_exactly_what_it_is_given),
	    cmocka_unit_test(test_random_prng_is_splitmix64),
	    cmocka_unit_test(test_random_prng_below_stays_below_and_reaches_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
