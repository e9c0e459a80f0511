/* SPDX-License-Identifier: Apache-2.0 */
/* lint_table and terminal_text: what people see, in any width, with text that comes from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/lint/lint.h"
#include "prog/show/lint_table.h"

static const struct terminal wide = {.width = 80, .is_utf8 = true};

static void expect_cut(const struct terminal *t, const char *text, size_t width, enum terminal_cut cut,
		       const char *want)
{
	struct buf b;
	buf_init(&b, 4096);
	(void)terminal_append(t, &b, slice_from_cstr(text), width, cut);
	assert_string_equal(buf_cstr(&b), want);
	buf_done(&b);
}

static void test_text_is_cut_at_the_end_or_in_the_middle(void **state)
{
	(void)state;
	struct terminal ascii = {.width = 80};
	expect_cut(&wide, "abcdef", 6, CUT_END, "abcdef");
	expect_cut(&wide, "abcdefg", 6, CUT_END, "abcde\xe2\x80\xa6");
	expect_cut(&wide, "https://e.example/long/path", 10, CUT_MIDDLE,
		   "https:\xe2\x80\xa6"
		   "ath");
	expect_cut(&ascii, "abcdefg", 6, CUT_END, "abcd..");
	expect_cut(&wide, "abcdefg", 1, CUT_END, "");
	expect_cut(&wide, "", 6, CUT_END, "");
}

static void test_wide_and_combining_characters_are_measured(void **state)
{
	(void)state;
	expect_cut(&wide, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5, CUT_END, "\xe6\x97\xa5\xe6\x9c\xac\xe2\x80\xa6");
	expect_cut(&wide, "\xc3\xa9\xc3\xa9", 2, CUT_END, "\xc3\xa9\xc3\xa9");
	expect_cut(&wide,
		   "a\xcc\x81"
		   "b",
		   2, CUT_END, "ab");
}

static void test_what_steers_a_terminal_is_taken_out(void **state)
{
	(void)state;
	struct terminal ascii = {.width = 80};
	expect_cut(&wide, "a\x1b[2Jb\x07\x7f", 20, CUT_END, "a?[2Jb??");
	expect_cut(&wide,
		   "a\xc2\x9b"
		   "1mb",
		   20, CUT_END, "a?1mb");
	expect_cut(&wide,
		   "a\xe2\x80\xae"
		   "b",
		   20, CUT_END, "ab"); /* right-to-left override */
	expect_cut(&wide, "a\nb\tc", 20, CUT_END, "a b c");
	expect_cut(&wide,
		   "a\xff"
		   "b",
		   20, CUT_END, "a?b");
	expect_cut(&ascii, "caf\xc3\xa9", 20, CUT_END, "caf?");
}

static void test_words_are_wrapped_and_indented(void **state)
{
	(void)state;
	struct terminal narrow = {.width = 24};
	struct buf b;
	buf_init(&b, 4096);
	terminal_append_wrapped(&narrow, &b, SLICE("one two  three four five six"), 2);
	assert_string_equal(buf_cstr(&b), "  one two three four\n  five six\n");
	buf_done(&b);
}

static void render(const struct terminal *t, struct slice html, struct buf *to)
{
	struct lint_options options = {.base_url = SLICE("https://t.example"), .pixel_place = HTML_PIXEL_BOTTOM};
	struct lint_report report;
	struct arena *arena = arena_new();
	assert_int_equal(lint_html(&options, html, arena, &report), STATUS_OK);
	lint_table_append(t, &report, to);
	arena_free(&arena);
}

static void test_findings_of_one_code_stand_together(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 65536);
	render(&wide,
	       SLICE("<p>Dear reader, this is what is new.\n<a href=/1>1</a>\n<a href=/2>2</a>\n<a href=/3>3</a>\n"
		     "<a href=/4>4</a>\n<a href=/5>5</a>\n<a href=\"#\">six</a>"),
	       &text);
	const char *at = buf_cstr(&text);
	assert_int_equal(strncmp(at, "0 links tracked, 6 left alone; ", 31), 0);
	assert_non_null(strstr(at, "; 5 errors, 1 warning\n\nerror      relative_link\n"));
	assert_non_null(strstr(at, "\n           2:9  /1\n           3:9  /2\n           4:9  /3\n           5:9  /4\n"
				   "           and 1 more\n\nwarning    placeholder_link  7:10  #\n"));
	assert_non_null(strstr(at, "\n7:10  left alone  six "));
	assert_non_null(strstr(at, "(has no address)\n"));
	buf_done(&text);
}

static void test_a_good_mail_says_so(void **state)
{
	(void)state;
	struct buf text;
	struct terminal colour = {.width = 80, .is_colour = true, .is_utf8 = true};
	buf_init(&text, 65536);
	render(&wide, SLICE("<a href=\"https://e.example/\">Go</a>"), &text);
	assert_non_null(strstr(buf_cstr(&text), "1 link tracked, 0 left alone; 35 bytes \xe2\x86\x92 "));
	assert_non_null(strstr(buf_cstr(&text), "; nothing to object to\n\n1:10  tracked     Go "));
	assert_null(strchr(buf_cstr(&text), '\x1b'));
	buf_clear(&text);
	render(&colour, SLICE("<a href=\"https://e.example/\">Go</a>"), &text);
	assert_non_null(strstr(buf_cstr(&text), "\x1b[32m"));
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_is_cut_at_the_end_or_in_the_middle),
	    cmocka_unit_test(test_wide_and_combining_characters_are_measured),
	    cmocka_unit_test(test_what_steers_a_terminal_is_taken_out),
	    cmocka_unit_test(test_words_are_wrapped_and_indented),
	    cmocka_unit_test(test_findings_of_one_code_stand_together),
	    cmocka_unit_test(test_a_good_mail_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
