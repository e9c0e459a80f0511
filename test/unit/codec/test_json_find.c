/* SPDX-License-Identifier: Apache-2.0 */
/* json_find: members are found as a strict reader finds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/text/json_find.h"

#include "base/buf.h"

static void test_json_members_are_found_strictly(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum status want;
		const char *value;
	} cases[] = {
	    {" { \"a\" : \"x\" } ", STATUS_OK, "x"},
	    {"{\"b\":[1,{\"a\":\"no\"},[]],\"a\":\"\\u00e9\\ud83d\\ude00\\n\"}", STATUS_OK,
	     "\xc3\xa9\xf0\x9f\x98\x80\n"},
	    {"{\"\\u0061\":\"x\"}", STATUS_OK, "x"},
	    {"{\"b\":-1.5e+3,\"c\":{},\"d\":true,\"a\":\"\"}", STATUS_OK, ""},
	    {"{}", STATUS_NOT_FOUND, NULL},
	    {"{\"b\":{\"a\":\"x\"}}", STATUS_NOT_FOUND, NULL},
	    {"{\"a\":\"x\",\"a\":\"x\"}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"x\",\"\\u0061\":\"x\"}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":1}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"x\"}}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"x\",}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"x\" \"b\":1}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"x", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"\\q\"}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"\\ud83d\"}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"\xff\"}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"x\",\"b\":01}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"x\",\"b\":[1}}", STATUS_BAD_INPUT, NULL},
	    {"{\"a\":\"x\",\"b\":1.}", STATUS_BAD_INPUT, NULL},
	    {"[]", STATUS_BAD_INPUT, NULL},
	    {"", STATUS_BAD_INPUT, NULL},
	};
	struct arena *arena = arena_new();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slice value = SLICE("untouched");
		print_message("%s\n", cases[i].text);
		assert_int_equal(json_find_string(slice_from_cstr(cases[i].text), SLICE("a"), arena, &value),
				 cases[i].want);
		const char *want = cases[i].value ? cases[i].value : "untouched";
		assert_true(slice_equal(value, slice_from_cstr(want)));
	}
	arena_free(&arena);
}

static void test_json_depth_is_bounded(void **state)
{
	(void)state;
	struct slice raw;
	struct buf text;
	for (size_t depth = JSON_FIND_DEPTH; depth <= JSON_FIND_DEPTH + 1; depth++) {
		buf_init(&text, 65536);
		buf_append_cstr(&text, "{\"a\":");
		for (size_t i = 0; i < depth; i++)
			buf_append_cstr(&text, i % 2 ? "{\"b\":" : "[");
		buf_append_cstr(&text, "1");
		for (size_t i = depth; i-- > 0;)
			buf_append_byte(&text, i % 2 ? '}' : ']');
		buf_append_cstr(&text, "}");
		assert_int_equal(json_find(buf_slice(&text), SLICE("a"), &raw),
				 depth > JSON_FIND_DEPTH ? STATUS_BAD_INPUT : STATUS_OK);
		buf_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json_members_are_found_strictly),
	    cmocka_unit_test(test_json_depth_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
