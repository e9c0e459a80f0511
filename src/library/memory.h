/* SPDX-License-Identifier: Apache-2.0 */
/* memory: the border where a lack of memory becomes a result.
 *
 * Below it nobody looks for NULL: the code of base and codec asks the allocator of a `struct memory`, which does not
 * return when the host has no more, but jumps back into memory_try. What was taken on the way is in the list of blocks,
 * so nothing is lost: the owner of the memory keeps it (an object that a call was to change) or gives all of it back
 * (a result that was to be made). Why so: doc/decisions/0009. What lies between may therefore hold nothing that is not
 * from this allocator while it allocates: no heap, no OpenSSL object, no lock.
 *
 * Every object of the library begins with one.
 */
#ifndef PUGMARK_LIBRARY_MEMORY_H
#define PUGMARK_LIBRARY_MEMORY_H

#include "base/allocator.h"
#include <pugmark.h>
#include <setjmp.h>

struct memory_block;

struct memory {
	struct pugmark_allocator source; /* the host's */
	struct allocator allocator;      /* what the code below is given; its user is this struct */
	struct memory_block *blocks;     /* the latest first */
	jmp_buf *exhausted;              /* where to go; NULL outside memory_try */
};

/* A zeroed object of `size` bytes whose first member is a struct memory, ready for use. `source` NULL: the heap of the
 * C library. PUGMARK_OK, PUGMARK_NO_MEMORY, PUGMARK_MISUSE. */
enum pugmark_status memory_object_new(const struct pugmark_allocator *source, size_t size, void **ret_object);
/* Frees the object that `memory` is the first member of, with all of its blocks. */
void memory_object_free(struct memory *memory);

/* Runs `work`, whose allocations from `memory` may fail. Its result; or PUGMARK_NO_MEMORY when it was left in the
 * middle. What it allocated is still there then. */
enum pugmark_status memory_try(struct memory *memory, enum pugmark_status (*work)(void *user), void *user);

#endif
