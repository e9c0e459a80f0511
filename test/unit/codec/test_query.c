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
	    cmocka_unit_test(test_parameters_are_found_by_their_decoded_name),
	    cmocka_unit_test(test_all_parameters_come_in_order),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
