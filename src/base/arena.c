/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks are filled from the front and given back all at once. Memory is cleared when it is given: a new block comes
 * clear out of calloc, and the one that a reset keeps is cleared as far as it was used, so that a struct out of an
 * arena needs no initialiser in its second round either. */
#include "base/arena.h"

#include "base/mem.h"
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__)
enum { BLOCK = 1 }; /* every allocation overflows the block and gets one of its own */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { BLOCK = 1 };
#else
enum { BLOCK = 8192 };
#endif
#else
enum { BLOCK = 8192 };
#endif

struct block {
	struct block *next;
	size_t room;
	size_t used;
	alignas(max_align_t) char bytes[];
};

struct arena {
	const struct allocator *allocator; /* NULL: the heap */
	struct block *blocks;              /* the first is the one being filled */
	size_t used;
	bool is_secret;
};

static struct block *block_new(const struct arena *arena, size_t room)
{
	struct block *b = allocator_alloc(arena->allocator, sizeof *b + room);
	b->room = room;
	return b;
}

struct arena *arena_new(void)
{
	return arena_new_with(NULL);
}

struct arena *arena_new_with(const struct allocator *allocator)
{
	struct arena *arena = allocator_alloc(allocator, sizeof *arena);
	arena->allocator = allocator;
	return arena;
}

void arena_keep_secret(struct arena *arena)
{
	arena->is_secret = true;
}

static void free_block(const struct arena *arena, struct block *b)
{
	if (arena->is_secret)
		explicit_bzero(b->bytes, b->used);
	allocator_free(arena->allocator, b);
}

static void free_blocks(const struct arena *arena, struct block *b)
{
	while (b) {
		struct block *next = b->next;
		free_block(arena, b);
		b = next;
	}
}

void arena_free(struct arena **arena)
{
	if (!*arena)
		return;
	free_blocks(*arena, (*arena)->blocks);
	allocator_free((*arena)->allocator, *arena);
	*arena = NULL;
}

void arena_reset(struct arena *arena)
{
	struct block *first = arena->blocks;
	arena->used = 0;
	if (!first)
		return;
	free_blocks(arena, first->next);
	first->next = NULL;
	/* One large request must not keep its memory for all small ones behind it. */
	if (first->room > BLOCK) {
		arena->blocks = NULL;
		free_block(arena, first);
		return;
	}
	memset(first->bytes, 0, first->used);
	first->used = 0;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}

/* A large allocation gets a block of its own behind the one being filled, so that the rest of that one is not lost. */
static void *alloc_own_block(struct arena *arena, size_t size)
{
	struct block *b = block_new(arena, size);
	b->used = size;
	if (arena->blocks) {
		b->next = arena->blocks->next;
		arena->blocks->next = b;
	} else {
		arena->blocks = b;
	}
	return b->bytes;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t align = alignof(max_align_t);
	BUG_IF(size > SIZE_MAX / 2);
	if (size == 0)
		size = 1; /* an address of its own, aligned like all others */
	size_t padded = (size + align - 1) / align * align;
	arena->used += padded;
	if (padded > BLOCK / 4)
		return alloc_own_block(arena, size);
	struct block *b = arena->blocks;
	if (!b || b->room - b->used < padded) {
		b = block_new(arena, BLOCK);
		b->next = arena->blocks;
		arena->blocks = b;
	}
	void *p = b->bytes + b->used;
	b->used += padded;
	return p;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	/* A product that wraps would be less than was asked for. */
	BUG_IF(size && count > SIZE_MAX / 2 / size);
	return arena_alloc(arena, count * size);
}

char *arena_cstr(struct arena *arena, struct slice s)
{
	char *copy = arena_alloc(arena, s.n + 1);
	if (s.n)
		memcpy(copy, s.p, s.n);
	return copy;
}

struct slice arena_copy(struct arena *arena, struct slice s)
{
	return (struct slice){arena_cstr(arena, s), s.n};
}

struct slice arena_copy_lower(struct arena *arena, struct slice s)
{
	char *copy = arena_cstr(arena, s);
	for (size_t i = 0; i < s.n; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] + ('a' - 'A'));
	return (struct slice){copy, s.n};
}

struct slice arena_printf(struct arena *arena, const char *format, ...)
{
	char room[256]; /* most fit, and are then formatted once only */
	va_list args;
	va_start(args, format);
	int n = vsnprintf(room, sizeof room, format, args);
	va_end(args);
	BUG_IF(n < 0);
	if ((size_t)n < sizeof room)
		return arena_copy(arena, slice_of(room, (size_t)n));
	char *text = arena_alloc(arena, (size_t)n + 1);
	va_start(args, format);
	(void)vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return slice_of(text, (size_t)n);
}
