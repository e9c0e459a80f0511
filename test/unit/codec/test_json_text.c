/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/text/json_text.h"

#include <math.h>
#include <stdlib.h>

static void test_json_places_commas_by_itself(void **state)
{
	char room[200];
	struct buf b;
	struct json_text w = json_text_on(&b);

	(void)state;
	buf_init_fixed(&b, room, sizeof room);
	json_open(&w, '{');
	JSON_FIELD(&w, "a", i64, -5);
	json_key(&w, "b");
	json_open(&w, '[');
	json_open(&w, '[');
	json_close(&w, ']');
	json_open(&w, '{');
	json_close(&w, '}');
	json_put_bool(&w, true);
	json_put_null(&w);
	json_close(&w, ']');
	JSON_FIELD(&w, "c", raw, SLICE("{\"x\":1}"));
	JSON_FIELD(&w, "c2", raw_or_null, SLICE("[2]"));
	JSON_FIELD(&w, "c3", raw_or_null, SLICE_EMPTY);
	JSON_FIELD(&w, "d", cstring, NULL);
	JSON_FIELD(&w, "e", cstring, "");
	JSON_FIELD(&w, "f", string_or_null, SLICE_EMPTY);
	JSON_FIELD(&w, "g", bool, false);
	json_close(&w, '}');
	assert_string_equal(
	    room,
	    "{\"a\":-5,\"b\":[[],{},true,null],\"c\":{\"x\":1},\"c2\":[2],\"c3\":null,\"d\":null,\"e\":\"\",\"f\":null,"
	    "\"g\":false}");
}

static void test_json_strings_are_safe_in_json_and_in_html(void **state)
{
	static const struct {
		struct slice s;
		const char *want;
	} cases[] = {
	    {{"plain text", 10}, "\"plain text\""},
	    {{"a\"b\\c/", 6}, "\"a\\\"b\\\\c/\""},
	    {{"\n\r\t\b\0\x1f\x7f", 7}, "\"\\n\\r\\t\\u0008\\u0000\\u001f\\u007f\""},
	    {{"</script>&", 10}, "\"\\u003c/script\\u003e\\u0026\""},
	    {{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xbe", 9}, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xbe\""},
	    {{"\xe2\x80\xa8\xe2\x80\xa9", 6}, "\"\\u2028\\u2029\""},
	    {{"a\x80z", 3}, "\"a\xef\xbf\xbdz\""},
	    {{"\xc0\xaf", 2}, "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
	    {{"\xed\xa0\x80", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* a surrogate */
	    {{"\xf4\x90\x80\x80", 4}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	    {{"\xe2\x82", 2}, "\"\xef\xbf\xbd\xef\xbf\xbd\""}, /* cut */
	    {{"", 0}, "\"\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char room[200];
		struct buf b;
		struct json_text w = json_text_on(&b);
		buf_init_fixed(&b, room, sizeof room);
		json_put_string(&w, cases[i].s);
		assert_string_equal(room, cases[i].want);
	}
}

static void test_json_doubles_read_back_exactly_in_their_shortest_form(void **state)
{
	static const struct {
		double value;
		const char *want;
	} cases[] = {{0, "0"},           {0.1, "0.1"},         {-2.5, "-2.5"}, {1e300, "1e+300"},
		     {100000, "100000"}, {1234567, "1234567"}, {NAN, "null"},  {INFINITY, "null"}};
	static const double others[] = {1.0 / 3, 2.0 / 3, 1e-7, 0.1 + 0.2, 123456789.123456789};
	char room[64];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct json_text w = json_text_on(&b);
		buf_init_fixed(&b, room, sizeof room);
		json_put_double(&w, cases[i].value);
		assert_string_equal(room, cases[i].want);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct json_text w = json_text_on(&b);
		buf_init_fixed(&b, room, sizeof room);
		json_put_double(&w, others[i]);
		assert_true(strtod(room, NULL) == others[i]);
	}
}

static void test_json_times_and_ids(void **state)
{
	struct uuid id;
	char room[200];
	struct buf b;
	struct json_text w = json_text_on(&b);

	(void)state;
	assert_true(uuid_parse(SLICE("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), &id));
	buf_init_fixed(&b, room, sizeof room);
	json_open(&w, '[');
	json_put_time(&w, 1);
	json_put_time(&w, 0);
	json_put_uuid(&w, id);
	json_close(&w, ']');
	assert_string_equal(room, "[\"1970-01-01T00:00:00.000Z\",null,\"017f22e2-79b0-7cc3-98c4-dc0c0c07398f\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json_places_commas_by_itself),
	    cmocka_unit_test(test_json_strings_are_safe_in_json_and_in_html),
	    cmocka_unit_test(test_json_doubles_read_back_exactly_in_their_shortest_form),
	    cmocka_unit_test(test_json_times_and_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
