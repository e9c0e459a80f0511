/* SPDX-License-Identifier: Apache-2.0 */
/* secret_memory: memory for keys, which is in no core file (MADV_DONTDUMP), is not inherited by a forked child, and is
 * wiped before it is given back. Pages of their own: for a few long-lived things. And what keeps a whole process from
 * being looked into. */
#ifndef PUGMARK_BASE_SECRET_MEMORY_H
#define PUGMARK_BASE_SECRET_MEMORY_H

#include "base/allocator.h"

/* Any thread. Its blocks cannot be made larger. The process ends when there is no memory. */
const struct allocator *secret_memory_allocator(void);

/* Frees what malloc gave, and leaves nothing in it: for libraries that keep passwords in memory of their own and can be
 * told how to free it. Any thread; NULL is allowed. */
void secret_memory_free(void *p);

/* No core file of this process, whatever limit it was started with, and nobody of the same user reads its memory or
 * environment. For a start, before there are threads. Nothing under a sanitizer, whose leak check looks into its own
 * process. */
void secret_memory_close_process(void);

#endif
