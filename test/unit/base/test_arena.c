/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/arena.h"
#include "base/random.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void expect_fresh(const unsigned char *p, size_t n)
{
	assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(p[i], 0);
}

static void test_arena_memory_is_zeroed_aligned_and_apart_also_after_a_reset(void **state)
{
	struct arena *arena = arena_new();
	struct prng g;

	(void)state;
	prng_init(&g, 7);
	for (int round = 0; round < 20; round++) {
		unsigned char *piece[200];
		size_t size[200];
		for (size_t i = 0; i < 200; i++) {
			size[i] = prng_below(&g, i % 20 == 0 ? 20000 : 200);
			piece[i] = arena_alloc(arena, size[i]);
			expect_fresh(piece[i], size[i]);
			memset(piece[i], (int)i, size[i]);
		}
		for (size_t i = 0; i < 200; i++)
			for (size_t k = 0; k < size[i]; k++)
				assert_int_equal(piece[i][k], (unsigned char)i);
		arena_reset(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void test_arena_a_first_allocation_may_be_large(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (int round = 0; round < 3; round++) {
		expect_fresh(arena_alloc(arena, 1 << 20), 1 << 20);
		memset(arena_alloc(arena, 5000), 'x', 5000);
		expect_fresh(arena_alloc_array(arena, 10, 10), 100);
		arena_reset(arena);
	}
	arena_free(&arena);
}

static void test_arena_counts_what_it_handed_out(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_int_equal(arena_used(arena), 0);
	assert_non_null(arena_alloc(arena, 100));
	assert_non_null(arena_alloc(arena, 100000));
	assert_in_range(arena_used(arena), 100100, 100200);
	arena_free(&arena);
}

static void test_arena_copies_end_in_a_nul_that_does_not_count(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	struct slice copy = arena_copy(arena, SLICE("a\0b"));
	assert_int_equal(copy.n, 3);
	assert_memory_equal(copy.p, "a\0b", 4);
	assert_string_equal(arena_cstr(arena, (struct slice){NULL, 0}), "");
	arena_free(&arena);
}

static void test_arena_lower_copies_fold_ascii_letters_only(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(arena_copy_lower(arena, SLICE("AZaz@[`{09\xc4")).p, "azaz@[`{09\xc4");
	assert_int_equal(arena_copy_lower(arena, SLICE("A\0B")).n, 3);
	assert_string_equal(arena_copy_lower(arena, SLICE_EMPTY).p, "");
	arena_free(&arena);
}

static void test_arena_printf_formats_text_of_any_length(void **state)
{
	static const int lengths[] = {0, 1, 254, 255, 256, 257, 9000};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct slice s = arena_printf(arena, "%*s", lengths[i], lengths[i] ? "x" : "");
		assert_int_equal(s.n, lengths[i]);
		assert_int_equal(strlen(s.p), lengths[i]);
		if (s.n)
			assert_int_equal(s.p[s.n - 1], 'x');
	}
	assert_string_equal(arena_printf(arena, "%s-%d", "a", 5).p, "a-5");
	arena_free(&arena);
}

/* Counts the blocks that come back with the password in them. */
static void *look_at_what_is_freed(void *user, void *block, size_t size)
{
	unsigned *found = user;
	if (size > 0)
		return realloc(block, size);
	*found += memmem(block, malloc_usable_size(block), "the password", 12) != NULL;
	free(block);
	return NULL;
}

/* In the block that is shared, and in blocks of its own; by a reset and at the end. */
static unsigned blocks_with_the_password(bool is_secret, size_t n)
{
	unsigned found = 0;
	const struct allocator allocator = {look_at_what_is_freed, &found};
	struct arena *arena = arena_new_with(&allocator);
	if (is_secret)
		arena_keep_secret(arena);
	for (int round = 0; round < 2; round++) {
		char *p = arena_alloc(arena, n);
		memcpy(p + n - 12, "the password", 12);
		if (round == 0)
			arena_reset(arena);
	}
	arena_free(&arena);
	return found;
}

static void test_arena_a_secret_one_leaves_nothing_behind(void **state)
{
	(void)state;
	for (size_t n = 100; n < 100000; n *= 3) {
		assert_true(blocks_with_the_password(false, n) > 0);
		assert_int_equal(blocks_with_the_password(true, n), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_arena_memory_is_zeroed_aligned_and_apart_also_after_a_reset),
	    cmocka_unit_test(test_arena_a_first_allocation_may_be_large),
	    cmocka_unit_test(test_arena_counts_what_it_handed_out),
	    cmocka_unit_test(test_arena_copies_end_in_a_nul_that_does_not_count),
	    cmocka_unit_test(test_arena_lower_copies_fold_ascii_letters_only),
	    cmocka_unit_test(test_arena_printf_formats_text_of_any_length),
	    cmocka_unit_test(test_arena_a_secret_one_leaves_nothing_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
