/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/html/html_marks.h"
#include <stdlib.h>

enum { ROOM = HTML_MARKS_WINDOW + HTML_MARKS_SLACK };

static bool is_mark(char c)
{
	return c == '<' || c == '>' || c == '=' || c == '"' || c == '\'';
}

static void assert_read(const char *bytes, size_t n)
{
	uint16_t fast[ROOM];
	uint16_t portable[ROOM];
	size_t count = html_marks_read(bytes, n, fast);
	size_t found = 0;
	assert_int_equal(html_marks_read_portable(bytes, n, portable), count);
	for (size_t i = 0; i < n; i++) {
		if (!is_mark(bytes[i]))
			continue;
		assert_true(found < count);
		assert_int_equal(fast[found], i);
		assert_int_equal(portable[found], i);
		found++;
	}
	assert_int_equal(found, count);
}

/* Deterministic; `one_in` bytes is a mark. */
static void fill(char *bytes, size_t n, unsigned int one_in, unsigned int seed)
{
	static const char marks[] = "<>=\"'";
	uint32_t x = seed * 2654435761U + 1;
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525U + 1013904223U;
		bytes[i] = (x >> 8) % one_in == 0 ? marks[(x >> 20) % 5] : (char)(x >> 16);
	}
}

static void test_both_ways_of_reading_find_the_same_marks(void **state)
{
	(void)state;
	char *bytes = malloc(HTML_MARKS_WINDOW); /* of its own, so that a sanitizer sees a byte read too many */
	assert_non_null(bytes);
	for (unsigned int density = 1; density <= 128; density *= 2) {
		fill(bytes, HTML_MARKS_WINDOW, density, density);
		assert_read(bytes, HTML_MARKS_WINDOW);
		for (size_t n = 0; n <= 200; n++)
			assert_read(bytes + HTML_MARKS_WINDOW - n, n); /* up to the last byte there is */
	}
	free(bytes);
}

static void test_every_byte_value_is_told_from_a_mark(void **state)
{
	(void)state;
	char bytes[256];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	assert_read(bytes, sizeof(bytes));
}

/* Walks the marks of an input from `at` on by html_marks_next and compares them with a look at each byte. */
static void assert_walk(struct slice input, size_t at)
{
	struct html_marks marks;
	struct html_marks_place place = html_marks_init(&marks, input);
	const char *end = input.p + input.n;
	const char *found = html_marks_seek(&marks, &place, input.p + at);
	for (const char *p = input.p + at; p < end; p++) {
		if (!is_mark(*p))
			continue;
		assert_ptr_equal(found, p);
		found = html_marks_next(&marks, &place);
	}
	assert_ptr_equal(found, end);
}

static void test_marks_are_found_across_windows(void **state)
{
	(void)state;
	enum { SIZE = 3 * HTML_MARKS_WINDOW + 17 };
	char *bytes = malloc(SIZE);
	assert_non_null(bytes);
	for (unsigned int one_in = 3; one_in < 20000; one_in *= 7) {
		fill(bytes, SIZE, one_in, one_in);
		for (size_t at = 0; at < SIZE; at += 911)
			assert_walk(slice_of(bytes, SIZE), at);
	}
	free(bytes);
}

static void test_seeking_goes_over_whole_windows(void **state)
{
	(void)state;
	enum { SIZE = 4 * HTML_MARKS_WINDOW };
	char *bytes = calloc(1, SIZE);
	assert_non_null(bytes);
	struct html_marks marks;
	struct html_marks_place place = html_marks_init(&marks, slice_of(bytes, SIZE));
	bytes[10] = '<';
	bytes[SIZE - 1] = '>';
	assert_ptr_equal(html_marks_seek(&marks, &place, bytes), bytes + 10);
	assert_ptr_equal(html_marks_seek(&marks, &place, bytes + 10), bytes + 10);
	assert_ptr_equal(html_marks_seek(&marks, &place, bytes + 11), bytes + SIZE - 1);
	assert_ptr_equal(html_marks_seek(&marks, &place, bytes + SIZE - 1), bytes + SIZE - 1);
	assert_ptr_equal(html_marks_seek(&marks, &place, bytes + SIZE), bytes + SIZE);
	free(bytes);
}

static void test_an_empty_input_has_no_marks(void **state)
{
	(void)state;
	struct html_marks marks;
	struct html_marks_place place = html_marks_init(&marks, SLICE_EMPTY);
	assert_ptr_equal(html_marks_seek(&marks, &place, marks.input.p), marks.input.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_ways_of_reading_find_the_same_marks),
	    cmocka_unit_test(test_every_byte_value_is_told_from_a_mark),
	    cmocka_unit_test(test_marks_are_found_across_windows),
	    cmocka_unit_test(test_seeking_goes_over_whole_windows),
	    cmocka_unit_test(test_an_empty_input_has_no_marks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
