/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

static void test_buf_keeps_a_nul_behind_its_bytes(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_string_equal(buf_cstr(&b), "");
	assert_non_null(buf_slice(&b).p);
	for (size_t i = 1; i <= 1000; i++) {
		buf_append_byte(&b, 'x');
		assert_int_equal(b.n, i);
		assert_int_equal(strlen(buf_cstr(&b)), i);
	}
	buf_done(&b);
	assert_null(b.p);
}

static void test_buf_is_full_at_its_maximum_and_the_failure_sticks(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	buf_append(&b, SLICE("abcd"));
	assert_int_equal(buf_status(&b), STATUS_OK);
	buf_append(&b, SLICE("e"));
	assert_int_equal(buf_status(&b), STATUS_TOO_BIG);
	buf_append(&b, SLICE(""));
	assert_null(buf_reserve(&b, 0));
	assert_string_equal(buf_cstr(&b), "abcd");
	buf_clear(&b);
	assert_false(buf_failed(&b));
	buf_append(&b, SLICE("ab"));
	buf_append(&b, SLICE("cde")); /* all or nothing */
	assert_true(buf_failed(&b));
	buf_append(&b, SLICE("c")); /* would fit, but something is missing in front of it */
	assert_string_equal(buf_cstr(&b), "ab");
	buf_done(&b);
}

static void test_buf_over_fixed_memory_never_leaves_it(void **state)
{
	char memory[8];
	struct buf b;

	(void)state;
	memset(memory, 'z', sizeof memory);
	buf_init_fixed(&b, memory, 5);
	assert_string_equal(memory, "");
	buf_append(&b, SLICE("abcd"));
	assert_int_equal(buf_status(&b), STATUS_OK);
	assert_ptr_equal(b.p, memory);
	buf_append_byte(&b, 'e');
	assert_true(buf_failed(&b));
	assert_memory_equal(memory, "abcd\0zzz", 8);
	buf_done(&b);
}

static void test_buf_writes_numbers(void **state)
{
	static const struct {
		int64_t value;
		const char *want;
	} cases[] = {
	    {0, "0"}, {7, "7"}, {-1, "-1"}, {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"}};
	char room[64];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_init_fixed(&b, room, sizeof room);
		buf_append_i64(&b, cases[i].value);
		assert_string_equal(room, cases[i].want);
	}
	buf_init_fixed(&b, room, sizeof room);
	buf_append_u64(&b, UINT64_MAX);
	buf_append_byte(&b, ' ');
	buf_append_hex(&b, SLICE("\x00\x9f\xff"));
	buf_printf(&b, " %s %03d", "s", 5);
	assert_string_equal(room, "18446744073709551615 009fff s 005");
}

static void test_buf_printf_of_what_does_not_fit_adds_nothing(void **state)
{
	char room[8];
	struct buf b;

	(void)state;
	buf_init_fixed(&b, room, sizeof room);
	buf_printf(&b, "%d", 1234567);
	assert_string_equal(room, "1234567");
	assert_false(buf_failed(&b));
	buf_clear(&b);
	buf_printf(&b, "%d", 12345678);
	assert_true(buf_failed(&b));
	assert_string_equal(room, "");
}

static void test_buf_reserve_and_truncate(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	char *to = buf_reserve(&b, 100);
	assert_non_null(to);
	memset(to, 'x', 100);
	buf_commit(&b, 60);
	assert_int_equal(strlen(buf_cstr(&b)), 60);
	assert_non_null(buf_reserve(&b, 40));
	buf_truncate(&b, 70);
	assert_int_equal(b.n, 60);
	buf_truncate(&b, 3);
	assert_string_equal(buf_cstr(&b), "xxx");
	assert_null(buf_reserve(&b, 98));
	buf_done(&b);
}

static void test_buf_detach_hands_over_a_string_even_when_empty(void **state)
{
	struct buf b;
	size_t n = 9;

	(void)state;
	buf_init(&b, 100);
	char *text = buf_detach(&b, &n);
	assert_string_equal(text, "");
	assert_int_equal(n, 0);
	mem_free(text);
	buf_append(&b, SLICE("again"));
	text = buf_detach(&b, NULL);
	assert_string_equal(text, "again");
	assert_null(b.p);
	mem_free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_buf_keeps_a_nul_behind_its_bytes),
	    cmocka_unit_test(test_buf_is_full_at_its_maximum_and_the_failure_sticks),
	    cmocka_unit_test(test_buf_over_fixed_memory_never_leaves_it),
	    cmocka_unit_test(test_buf_writes_numbers),
	    cmocka_unit_test(test_buf_printf_of_what_does_not_fit_adds_nothing),
	    cmocka_unit_test(test_buf_reserve_and_truncate),
	    cmocka_unit_test(test_buf_detach_hands_over_a_string_even_when_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
