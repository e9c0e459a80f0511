/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/wire.h"

static void test_wire_lays_integers_out_little_endian(void **state)
{
	char room[64];
	struct buf b;

	(void)state;
	buf_init_fixed(&b, room, sizeof room);
	wire_put_u8(&b, 0x01);
	wire_put_u32(&b, 0x04050607);
	wire_put_u64(&b, UINT64_C(0x08090a0b0c0d0e0f));
	assert_int_equal(b.n, 13);
	assert_memory_equal(room, "\x01\x07\x06\x05\x04\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08", 13);
	struct wire w = wire_read(buf_slice(&b));
	assert_int_equal(wire_get_u8(&w), 0x01);
	assert_int_equal(wire_load_u32(wire_get_fixed(&w, 4).p), 0x04050607);
	assert_true(wire_get_u64(&w) == UINT64_C(0x08090a0b0c0d0e0f));
	assert_true(wire_at_end(&w));
}

static void test_wire_stores_in_place_what_it_loads(void **state)
{
	unsigned char room[9] = {0};

	(void)state;
	wire_store_u32(room + 1, 0xfedcba98);
	assert_memory_equal(room, "\x00\x98\xba\xdc\xfe\x00\x00\x00\x00", 9);
	assert_int_equal(wire_load_u32(room + 1), 0xfedcba98);
	wire_store_u64(room + 1, UINT64_C(0xfedcba9876543210));
	assert_memory_equal(room, "\x00\x10\x32\x54\x76\x98\xba\xdc\xfe", 9);
	assert_true(wire_load_u64(room + 1) == UINT64_C(0xfedcba9876543210));
}

static void test_wire_varints_come_back_and_are_as_short_as_they_can_be(void **state)
{
	(void)state;
	for (int bits = 0; bits <= 64; bits++) {
		uint64_t most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
		char room[16];
		struct buf b;
		buf_init_fixed(&b, room, sizeof room);
		wire_put_varint(&b, most);
		assert_int_equal(b.n, bits == 0 ? 1 : (bits + 6) / 7);
		struct wire w = wire_read(buf_slice(&b));
		assert_true(wire_get_varint(&w) == most);
		assert_true(wire_at_end(&w));
		w = wire_read(slice_sub(buf_slice(&b), 0, b.n - 1)); /* cut */
		assert_true(wire_get_varint(&w) == 0);
		assert_false(wire_ok(&w));
	}
}

static void test_wire_refuses_a_second_spelling_of_a_varint(void **state)
{
	static const struct slice bad[] = {
	    {"\x80\x00", 2},
	    {"\xff\x80\x00", 3},
	    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},
	    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11},
	    {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct wire w = wire_read(bad[i]);
		assert_true(wire_get_varint(&w) == 0);
		assert_false(wire_ok(&w));
	}
}

static void test_wire_failure_sticks_and_reads_nothing_more(void **state)
{
	struct wire w = wire_read(SLICE("abc"));

	(void)state;
	assert_int_equal(wire_get_u64(&w), 0);
	assert_int_equal(wire_get_u8(&w), 0);
	assert_int_equal(wire_get_bytes(&w).n, 0);
	assert_int_equal(wire_get_fixed(&w, 0).n, 0);
	assert_false(wire_ok(&w));
	assert_false(wire_at_end(&w));
}

static void test_wire_bytes_never_reach_past_the_end(void **state)
{
	char room[64];
	struct buf b;

	(void)state;
	buf_init_fixed(&b, room, sizeof room);
	wire_put_bytes(&b, SLICE("abc"));
	wire_put_bytes(&b, SLICE(""));
	struct wire w = wire_read(buf_slice(&b));
	assert_true(slice_equal(wire_get_bytes(&w), SLICE("abc")));
	assert_int_equal(wire_get_bytes(&w).n, 0);
	assert_true(wire_at_end(&w));
	w = wire_read(SLICE("\x04"
			    "abc"));
	assert_int_equal(wire_get_bytes(&w).n, 0);
	assert_false(wire_ok(&w));
	w = wire_read(SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")); /* 2^64 - 1 bytes */
	assert_int_equal(wire_get_bytes(&w).n, 0);
	assert_false(wire_ok(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wire_lays_integers_out_little_endian),
	    cmocka_unit_test(test_wire_stores_in_place_what_it_loads),
	    cmocka_unit_test(test_wire_varints_come_back_and_are_as_short_as_they_can_be),
	    cmocka_unit_test(test_wire_refuses_a_second_spelling_of_a_varint),
	    cmocka_unit_test(test_wire_failure_sticks_and_reads_nothing_more),
	    cmocka_unit_test(test_wire_bytes_never_reach_past_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
