/* SPDX-License-Identifier: Apache-2.0 */
/* mem: allocation that does not fail.
 *
 * Code between a request and its answer does not look for NULL. Sizes that come from outside are checked against a
 * limit before they get here (base/byte_budget.h), or are asked for with mem_try_resize. When memory runs out all the
 * same, a reserve is given up for what is under way, and whoever begins something large asks mem_is_short() first. Only
 * when the reserve is gone as well does the process end; the journal makes that safe.
 */
#ifndef PUGMARK_BASE_MEM_H
#define PUGMARK_BASE_MEM_H

#include "base/slice.h"
#include <stdbool.h>
#include <stddef.h>

/* Heap memory, zeroed; never NULL. Freed with mem_free. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
void *mem_alloc_array(size_t count, size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
/* As realloc; what is added is not zeroed. */
void *mem_resize(void *p, size_t size) __attribute__((returns_nonnull, warn_unused_result));
/* The same, but NULL when there is no memory, and `p` is as it was: for what is as large as somebody outside says. */
void *mem_try_resize(void *p, size_t size) __attribute__((warn_unused_result));
/* A NUL-terminated copy. */
char *mem_copy(struct slice s) __attribute__((malloc, returns_nonnull, warn_unused_result));
/* NULL is allowed. */
void mem_free(void *p);

/* Once, before there are threads: sets `bytes` aside. They cost address space and no memory, because nobody touches
 * them. */
void mem_keep_reserve(size_t bytes);
/* The reserve was given up, and there is no room yet to set it aside again. Any thread. */
bool mem_is_short(void);

/* Once, before there are threads: what is freed stays with the process for the next allocation, up to 16 MiB in each of
 * malloc's arenas (one a thread), instead of going back to the kernel. */
void mem_keep_freed(void);

#define MEM_NEW(type) ((type *)mem_alloc(sizeof(type)))

/* Ends the process: an invariant of this program does not hold. Never for anything that input, the network, the disk or
 * a database can cause. */
_Noreturn void bug(const char *file, int line, const char *what);
#define BUG_IF(condition) ((condition) ? bug(__FILE__, __LINE__, #condition) : (void)0)

#endif
