/* SPDX-License-Identifier: Apache-2.0 */
/* crc32c: the published vectors, and the instruction against the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/crc32c.h"
#include "base/random.h"

#include <string.h>

/* RFC 3720, B.4, and the usual check value. */
static void test_crc32c_gives_the_published_values(void **state)
{
	unsigned char zeros[32] = {0}, ones[32], up[32], down[32];

	(void)state;
	memset(ones, 0xff, sizeof ones);
	for (unsigned i = 0; i < 32; i++) {
		up[i] = (unsigned char)i;
		down[i] = (unsigned char)(31 - i);
	}
	const struct {
		const void *bytes;
		size_t n;
		uint32_t want;
	} cases[] = {
	    {"", 0, 0},           {"123456789", 9, 0xe3069283}, {zeros, 32, 0x8a9136aa}, {ones, 32, 0x62a8ab43},
	    {up, 32, 0x46dd794e}, {down, 32, 0x113fdb5c}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(crc32c(0, cases[i].bytes, cases[i].n), cases[i].want);
		assert_int_equal(crc32c_portable(0, cases[i].bytes, cases[i].n), cases[i].want);
	}
}

static void test_crc32c_is_the_same_with_and_without_the_instruction(void **state)
{
	unsigned char bytes[600];
	struct prng g;

	(void)state;
	prng_init(&g, 7);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)prng_next(&g);
	for (size_t from = 0; from < 17; from++)
		for (size_t n = 0; from + n <= sizeof bytes; n += n < 40 ? 1 : 13) {
			uint32_t seed = (uint32_t)prng_next(&g);

			assert_int_equal(crc32c(seed, bytes + from, n), crc32c_portable(seed, bytes + from, n));
		}
}

static void test_crc32c_goes_on_where_it_stopped(void **state)
{
	const char text[] = "the quick brown fox jumps over the lazy dog, twice";
	size_t n = sizeof text - 1;

	(void)state;
	for (size_t cut = 0; cut <= n; cut++)
		assert_int_equal(crc32c(crc32c(0, text, cut), text + cut, n - cut), crc32c(0, text, n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_crc32c_gives_the_published_values),
	    cmocka_unit_test(test_crc32c_is_the_same_with_and_without_the_instruction),
	    cmocka_unit_test(test_crc32c_goes_on_where_it_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
