/* SPDX-License-Identifier: Apache-2.0 */
#include "base/allocator.h"

#include "base/arena.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>

/* Counts blocks, and leaves by longjmp when the next one is not to be had. */
struct source {
	struct allocator allocator;
	size_t blocks;
	size_t left;
	jmp_buf exhausted;
};

static void *source_resize(void *user, void *block, size_t size)
{
	struct source *source = user;
	if (size == 0) {
		source->blocks--;
		free(block);
		return NULL;
	}
	if (source->left == 0)
		longjmp(source->exhausted, 1);
	source->left--;
	source->blocks += block == NULL;
	void *p = realloc(block, size);
	assert_non_null(p);
	if (!block)
		memset(p, 0xa5, size);
	return p;
}

static void source_init(struct source *source, size_t left)
{
	*source = (struct source){.allocator = {source_resize, source}, .left = left};
}

static void test_allocator_gives_zeroed_memory_and_takes_it_back(void **state)
{
	struct source source;
	static const char zeros[100];
	(void)state;
	source_init(&source, 10);
	char *p = allocator_alloc(&source.allocator, sizeof zeros);
	assert_memory_equal(p, zeros, sizeof zeros);
	p = allocator_resize(&source.allocator, p, 200);
	assert_int_equal(source.blocks, 1);
	allocator_free(&source.allocator, p);
	allocator_free(&source.allocator, NULL);
	assert_int_equal(source.blocks, 0);
	p = allocator_alloc(NULL, sizeof zeros);
	assert_memory_equal(p, zeros, sizeof zeros);
	allocator_free(NULL, allocator_resize(NULL, p, 200));
}

static void test_arena_and_its_bufs_live_on_the_allocator_they_were_made_with(void **state)
{
	struct source source;
	struct buf in_arena;
	struct buf beside;
	(void)state;
	source_init(&source, 1000);
	struct arena *arena = arena_new_with(&source.allocator);
	buf_init_in_arena(&in_arena, 100000, arena);
	buf_init_with(&beside, 100000, &source.allocator);
	for (int i = 0; i < 5000; i++) {
		buf_append_byte(&in_arena, (char)('a' + i % 26));
		buf_append_byte(&beside, (char)('a' + i % 26));
	}
	struct slice kept = buf_slice(&in_arena);
	assert_true(slice_equal(kept, buf_slice(&beside)));
	assert_true(source.blocks > 2);
	buf_done(&in_arena);
	assert_true(slice_equal(kept, buf_slice(&beside))); /* the arena has it still */
	buf_append(&in_arena, SLICE("again"));
	assert_string_equal(buf_cstr(&in_arena), "again");
	buf_done(&beside);
	buf_append(&beside, SLICE("again"));
	buf_done(&beside);
	arena_reset(arena);
	assert_int_equal(*(char *)arena_alloc(arena, 10), 0);
	arena_free(&arena);
	assert_null(arena);
	assert_int_equal(source.blocks, 0);
}

static void test_buf_in_an_arena_keeps_its_maximum(void **state)
{
	struct arena *arena = arena_new();
	struct buf b;
	(void)state;
	buf_init_in_arena(&b, 10, arena);
	assert_non_null(buf_reserve(&b, 10));
	buf_append(&b, SLICE("0123456789"));
	assert_false(buf_failed(&b));
	buf_append_byte(&b, 'x');
	assert_true(buf_failed(&b));
	assert_string_equal(buf_cstr(&b), "0123456789");
	arena_free(&arena);
}

/* Ever larger allocations, until there is no memory. */
static void fill(struct source *source, struct arena **made)
{
	if (setjmp(source->exhausted))
		return;
	*made = arena_new_with(&source->allocator);
	for (size_t n = 1; n < 100000; n *= 2)
		assert_non_null(arena_alloc(*made, n));
}

static void test_arena_that_was_left_in_the_middle_can_still_be_freed(void **state)
{
	(void)state;
	for (size_t left = 0; left < 30; left++) {
		struct source source;
		struct arena *arena = NULL;
		source_init(&source, left);
		fill(&source, &arena);
		assert_int_equal(arena != NULL, left > 0);
		arena_free(&arena);
		assert_int_equal(source.blocks, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_allocator_gives_zeroed_memory_and_takes_it_back),
	    cmocka_unit_test(test_arena_and_its_bufs_live_on_the_allocator_they_were_made_with),
	    cmocka_unit_test(test_buf_in_an_arena_keeps_its_maximum),
	    cmocka_unit_test(test_arena_that_was_left_in_the_middle_can_still_be_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
