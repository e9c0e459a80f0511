/* SPDX-License-Identifier: Apache-2.0 */
/* siphash: against vectors of SipHash-1-3 (key 00 01 … 0f, input 00 01 … of each length), which others publish too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/siphash.h"

static const uint64_t KEY[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

static void test_hashes_are_those_of_everybody(void **state)
{
	(void)state;
	assert_true(siphash(KEY, SLICE_EMPTY) == UINT64_C(0xabac0158050fc4dc));
}

static void test_every_byte_the_length_and_the_key_count(void **state)
{
	static const uint64_t OTHER[2] = {UINT64_C(0x0706050403020101), UINT64_C(0x0f0e0d0c0b0a0908)};
	char bytes[40] = {0};
	(void)state;
	for (size_t n = 1; n <= sizeof bytes; n++) {
		uint64_t before = siphash(KEY, slice_of(bytes, n));
		assert_true(before != siphash(KEY, slice_of(bytes, n - 1)));
		assert_true(before != siphash(OTHER, slice_of(bytes, n)));
		bytes[n - 1] = 1;
		assert_true(before != siphash(KEY, slice_of(bytes, n)));
		bytes[n - 1] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hashes_are_those_of_everybody),
	    cmocka_unit_test(test_every_byte_the_length_and_the_key_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
