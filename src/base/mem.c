/* SPDX-License-Identifier: Apache-2.0 */
/* abort and not exit: nothing that runs at an exit may touch what is half done, and there is a core to look at. The
 * words go straight to standard error, because log.h may want what is missing. */
#include "base/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* There is one heap in a process, and so there is one reserve. `kept` is its size, set once; `reserve` is NULL while it
 * is given up. */
static size_t kept;
static void *_Atomic reserve;

void mem_keep_reserve(size_t bytes)
{
	kept = bytes;
	atomic_store(&reserve, malloc(bytes));
}

bool mem_is_short(void)
{
	void *none = NULL;
	if (!kept || atomic_load(&reserve))
		return false;
	void *fresh = malloc(kept);
	if (!fresh)
		return true;
	if (!atomic_compare_exchange_strong(&reserve, &none, fresh))
		free(fresh); /* somebody else was quicker */
	return false;
}

/* False: there is nothing left to give up. */
static bool give_up_reserve(void)
{
	void *given = atomic_exchange(&reserve, NULL);
	free(given);
	return given != NULL;
}

static _Noreturn void exhausted(size_t size)
{
	(void)fprintf(stderr, "fatal what=out_of_memory bytes=%zu\n", size);
	abort();
}

void *mem_alloc(size_t size)
{
	return mem_alloc_array(1, size);
}

void *mem_alloc_array(size_t count, size_t size)
{
	/* malloc(0) may be NULL (C17 7.22.3), which would be taken for the end of memory here. */
	void *p = calloc(count ? count : 1, size ? size : 1);
	if (!p && give_up_reserve())
		p = calloc(count ? count : 1, size ? size : 1);
	if (!p)
		exhausted(size);
	return p;
}

void *mem_resize(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);
	if (!p && give_up_reserve())
		p = realloc(old, size ? size : 1);
	if (!p)
		exhausted(size);
	return p;
}

void *mem_try_resize(void *old, size_t size)
{
	return realloc(old, size ? size : 1);
}

char *mem_copy(struct slice s)
{
	char *copy = mem_alloc(s.n + 1);
	if (s.n)
		memcpy(copy, s.p, s.n);
	return copy;
}

void mem_free(void *p)
{
	free(p);
}

/* Glibc gives back whatever is free beyond 128 KiB at the end of an arena. The writer frees a few megabytes with each
 * transaction and needs them again for the next: 0.4 page faults a hit, which on a virtual machine took a sixth of all
 * processor time (bench/hit_cost.mjs). The second is for blocks between these sizes, which would be mapped and unmapped
 * each by itself; the third, for arenas not to grow by a page at a time. */
void mem_keep_freed(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, 16 << 20);
	(void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
	(void)mallopt(M_TOP_PAD, 1 << 20);
}

_Noreturn void bug(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "fatal what=bug file=%s line=%d condition=\"%s\"\n", file, line, what);
	abort();
}
