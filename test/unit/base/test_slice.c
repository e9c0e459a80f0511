/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/slice.h"
#include <ctype.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void test_slice_sub_is_clamped_to_the_slice(void **state)
{
	static const struct {
		size_t from, to;
		const char *want;
	} cases[] = {{0, 5, "hello"}, {1, 3, "el"}, {0, 99, "hello"}, {5, 5, ""}, {9, 99, ""}, {4, 2, ""}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_true(
		    slice_equal(slice_sub(SLICE("hello"), cases[i].from, cases[i].to), slice_from_cstr(cases[i].want)));
	assert_int_equal(slice_sub((struct slice){NULL, 0}, 0, 9).n, 0);
	assert_int_equal(slice_from((struct slice){NULL, 0}, 3).n, 0);
}

static void test_slice_compares_every_byte_and_an_empty_one_needs_no_memory(void **state)
{
	const struct slice nothing = {NULL, 0};

	(void)state;
	assert_true(slice_equal(SLICE("a\0b"), slice_of("a\0b", 3)));
	assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
	assert_false(slice_equal(SLICE("ab"), SLICE("abc")));
	assert_true(slice_equal(nothing, SLICE_EMPTY));
	assert_true(slice_starts_with(nothing, nothing));
	assert_true(slice_ends_with(SLICE("abc"), SLICE("bc")));
	assert_false(slice_ends_with(SLICE("bc"), SLICE("abc")));
	assert_false(slice_starts_with(SLICE("ab"), SLICE("abc")));
	assert_int_equal(slice_from_cstr(NULL).n, 0);
	assert_non_null(slice_from_cstr(NULL).p);
}

static void test_slice_order_is_that_of_bytes_and_the_shorter_comes_first(void **state)
{
	static const struct slice IN_ORDER[] = {{NULL, 0}, {"", 1},  {"a", 1},   {"a\0", 2},
						{"ab", 2}, {"b", 1}, {"\xc4", 1}};

	(void)state;
	for (size_t i = 0; i < COUNT(IN_ORDER); i++)
		for (size_t j = 0; j < COUNT(IN_ORDER); j++) {
			int order = slice_compare(IN_ORDER[i], IN_ORDER[j]);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

static void test_slice_is_found_among_words_or_is_none_of_them(void **state)
{
	static const char *const WORDS[] = {"open", "opened", "click"};

	(void)state;
	assert_int_equal(slice_index_in(SLICE("open"), WORDS, COUNT(WORDS)), 0);
	assert_int_equal(slice_index_in(SLICE("click"), WORDS, COUNT(WORDS)), 2);
	assert_int_equal(slice_index_in(SLICE("Click"), WORDS, COUNT(WORDS)), COUNT(WORDS));
	assert_int_equal(slice_index_in(SLICE("cli"), WORDS, COUNT(WORDS)), COUNT(WORDS));
	assert_int_equal(slice_index_in(SLICE_EMPTY, WORDS, COUNT(WORDS)), COUNT(WORDS));
}

static void test_slice_folds_only_ascii_letters(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {{"Host", "hOST", true}, {"@[`{", "@[`{", true},  {"@", "`", false},
		     {"[", "{", false},      {"\xc4", "\xe4", false}, {"a", "ab", false}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(slice_equal_nocase(slice_from_cstr(cases[i].a), slice_from_cstr(cases[i].b)),
				 cases[i].same);
	assert_true(slice_starts_with_nocase(SLICE("Content-Type"), SLICE("content")));
	assert_false(slice_starts_with_nocase(SLICE("con"), SLICE("content")));
}

/* Names are compared by words first: each place of a name is in one of them, or behind the last. */
static void test_slice_folds_at_every_place(void **state)
{
	char a[19], b[19];

	(void)state;
	for (size_t i = 0; i < sizeof a; i++) {
		for (int c = 0; c < 256 * 256; c++) {
			memset(a, 'n', sizeof a);
			memset(b, 'n', sizeof b);
			a[i] = (char)(c >> 8);
			b[i] = (char)c;
			int x = c >> 8, y = c & 255;
			bool same = x == y || (x < 128 && y < 128 && isalpha(x) && tolower(x) == tolower(y));
			assert_int_equal(slice_equal_nocase(slice_of(a, sizeof a), slice_of(b, sizeof b)), same);
		}
	}
}

static void test_slice_is_ascii_up_to_127(void **state)
{
	(void)state;
	assert_true(slice_is_ascii(SLICE("a\0\x7f")));
	assert_true(slice_is_ascii(SLICE_EMPTY));
	assert_false(slice_is_ascii(SLICE("a\x80")));
}

static void test_slice_contains_finds_a_needle_at_both_ends(void **state)
{
	static const struct {
		const char *s, *needle;
		bool exact, nocase;
	} cases[] = {{"abcd", "ab", true, true},  {"abcd", "cd", true, true},
		     {"abcd", "CD", false, true}, {"abcd", "abcde", false, false},
		     {"aab", "ab", true, true},   {"abcd", "", true, true},
		     {"", "", true, true},        {"", "a", false, false},
		     {"abcd", "ad", false, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice s = slice_from_cstr(cases[i].s), needle = slice_from_cstr(cases[i].needle);
		assert_int_equal(slice_contains(s, needle), cases[i].exact);
		assert_int_equal(slice_contains_nocase(s, needle), cases[i].nocase);
	}
}

static void test_slice_trim_takes_white_space_off_both_ends_only(void **state)
{
	static const char *const cases[][2] = {
	    {" a b\t", "a b"}, {"\r\n\t ", ""}, {"", ""}, {"x", "x"}, {"\va", "\va"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_true(slice_equal(slice_trim(slice_from_cstr(cases[i][0])), slice_from_cstr(cases[i][1])));
}

static void test_slice_cut_gives_all_parts_and_then_nothing(void **state)
{
	struct slice rest = SLICE("a,,b");

	(void)state;
	assert_true(slice_equal(slice_cut(&rest, ','), SLICE("a")));
	assert_true(slice_equal(slice_cut(&rest, ','), SLICE("")));
	assert_true(slice_equal(slice_cut(&rest, ','), SLICE("b")));
	assert_int_equal(rest.n, 0);
	assert_int_equal(slice_cut(&rest, ',').n, 0);
	rest = SLICE("a,");
	assert_true(slice_equal(slice_cut(&rest, ','), SLICE("a")));
	assert_int_equal(rest.n, 0);
}

static void test_slice_reads_whole_numbers_up_to_a_maximum(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, want;
		bool good;
	} cases[] = {
	    {"0", 9, 0, true},
	    {"007", 9, 7, true},
	    {"10", 10, 10, true},
	    {"11", 10, 0, false},
	    {"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
	    {"18446744073709551616", UINT64_MAX, 0, false},
	    {"99999999999999999999999", UINT64_MAX, 0, false},
	    {"", 9, 0, false},
	    {"-1", 9, 0, false},
	    {"+1", 9, 0, false},
	    {" 1", 9, 0, false},
	    {"1 ", 9, 0, false},
	    {"0x1", 99, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t value = 42;
		assert_int_equal(slice_to_u64(slice_from_cstr(cases[i].text), cases[i].max, &value), cases[i].good);
		assert_int_equal(value, cases[i].good ? cases[i].want : 42);
	}
}

static void test_slice_equal_secret_agrees_with_slice_equal(void **state)
{
	static const char *const words[] = {"", "a", "b", "ab", "aB", "abc", "zbc"};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		for (size_t k = 0; k < COUNT(words); k++) {
			struct slice a = slice_from_cstr(words[i]), b = slice_from_cstr(words[k]);
			assert_int_equal(slice_equal_secret(a, b), slice_equal(a, b));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_slice_sub_is_clamped_to_the_slice),
	    cmocka_unit_test(test_slice_compares_every_byte_and_an_empty_one_needs_no_memory),
	    cmocka_unit_test(test_slice_order_is_that_of_bytes_and_the_shorter_comes_first),
	    cmocka_unit_test(test_slice_is_found_among_words_or_is_none_of_them),
	    cmocka_unit_test(test_slice_folds_only_ascii_letters),
	    cmocka_unit_test(test_slice_folds_at_every_place),
	    cmocka_unit_test(test_slice_is_ascii_up_to_127),
	    cmocka_unit_test(test_slice_contains_finds_a_needle_at_both_ends),
	    cmocka_unit_test(test_slice_trim_takes_white_space_off_both_ends_only),
	    cmocka_unit_test(test_slice_cut_gives_all_parts_and_then_nothing),
	    cmocka_unit_test(test_slice_reads_whole_numbers_up_to_a_maximum),
	    cmocka_unit_test(test_slice_equal_secret_agrees_with_slice_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
