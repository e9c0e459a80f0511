/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/text/uuid.h"

#define TIME_US INT64_C(1645557742000000)

static const uint8_t drawn[10] = {0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};

static void expect_version_7(struct uuid id)
{
	assert_int_equal(id.bytes[6] >> 4, 7);
	assert_int_equal(id.bytes[8] >> 6, 2);
}

/* RFC 9562, A.6. */
static void test_uuid_v7_is_the_example_of_the_rfc(void **state)
{
	char text[UUID_TEXT_SIZE];
	struct uuid id = uuid_v7(TIME_US, drawn);

	(void)state;
	uuid_format(id, text);
	assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
	assert_true(uuid_time_us(id) == TIME_US);
	expect_version_7(id);
}

static void test_uuid_sorts_by_its_time(void **state)
{
	struct uuid early = uuid_v7(TIME_US, (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
	struct uuid late = uuid_v7(TIME_US + 1000, (const uint8_t *)"\0\0\0\0\0\0\0\0\0\0");

	(void)state;
	assert_true(memcmp(early.bytes, late.bytes, 16) < 0);
	assert_true(uuid_order(&early, &late) < 0 && uuid_order(&late, &early) > 0 && uuid_order(&late, &late) == 0);
	assert_true(uuid_time_us(uuid_v7(-5, drawn)) == 0);
}

static void test_uuid_of_a_record_differs_in_every_node_and_sequence(void **state)
{
	static const uint16_t nodes[] = {0, 1, 15, 16, 0x0fff, 0x1000, 0xf00f, 0xffff};
	static const uint64_t sequences[] = {0, 1, 255, UINT64_C(1) << 32, (UINT64_C(1) << 58) - 1};
	struct uuid seen[64];
	size_t count = 0;

	(void)state;
	for (size_t n = 0; n < 8; n++)
		for (size_t s = 0; s < 5; s++) {
			struct uuid id = uuid_of_record(TIME_US, nodes[n], sequences[s]);
			expect_version_7(id);
			assert_true(uuid_equal(id, uuid_of_record(TIME_US, nodes[n], sequences[s])));
			for (size_t i = 0; i < count; i++)
				assert_false(uuid_equal(id, seen[i]));
			seen[count++] = id;
		}
}

static void test_uuid_derived_ids_never_meet_and_keep_the_time(void **state)
{
	enum { COUNT = 300 };
	static struct uuid ids[COUNT];
	struct uuid origin = uuid_of_record(TIME_US, 3, 12345);

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		ids[i] = uuid_derived(origin, i + 1);
		expect_version_7(ids[i]);
		assert_true(uuid_time_us(ids[i]) == TIME_US);
		assert_true(uuid_equal(ids[i], uuid_derived(origin, i + 1)));
		assert_false(uuid_equal(ids[i], origin));
		for (uint32_t k = 0; k < i; k++)
			assert_false(uuid_equal(ids[i], ids[k]));
	}
	assert_true(uuid_equal(uuid_derived(origin, 0), origin));
	assert_false(uuid_equal(uuid_derived(uuid_of_record(TIME_US, 3, 12346), 1), ids[0]));
}

static void test_uuid_reads_either_case_and_nothing_else(void **state)
{
	static const char *const bad[] = {"",
					  "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
					  "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
					  "017f22e279b07cc398c4dc0c0c07398f",
					  "017f22e2+79b0-7cc3-98c4-dc0c0c07398f",
					  "017f22e-279b0-7cc3-98c4-dc0c0c07398f",
					  "g17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
					  "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
					  "017f22e2-79b0-7cc3-98c4-dc0c0c07398 "};
	struct uuid id = uuid_v7(TIME_US, drawn), read = {{0}};

	(void)state;
	assert_true(uuid_parse(SLICE("017F22E2-79b0-7CC3-98c4-dc0c0c07398f"), &read));
	assert_true(uuid_equal(read, id));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(uuid_parse(slice_from_cstr(bad[i]), &read));
		assert_true(uuid_equal(read, id));
	}
}

static void test_uuid_zero_is_known(void **state)
{
	struct uuid id = {{0}};

	(void)state;
	assert_true(uuid_is_zero(id));
	id.bytes[15] = 1;
	assert_false(uuid_is_zero(id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_uuid_v7_is_the_example_of_the_rfc),
	    cmocka_unit_test(test_uuid_sorts_by_its_time),
	    cmocka_unit_test(test_uuid_of_a_record_differs_in_every_node_and_sequence),
	    cmocka_unit_test(test_uuid_derived_ids_never_meet_and_keep_the_time),
	    cmocka_unit_test(test_uuid_reads_either_case_and_nothing_else),
	    cmocka_unit_test(test_uuid_zero_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
