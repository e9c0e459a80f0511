/* SPDX-License-Identifier: Apache-2.0 */
/* The length stands in front of the block, on the same pages: munmap wants it. */
#include "base/secret_memory.h"

#include "base/mem.h"
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { HEAD = 64 };

static void *take(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t whole = (size + HEAD + page - 1) / page * page;
	char *p = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		(void)fprintf(stderr, "fatal what=out_of_memory bytes=%zu\n", size);
		abort();
	}
	/* A kernel without the one or the other still has the rest. */
	(void)madvise(p, whole, MADV_DONTDUMP);
	(void)madvise(p, whole, MADV_WIPEONFORK);
	memcpy(p, &whole, sizeof whole);
	return p + HEAD;
}

static void give_back(void *block)
{
	char *p = (char *)block - HEAD;
	size_t whole;
	memcpy(&whole, p, sizeof whole);
	explicit_bzero(p, whole);
	(void)munmap(p, whole); /* it was mapped as it is */
}

static void *resize(void *user, void *block, size_t size)
{
	(void)user;
	BUG_IF(block && size);
	if (!block)
		return take(size);
	give_back(block);
	return NULL;
}

const struct allocator *secret_memory_allocator(void)
{
	static const struct allocator allocator = {.resize = resize};
	return &allocator;
}

void secret_memory_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void secret_memory_close_process(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* Both: the limit is what is seen from outside, and a pipe in core_pattern ignores it. What cannot be set is
	 * as the operator has it. */
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
