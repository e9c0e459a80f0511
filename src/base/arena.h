/* SPDX-License-Identifier: Apache-2.0 */
/* arena: memory that lives and dies together.
 *
 * One arena per request, per message being sent, per configuration load. It is always an explicit parameter. Allocation
 * does not fail (see mem.h): callers bound what comes from outside before they allocate for it. Under AddressSanitizer
 * every allocation is a malloc of its own, so that an overrun is seen.
 * Not thread-safe: an arena belongs to one thread at a time.
 */
#ifndef PUGMARK_BASE_ARENA_H
#define PUGMARK_BASE_ARENA_H

#include "base/allocator.h"
#include "base/slice.h"

struct arena;

struct arena *arena_new(void);
/* An arena that takes all of its memory from `allocator`, which must outlive it. */
struct arena *arena_new_with(const struct allocator *allocator);
/* What it gave is wiped before it goes back to its allocator: for arenas that passwords and API keys pass through. */
void arena_keep_secret(struct arena *arena);
/* Frees the arena and all of its memory, and sets *arena to NULL. *arena may be NULL. */
void arena_free(struct arena **arena);
/* Frees all allocations and keeps one block for the next round. */
void arena_reset(struct arena *arena);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

/* Zeroed memory, aligned for any type; valid until reset or free. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull, warn_unused_result));
void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));
#define ARENA_NEW(arena, type) ((type *)arena_alloc(arena, sizeof(type)))

/* A copy in the arena, followed by a NUL that does not count. */
struct slice arena_copy(struct arena *arena, struct slice s);
/* The same with A to Z as a to z; every other byte stands for itself. */
struct slice arena_copy_lower(struct arena *arena, struct slice s);
/* A copy as a C string. */
char *arena_cstr(struct arena *arena, struct slice s) __attribute__((returns_nonnull));
struct slice arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
