/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks are linked in both directions because they are freed in any order. The head in front of each is what finding
 * them again costs: two pointers, and with an arena one head in 8 KB. */
#include "library/memory.h"

#include "base/mem.h"
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

/* In front of each block. */
struct memory_block {
	struct memory_block *next;
	struct memory_block *previous;
	alignas(max_align_t) char bytes[];
};

static void *heap_resize(void *user, void *block, size_t size)
{
	(void)user;
	if (size > 0)
		return realloc(block, size);
	free(block);
	return NULL;
}

static struct memory_block *block_of(void *bytes)
{
	return (struct memory_block *)(void *)((char *)bytes - offsetof(struct memory_block, bytes));
}

/* The list has no head of its own, so the first block is the object's. */
static void unlink_block(struct memory *m, struct memory_block *block)
{
	if (block->next)
		block->next->previous = block->previous;
	if (block->previous)
		block->previous->next = block->next;
	else
		m->blocks = block->next;
}

static void give_back(struct memory *m, struct memory_block *block)
{
	unlink_block(m, block);
	(void)m->source.resize(m->source.user, block, 0);
}

/* What lies between here and memory_try is left as it is, which is why it may hold nothing but slices. */
static _Noreturn void leave(struct memory *m)
{
	BUG_IF(!m->exhausted); /* an allocation outside memory_try */
	longjmp(*m->exhausted, 1);
}

/* The allocator of the code below. */
static void *resize(void *user, void *bytes, size_t size)
{
	struct memory *m = user;
	struct memory_block *old = bytes ? block_of(bytes) : NULL;
	if (size == 0) {
		if (old)
			give_back(m, old);
		return NULL;
	}
	/* No host has that much, and the sum with the head must not wrap. */
	if (size > SIZE_MAX / 2)
		leave(m);
	struct memory_block *block = m->source.resize(m->source.user, old, sizeof *block + size);
	if (!block)
		leave(m);
	if (!old) {
		block->next = m->blocks;
		block->previous = NULL;
	}
	/* It may have moved, and its neighbours do not know. */
	if (block->next)
		block->next->previous = block;
	if (block->previous)
		block->previous->next = block;
	else
		m->blocks = block;
	return block->bytes;
}

/* The one allocation that is made without the border: there is no object yet whose memory it could be. */
enum pugmark_status memory_object_new(const struct pugmark_allocator *source, size_t size, void **ret_object)
{
	static const struct pugmark_allocator heap = {heap_resize, NULL};
	const struct pugmark_allocator *from = source ? source : &heap;
	if (!from->resize)
		return PUGMARK_MISUSE;
	struct memory *m = from->resize(from->user, NULL, size);
	if (!m)
		return PUGMARK_NO_MEMORY;
	memset(m, 0, size);
	m->source = *from;
	m->allocator = (struct allocator){resize, m};
	*ret_object = m;
	return PUGMARK_OK;
}

/* The blocks first: the list of them is in the object. */
void memory_object_free(struct memory *m)
{
	while (m->blocks)
		give_back(m, m->blocks);
	(void)m->source.resize(m->source.user, m, 0);
}

enum pugmark_status memory_try(struct memory *m, enum pugmark_status (*work)(void *user), void *user)
{
	jmp_buf exhausted;
	if (m->exhausted) /* a callback uses the object whose work it is part of */
		return PUGMARK_MISUSE;
	/* `m` may be read here because nobody changes it in between (C17, 7.13.2.1). */
	if (setjmp(exhausted)) {
		m->exhausted = NULL;
		return PUGMARK_NO_MEMORY;
	}
	m->exhausted = &exhausted;
	enum pugmark_status status = work(user);
	m->exhausted = NULL;
	return status;
}
