/* SPDX-License-Identifier: Apache-2.0 */
/* list: an intrusive doubly linked list. The link lives in the member; the list owns nothing. */
#ifndef PUGMARK_BASE_LIST_H
#define PUGMARK_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_link {
	struct list_link *previous;
	struct list_link *next;
};

/* The head of a list is a link of its own; it must not move while the list is in use. */
static inline void list_init(struct list_link *head)
{
	head->previous = head;
	head->next = head;
}

static inline bool list_is_empty(const struct list_link *head)
{
	return head->next == head;
}

static inline void list_append(struct list_link *head, struct list_link *link)
{
	link->previous = head->previous;
	link->next = head;
	head->previous->next = link;
	head->previous = link;
}

/* The link may be removed again; a removed link points to itself. */
static inline void list_remove(struct list_link *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	link->previous = link;
	link->next = link;
}

/* The first link, removed, or NULL. */
static inline struct list_link *list_take_first(struct list_link *head)
{
	struct list_link *first = head->next;
	if (first == head)
		return NULL;
	list_remove(first);
	return first;
}

#define LIST_ENTRY(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif
