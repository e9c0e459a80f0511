/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/mail/mail_parameter.h"

static void test_the_value_in_front_is_lower_case_and_trimmed(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"", ""},
	    {" TEXT/Html ", "text/html"},
	    {"text/html;charset=x", "text/html"},
	    {"(a) text/html (b (c) \\) d); x=y", "text/html"},
	    {"text/html (no end; x=y", "text/html (no end"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct slice got = mail_parameter_main(slice_from_cstr(cases[i][0]), arena);
		assert_true(slice_equal(got, slice_from_cstr(cases[i][1])));
		arena_free(&arena);
	}
}

static void test_parameters_are_found_in_every_form(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"v; name=x", "x"},
	    {"v; NAME = x ; name=y", "x"},
	    {"v;a;=;name=x;", "x"},
	    {"v; name=\"a;b \\\" (no comment) \"; c=d", "a;b \" (no comment) "},
	    {"v; name=x (comment)", "x"},
	    {"v; (name=no) name=(c)x(c)", "x"},
	    {"v; name=\"open", "open"},
	    {"v;\r\n\tname=\"a\r\n b\"", "a b"},
	    {"v; names=no; nam=no; xname=no", ""},
	    {"name=no", ""},
	    {"v; name*=utf-8'en'%C3%A4%zz", "\xc3\xa4%zz"},
	    {"v; name*=x", "x"},
	    {"v; name*0*=utf-8''%C3%A4; name*1=\"b.html\"; name=old", "\xc3\xa4"
								      "b.html"},
	    {"v; name=old; name*1=b; name*0=a", "a"},
	    {"v; name*0=a; name*2=c", "a"},
	    {"v; name*0=a; name*99999999999999999999=c", "a"},
	    {"v; name=\"=?utf-8?Q?=C3=A4?=\"", "=?utf-8?Q?=C3=A4?="},
	    {"v; name=\xff", "\xff"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct slice got = mail_parameter_find(slice_from_cstr(cases[i][0]), "name", arena);
		if (!slice_equal(got, slice_from_cstr(cases[i][1])))
			fail_msg("%s: \"%.*s\"", cases[i][0], SLICE_FMT(got));
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_value_in_front_is_lower_case_and_trimmed),
	    cmocka_unit_test(test_parameters_are_found_in_every_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
