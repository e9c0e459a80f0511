/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sse.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_events_are_framed_and_nothing_in_them_ends_a_line_early(void **state)
{
	static const struct {
		struct sse_event event;
		const char *want;
	} cases[] = {
	    {{SLICE(""), SLICE(""), SLICE("x")}, "data: x\n\n"},
	    {{SLICE("7"), SLICE("open"), SLICE("{}")}, "id: 7\nevent: open\ndata: {}\n\n"},
	    {{SLICE(""), SLICE(""), SLICE("")}, "data: \n\n"},
	    {{SLICE(""), SLICE(""), SLICE("a\nb")}, "data: a\ndata: b\n\n"},
	    {{SLICE(""), SLICE(""), SLICE("a\r\nb")}, "data: a\ndata: b\n\n"},
	    {{SLICE(""), SLICE(""), SLICE("a\rb")}, "data: a\ndata: b\n\n"},
	    {{SLICE(""), SLICE(""), SLICE("a\r\rb")}, "data: a\ndata: \ndata: b\n\n"},
	    {{SLICE(""), SLICE(""), SLICE("a\n\n")}, "data: a\ndata: \ndata: \n\n"},
	    {{SLICE(""), SLICE(""), SLICE("a\r")}, "data: a\ndata: \n\n"},
	    {{SLICE(""), SLICE(""), SLICE("\n\nevent: forged\nid: 1")},
	     "data: \ndata: \ndata: event: forged\ndata: id: 1\n\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b;
		buf_init(&b, 1000);
		assert_int_equal(sse_append_event(&b, &cases[i].event), STATUS_OK);
		assert_string_equal(buf_cstr(&b), cases[i].want);
		buf_done(&b);
	}
}

static void test_names_and_ids_with_line_breaks_are_refused(void **state)
{
	static const struct slice bad[] = {SLICE("a\nb"), SLICE("a\r"), SLICE("\0"), SLICE("a\r\ndata: x")};
	struct buf b;
	(void)state;
	buf_init(&b, 20);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct sse_event with_id = {bad[i], SLICE(""), SLICE("x")}, with_name = {SLICE(""), bad[i], SLICE("x")};
		assert_int_equal(sse_append_event(&b, &with_id), STATUS_BAD_INPUT);
		assert_int_equal(sse_append_event(&b, &with_name), STATUS_BAD_INPUT);
		assert_int_equal(b.n, 0);
	}
	struct sse_event big = {SLICE(""), SLICE(""), SLICE("01234567890123456789")};
	assert_int_equal(sse_append_event(&b, &big), STATUS_TOO_BIG);
	buf_done(&b);
}

static void test_comments_and_retry(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 100);
	sse_append_comment(&b, SLICE("still\nhere"));
	sse_append_retry(&b, 3000);
	assert_string_equal(buf_cstr(&b), ": still\n: here\n\nretry: 3000\n\n");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_events_are_framed_and_nothing_in_them_ends_a_line_early),
	    cmocka_unit_test(test_names_and_ids_with_line_breaks_are_refused),
	    cmocka_unit_test(test_comments_and_retry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
