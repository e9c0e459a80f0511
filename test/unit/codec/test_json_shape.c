/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "codec/text/json_shape.h"
#include <jansson.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_nodes_and_depth(void **state)
{
	static const struct {
		const char *text;
		size_t containers, values, depth;
	} cases[] = {
	    {"", 0, 1, 0},
	    {"1", 0, 1, 0},
	    {"[]", 1, 2, 1},
	    {"[[],[]]", 3, 5, 2},
	    {"{\"a\":1,\"b\":[2,3]}", 2, 7, 2},
	    {"\"[{,:\\\"[\"", 0, 1, 0},
	    {"\"\\\\\",[", 1, 3, 1},
	    {"\"\\\\\\\",[", 0, 1, 0},
	    {"[\"a", 1, 2, 1},
	    {"[\"\\", 1, 2, 1},
	    {"]]]][[", 2, 3, 2},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct json_shape shape = json_shape_of(slice_from_cstr(cases[i].text));
		if (shape.containers != cases[i].containers || shape.values != cases[i].values ||
		    shape.depth != cases[i].depth)
			fail_msg("%s: %zu %zu %zu", cases[i].text, shape.containers, shape.values, shape.depth);
	}
}

/* What jansson holds, and at most. */
static size_t held, peak;

static void *count_malloc(size_t n)
{
	void *p = malloc(n);
	held += malloc_usable_size(p) + sizeof(size_t);
	peak = held > peak ? held : peak;
	return p;
}

static void count_free(void *p)
{
	held -= p ? malloc_usable_size(p) + sizeof(size_t) : 0;
	free(p);
}

/* A # is the number. */
static void append_unit(struct buf *b, const char *unit, uint64_t number)
{
	for (; *unit; unit++) {
		if (*unit == '#')
			buf_append_u64(b, number);
		else
			buf_append_byte(b, *unit);
	}
}

static void expect_bound(const char *unit, const char *before, const char *after)
{
	struct buf b;
	json_error_t error;
	buf_init(&b, 1 << 24);
	buf_append_cstr(&b, before);
	for (uint64_t i = 0; i < 20000; i++)
		append_unit(&b, unit, i);
	buf_append_cstr(&b, after);
	struct json_shape shape = json_shape_of(buf_slice(&b));
	held = peak = 0;
	json_t *json = json_loadb(b.p, b.n, JSON_DECODE_ANY, &error);
	if (!json)
		fail_msg("%s: %s", unit, error.text);
	size_t bound = json_shape_tree_bytes(&shape, buf_slice(&b));
	if (peak > bound)
		fail_msg("%s: %zu held, %zu foreseen", unit, peak, bound);
	json_decref(json);
	buf_done(&b);
}

static void test_a_tree_takes_no_more_than_foreseen(void **state)
{
	(void)state;
	json_set_alloc_funcs(count_malloc, count_free);
	expect_bound("[],", "[", "[]]");
	expect_bound("{},", "[", "{}]");
	expect_bound("{\"name#\":{\"a\":1}},", "[", "{}]");
	expect_bound("\"k#\":[],", "{", "\"z\":0}");
	expect_bound("\"k#\":\"text\",", "{", "\"z\":0}");
	expect_bound("#,", "[", "0]");
	expect_bound("\"#\",", "[", "0]");
	expect_bound("{\"a\":\"a long text with # in it\",\"b\":[1.5,true,null]},", "[", "{}]");
}

/* In one pass: with a second look from each escape to the end of its string this took minutes. */
static void test_strings_of_escapes_are_read_once(void **state)
{
	static const char *const units[] = {"\\n", "\\\"", "\\\\", "\\\\\\\""};
	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct buf b;
		buf_init(&b, 1 << 26);
		buf_append_byte(&b, '"');
		while (b.n < 32 << 20)
			buf_append_cstr(&b, units[i]);
		buf_append_cstr(&b, "\",[");
		struct json_shape shape = json_shape_of(buf_slice(&b));
		assert_int_equal(shape.values, 3);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nodes_and_depth),
	    cmocka_unit_test(test_strings_of_escapes_are_read_once),
	    cmocka_unit_test(test_a_tree_takes_no_more_than_foreseen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
