/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/text/csv_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_a_cell_is_quoted_where_it_must_be_and_is_never_a_formula(void **state)
{
	static const struct {
		const char *text, *cell;
	} cases[] = {
	    {"", ""},
	    {"plain text", "plain text"},
	    {"a,b", "\"a,b\""},
	    {"a;b", "\"a;b\""},
	    {"say \"hi\"", "\"say \"\"hi\"\"\""},
	    {"two\r\nlines", "\"two\r\nlines\""},
	    {" edge", "\" edge\""},
	    {"edge ", "\"edge \""},
	    {"=1+2", "\"'=1+2\""},
	    {"+49 30 1", "\"'+49 30 1\""},
	    {"-1", "\"'-1\""},
	    {"@SUM(A1)", "\"'@SUM(A1)\""},
	    {"\t=1", "\"'\t=1\""},
	    {"\rx", "\"'\rx\""},
	    {"  =1", "\"'  =1\""},
	    {"\xef\xbc\x9d"
	     "1",
	     "\"'\xef\xbc\x9d"
	     "1\""},
	    {"=cmd|'/C calc'!\"A0\"", "\"'=cmd|'/C calc'!\"\"A0\"\"\""},
	    {"a=b", "a=b"},
	    {"'=1", "'=1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b;
		buf_init(&b, 1000);
		struct csv_text w = csv_text_on(&b);
		csv_put_text(&w, slice_from_cstr(cases[i].text));
		assert_string_equal(buf_cstr(&b), cases[i].cell);
		buf_done(&b);
	}
}

static void test_cells_are_parted_by_commas_and_lines_end_with_cr_lf(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 1000);
	struct csv_text w = csv_text_on(&b);
	csv_put_text(&w, SLICE("a"));
	csv_put_word(&w, SLICE_EMPTY);
	csv_put_word(&w, SLICE("-1"));
	csv_end_line(&w);
	csv_put_text(&w, SLICE_EMPTY);
	csv_put_text(&w, SLICE("b"));
	csv_end_line(&w);
	assert_string_equal(buf_cstr(&b), "a,,-1\r\n,b\r\n");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_cell_is_quoted_where_it_must_be_and_is_never_a_formula),
	    cmocka_unit_test(test_cells_are_parted_by_commas_and_lines_end_with_cr_lf),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
