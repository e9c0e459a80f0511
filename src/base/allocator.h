/* SPDX-License-Identifier: Apache-2.0 */
/* allocator: where memory comes from, when it is not the heap of mem.h.
 *
 * The program needs none: its memory is the heap, and running out of it ends the process. A library may not decide
 * either for its host. What libpugmark makes (arenas, bufs, keys) is made with an allocator that asks the host, keeps
 * account of every block, and leaves by longjmp when there is none (library/memory.h). So the code between never looks
 * for NULL, and nobody holds what only he could free: decision 0009.
 */
#ifndef PUGMARK_BASE_ALLOCATOR_H
#define PUGMARK_BASE_ALLOCATOR_H

#include <stddef.h>

struct allocator {
	/* As realloc: a NULL `block` gives new memory, size 0 frees and returns NULL. Aligned for any type, not zeroed.
	 * Never returns NULL for a size above 0; without memory it does not return. */
	void *(*resize)(void *user, void *block, size_t size);
	void *user;
};

/* Zeroed memory, of `allocator` or, when that is NULL, of mem.h. Freed by allocator_free with the same allocator. */
void *allocator_alloc(const struct allocator *allocator, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));
/* As realloc with a size above 0; what is added is not zeroed. */
void *allocator_resize(const struct allocator *allocator, void *block, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));
/* NULL is allowed. */
void allocator_free(const struct allocator *allocator, void *block);

#endif
