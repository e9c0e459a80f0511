/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/text/percent.h"
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

static void test_what_is_only_looked_at_is_decoded_as_browsers_do(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		struct slice want;
	} cases[] = {
	    {"", SLICE("")},         {"plain+", SLICE("plain+")}, {"%41%62c", SLICE("Abc")},
	    {"%", SLICE("%")},       {"%4", SLICE("%4")},         {"%zz%41", SLICE("%zzA")},
	    {"%%41%", SLICE("%A%")}, {"%2541", SLICE("%41")},     {"%00%ff", SLICE("\0\xff")},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b;
		buf_init(&b, 100);
		percent_append_decoded(&b, slice_from_cstr(cases[i].text));
		if (!slice_equal(buf_slice(&b), cases[i].want))
			fail_msg("case %zu: got %s", i, buf_cstr(&b));
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_percent_encoding_is_undone_or_refused),
	    cmocka_unit_test(test_encoding_comes_back_from_decoding),
	    cmocka_unit_test(test_what_is_only_looked_at_is_decoded_as_browsers_do),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
