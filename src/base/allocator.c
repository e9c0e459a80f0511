/* SPDX-License-Identifier: Apache-2.0 */
/* One function of the host serves for everything, as realloc does: no block asks for one, size 0 gives it back. What
 * comes out is cleared here and not asked of the host, because everything that mem_alloc gives is clear and the code
 * above relies on it. */
#include "base/allocator.h"

#include "base/mem.h"
#include <string.h>

void *allocator_alloc(const struct allocator *allocator, size_t size)
{
	if (!allocator)
		return mem_alloc(size);
	return memset(allocator_resize(allocator, NULL, size), 0, size);
}

void *allocator_resize(const struct allocator *allocator, void *block, size_t size)
{
	return allocator ? allocator->resize(allocator->user, block, size) : mem_resize(block, size);
}

void allocator_free(const struct allocator *allocator, void *block)
{
	if (!allocator)
		mem_free(block);
	else if (block)
		(void)allocator->resize(allocator->user, block, 0);
}
