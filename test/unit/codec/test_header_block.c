/* SPDX-License-Identifier: Apache-2.0 */
/* header_block: every line is walked over once, and the two ends differ in nothing but what is no header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/buf.h"
#include "codec/mail/header_block.h"
#include <stdio.h>

/* One line a header, "name=value"; then where the block ends. */
static void check(const char *text, enum header_end end, const char *want)
{
	struct slice whole = slice_from_cstr(text);
	struct header_line header;
	struct buf got;
	size_t at = 0;
	size_t before = 0;
	buf_init(&got, 4096);
	for (; header_block_next(whole, end, &at, &header); before = at) {
		assert_true(slice_equal(header.line, slice_sub(whole, before, at)));
		buf_printf(&got, "%.*s=%.*s|", SLICE_FMT(header.name), SLICE_FMT(header.value));
	}
	buf_printf(&got, "%zu", at);
	assert_string_equal(buf_cstr(&got), want);
	buf_done(&got);
}

static void test_headers_are_returned_as_they_stand(void **state)
{
	(void)state;
	static const enum header_end ends[] = {HEADER_END_EMPTY_LINE, HEADER_END_OTHER_LINE};
	for (size_t i = 0; i < 2; i++) {
		check("", ends[i], "0");
		check("\r\nA: b", ends[i], "0");
		check("\nA: b", ends[i], "0");
		check("To: a\r\n b\r\n\tc\r\n\r\nbody", ends[i], "To= a\r\n b\r\n\tc|15");
		check("A:1\nb :2\n\n", ends[i], "A=1|b=2|9");
		check("A:\r\nB: \r\n", ends[i], "A=|B= |9");
		check("A: no end", ends[i], "A= no end|9");
		check("A: x:y", ends[i], "A= x:y|6");
		check("A:\n:\nB:", ends[i], ends[i] == HEADER_END_EMPTY_LINE ? "A=|=|B=|7" : "A=|3");
	}
}

static void test_a_line_that_is_no_header_ends_the_block_of_a_part_only(void **state)
{
	(void)state;
	static const char *const lines[] = {"no colon", "two words: x", "caf\xe9: x", " begins with a blank: x",
					    "From a"};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char text[64];
		char passed[64];
		size_t n = strlen(lines[i]);
		/* One that begins with a blank would belong to the line before it. */
		(void)snprintf(text, sizeof text, "%s\nA: 1\n", lines[i]);
		(void)snprintf(passed, sizeof passed, "=|A= 1|%zu", n + 6);
		check(text, HEADER_END_EMPTY_LINE, passed);
		check(text, HEADER_END_OTHER_LINE, "0");
	}
}

static void test_a_boundary_ends_the_block_of_a_part_even_with_a_colon(void **state)
{
	(void)state;
	check("A: 1\n--b:x\nC: 2\n", HEADER_END_OTHER_LINE, "A= 1|5");
	check("A: 1\n--b:x\nC: 2\n", HEADER_END_EMPTY_LINE, "A= 1|--b=x|C= 2|16");
	check("-b:x\n", HEADER_END_OTHER_LINE, "-b=x|5");
}

static void test_a_colon_behind_a_fold_makes_no_header(void **state)
{
	(void)state;
	check("A\n b: 1\n", HEADER_END_EMPTY_LINE, "=|8");
	check("A\n b: 1\n", HEADER_END_OTHER_LINE, "0");
}

static void test_whole_messages_are_asked_for_their_headers_and_body(void **state)
{
	(void)state;
	struct slice message = SLICE("To: a\r\nBad line\r\nsubject:x\r\n\r\nTo: body");
	assert_true(slice_equal(slice_from(message, header_block_body(message)), SLICE("To: body")));
	assert_int_equal(header_block_body(SLICE("A: b")), 4);
	assert_int_equal(header_block_body(SLICE("A: b\n")), 5);
	assert_true(slice_equal(header_block_find(message, SLICE("Subject")), SLICE("x")));
	assert_null(header_block_find(message, SLICE("Cc")).p);
	assert_true(slice_equal(header_block_line_end(message), SLICE("\r\n")));
	assert_true(slice_equal(header_block_line_end(SLICE("a\nb\r\n")), SLICE("\n")));
	assert_true(slice_equal(header_block_line_end(SLICE("a")), SLICE("\r\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers_are_returned_as_they_stand),
	    cmocka_unit_test(test_a_line_that_is_no_header_ends_the_block_of_a_part_only),
	    cmocka_unit_test(test_a_boundary_ends_the_block_of_a_part_even_with_a_colon),
	    cmocka_unit_test(test_a_colon_behind_a_fold_makes_no_header),
	    cmocka_unit_test(test_whole_messages_are_asked_for_their_headers_and_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
