/* SPDX-License-Identifier: Apache-2.0 */
/* text_list: copies of texts, kept in the memory of an object. A zeroed one is empty. */
#ifndef PUGMARK_LIBRARY_TEXT_LIST_H
#define PUGMARK_LIBRARY_TEXT_LIST_H

#include "base/allocator.h"
#include "base/slice.h"

struct text_list {
	struct slice *items;
	size_t count;
	size_t room;
};

/* A copy with a NUL behind it that does not count; released by allocator_free. */
struct slice text_copy(const struct allocator *allocator, struct slice text);

void text_list_add(struct text_list *list, const struct allocator *allocator, struct slice text);
/* Forgets all texts but the first `count`. */
void text_list_truncate(struct text_list *list, const struct allocator *allocator, size_t count);

#endif
