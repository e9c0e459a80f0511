/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/url/query.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int setup(void **state)
{
	*state = arena_new();
	return 0;
}

static int teardown(void **state)
{
	struct arena *arena = *state;
	arena_free(&arena);
	return 0;
}

static void test_percent_encoding_is_undone_or_refused(void **state)
{
	static const struct {
		struct slice text;
		enum percent_mode mode;
		enum status status;
		struct slice want;
	} cases[] = {
	    {SLICE("plain"), PERCENT_QUERY, STATUS_OK, SLICE("plain")},
	    {SLICE(""), PERCENT_QUERY, STATUS_OK, SLICE("")},
	    {SLICE("a+b%20c"), PERCENT_QUERY, STATUS_OK, SLICE("a b c")},
	    {SLICE("a+b%20c"), PERCENT_PATH, STATUS_OK, SLICE("a+b c")},
	    {SLICE("%2B%2b%00%ff"), PERCENT_QUERY, STATUS_OK, SLICE("++\0\xff")},
	    {SLICE("%2541"), PERCENT_QUERY, STATUS_OK, SLICE("%41")},
	    {SLICE("%"), PERCENT_QUERY, STATUS_BAD_INPUT, SLICE("")},
	    {SLICE("%2"), PERCENT_QUERY, STATUS_BAD_INPUT, SLICE("")},
	    {SLICE("a%2"), PERCENT_PATH, STATUS_BAD_INPUT, SLICE("")},
	    {SLICE("%2g"), PERCENT_QUERY, STATUS_BAD_INPUT, SLICE("")},
	    {SLICE("%g2"), PERCENT_QUERY, STATUS_BAD_INPUT, SLICE("")},
	    {SLICE("%%20"), PERCENT_QUERY, STATUS_BAD_INPUT, SLICE("")},
	    {SLICE("%u0041"), PERCENT_QUERY, STATUS_BAD_INPUT, SLICE("")},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice got = SLICE("");
		assert_int_equal(percent_decode(cases[i].text, cases[i].mode, *state, &got), cases[i].status);
		if (!slice_equal(got, cases[i].want))
			fail_msg("case %zu: got %.*s", i, SLICE_FMT(got));
	}
}

static void test_encoding_comes_back_from_decoding(void **state)
{
	char all[256];
	struct buf b;
	struct slice back;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	buf_init(&b, 1000);
	percent_encode(&b, slice_of(all, sizeof all));
	assert_int_equal(percent_decode(buf_slice(&b), PERCENT_QUERY, *state, &back), STATUS_OK);
	assert_true(slice_equal(back, slice_of(all, sizeof all)));
	buf_clear(&b);
	percent_encode(&b, SLICE("aZ9-._~ /"));
	assert_string_equal(buf_cstr(&b), "aZ9-._~%20%2F");
	buf_done(&b);
}

static void test_parameters_are_found_by_their_decoded_name(void **state)
{
	static const struct {
		const char *text, *name;
		enum status status;
		const char *want;
	} cases[] = {
	    {"a=1&b=2", "b", STATUS_OK, "2"},
	    {"a=1&a=2", "a", STATUS_OK, "1"},
	    {"a", "a", STATUS_OK, ""},
	    {"a=", "a", STATUS_OK, ""},
	    {"a=b=c", "a", STATUS_OK, "b=c"},
	    {"&&a=1&&", "a", STATUS_OK, "1"},
	    {"%61%20=x+y", "a ", STATUS_OK, "x y"},
	    {"aa=1", "a", STATUS_NOT_FOUND, NULL},
	    {"A=1", "a", STATUS_NOT_FOUND, NULL},
	    {"", "a", STATUS_NOT_FOUND, NULL},
	    {"a=%", "a", STATUS_BAD_INPUT, NULL},
	    {"%=1&a=2", "a", STATUS_BAD_INPUT, NULL},
	    {"b=%&a=2", "a", STATUS_OK, "2"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice got = SLICE("");
		enum status status =
		    query_find(slice_from_cstr(cases[i].text), slice_from_cstr(cases[i].name), *state, &got);
		if (status != cases[i].status || (cases[i].want && !slice_equal(got, slice_from_cstr(cases[i].want))))
			fail_msg("case %zu: got %s %.*s", i, status_name(status), SLICE_FMT(got));
	}
}

static void test_all_parameters_come_in_order(void **state)
{
	struct query query = query_read(SLICE("&a=1&=2&b&%zz=3&c+c=%34"));
	struct query_parameter p;
	assert_int_equal(query_next(&query, *state, &p), STATUS_OK);
	assert_true(slice_equal(p.name, SLICE("a")) && slice_equal(p.value, SLICE("1")));
	assert_int_equal(query_next(&query, *state, &p), STATUS_OK);
	assert_true(slice_equal(p.name, SLICE("")) && slice_equal(p.value, SLICE("2")));
	assert_int_equal(query_next(&query, *state, &p), STATUS_OK);
	assert_true(slice_equal(p.name, SLICE("b")) && slice_equal(p.value, SLICE("")));
	assert_int_equal(query_next(&query, *state, &p), STATUS_BAD_INPUT);
	assert_int_equal(query_next(&query, *state, &p), STATUS_OK);
	assert_true(slice_equal(p.name, SLICE("c c")) && slice_equal(p.value, SLICE("4")));
	assert_int_equal(query_next(&query, *state, &p), STATUS_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_percent_encoding_is_undone_or_refused),
	    cmocka_unit_test(test_encoding_comes_back_from_decoding),
	    cmocka_unit_test(test_parameters_are_found_by_their_decoded_name),
	    cmocka_unit_test(test_all_parameters_come_in_order),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
