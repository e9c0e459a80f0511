/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/html/html_entities.h"
#include <stdio.h>

enum { ROOM = 4096 };

struct decode_case {
	const char *input;
	const char *text;      /* in text */
	const char *attribute; /* in an attribute; NULL: the same */
};

static void assert_decodes(const char *input, enum html_reference_place place, const char *want)
{
	struct buf to;
	buf_init(&to, ROOM);
	html_references_decode(slice_from_cstr(input), place, &to);
	if (strcmp(buf_cstr(&to), want) != 0)
		printf("%s\n", input);
	assert_string_equal(buf_cstr(&to), want);
	buf_done(&to);
}

static void assert_all_decode(const struct decode_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct decode_case *c = &cases[i];
		assert_decodes(c->input, HTML_REFERENCE_IN_TEXT, c->text);
		assert_decodes(c->input, HTML_REFERENCE_IN_ATTRIBUTE, c->attribute ? c->attribute : c->text);
	}
}

static void test_named_references_take_the_longest_name(void **state)
{
	(void)state;
	static const struct decode_case cases[] = {
	    {"a&amp;b", "a&b", NULL},
	    {"&notin;", "\xe2\x88\x89", NULL},
	    {"&notit;", "\xc2\xacit;", "&notit;"},
	    {"&acE;", "\xe2\x88\xbe\xcc\xb3", NULL},
	    {"&CounterClockwiseContourIntegral;", "\xe2\x88\xb3", NULL},
	    {"&zwnj;&AElig", "\xe2\x80\x8c\xc3\x86", NULL},
	    {"&unknown;", "&unknown;", NULL},
	    {"&", "&", NULL},
	    {"& amp;", "& amp;", NULL},
	    {"&&amp;", "&&", NULL},
	};
	assert_all_decode(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_references_are_decoded_once(void **state)
{
	(void)state;
	static const struct decode_case cases[] = {{"&amp;lt;", "&lt;", NULL}, {"&#38;amp;", "&amp;", NULL}};
	assert_all_decode(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_attributes_keep_bare_names_before_equals_and_alphanumerics(void **state)
{
	(void)state;
	static const struct decode_case cases[] = {
	    {"?a=1&copy=2", "?a=1\xc2\xa9=2", "?a=1&copy=2"},
	    {"&lt5", "<5", "&lt5"},
	    {"&copyright", "\xc2\xa9right", "&copyright"},
	    {"&copy", "\xc2\xa9", NULL},
	    {"&copy/", "\xc2\xa9/", NULL},
	    {"&copy;=", "\xc2\xa9=", NULL},
	};
	assert_all_decode(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_numeric_references_are_repaired_as_the_standard_says(void **state)
{
	(void)state;
	static const struct decode_case cases[] = {
	    {"&#38;&#038;&#x26;&#X26;", "&&&&", NULL},
	    {"&#38b", "&b", NULL},
	    {"&#x26g", "&g", NULL},
	    {"&#0;", "\xef\xbf\xbd", NULL},
	    {"&#xD800;", "\xef\xbf\xbd", NULL},
	    {"&#x110000;", "\xef\xbf\xbd", NULL},
	    {"&#99999999999999999999;", "\xef\xbf\xbd", NULL},
	    {"&#128;", "\xe2\x82\xac", NULL},
	    {"&#x1F600;", "\xf0\x9f\x98\x80", NULL},
	    {"&#;&#x;&#xg", "&#;&#x;&#xg", NULL},
	};
	assert_all_decode(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_reference_read_says_how_much_it_took_and_leaves_results_alone_otherwise(void **state)
{
	(void)state;
	char text[HTML_REFERENCE_MAX] = "keep";
	size_t n = 77;
	assert_int_equal(html_reference_read(SLICE("&nothing"), HTML_REFERENCE_IN_ATTRIBUTE, text, &n), 0);
	assert_int_equal(n, 77);
	assert_string_equal(text, "keep");
	assert_int_equal(html_reference_read(SLICE("&amp;x"), HTML_REFERENCE_IN_TEXT, text, &n), 5);
	assert_int_equal(n, 1);
	assert_int_equal(text[0], '&');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_named_references_take_the_longest_name),
	    cmocka_unit_test(test_references_are_decoded_once),
	    cmocka_unit_test(test_attributes_keep_bare_names_before_equals_and_alphanumerics),
	    cmocka_unit_test(test_numeric_references_are_repaired_as_the_standard_says),
	    cmocka_unit_test(test_reference_read_says_how_much_it_took_and_leaves_results_alone_otherwise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
