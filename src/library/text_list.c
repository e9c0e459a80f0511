/* SPDX-License-Identifier: Apache-2.0 */
/* In an order that leaves the list whole wherever an allocation does not return. */
#include "library/text_list.h"

struct slice text_copy(const struct allocator *allocator, struct slice text)
{
	char *copy = allocator_resize(allocator, NULL, text.n + 1);
	if (text.n)
		memcpy(copy, text.p, text.n);
	copy[text.n] = 0;
	return slice_of(copy, text.n);
}

/* The count moves last: a text that could not be copied is not in the list. */
void text_list_add(struct text_list *list, const struct allocator *allocator, struct slice text)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 4;
		list->items = allocator_resize(allocator, list->items, room * sizeof *list->items);
		list->room = room;
	}
	list->items[list->count] = text_copy(allocator, text);
	list->count++;
}

void text_list_truncate(struct text_list *list, const struct allocator *allocator, size_t count)
{
	while (list->count > count)
		allocator_free(allocator, (char *)(uintptr_t)list->items[--list->count].p);
}
