/* SPDX-License-Identifier: Apache-2.0 */
/* All that is wrong is said in one answer, so that a caller corrects once. The list has an end, and its last item says
 * so: a body with a thousand faults must not make an answer that is larger than the body. */
#include "engine/request/problem.h"

#include "base/buf.h"
#include <stdio.h>

enum { POINTER_MAX = 512, DETAIL_MAX = 400 };

/* RFC 6901, section 3: "~" and "/" within a step are written ~0 and ~1. */
static void append_step(struct buf *b, const char *key)
{
	for (const char *c = key; *c; c++) {
		if (*c == '~')
			buf_append_cstr(b, "~0");
		else if (*c == '/')
			buf_append_cstr(b, "~1");
		else
			buf_append_byte(b, *c);
	}
}

static void append_place(struct buf *b, const struct json_place *place)
{
	if (!place)
		return;
	append_place(b, place->parent);
	buf_append_byte(b, '/');
	if (place->key)
		append_step(b, place->key);
	else
		buf_append_u64(b, place->index);
}

static struct slice pointer_of(struct arena *arena, const struct json_place *place)
{
	char *room = arena_alloc(arena, POINTER_MAX);
	struct buf b;
	buf_init_fixed(&b, room, POINTER_MAX);
	append_place(&b, place);
	return buf_slice(&b);
}

static struct problem_item *next_item(struct problem_list *list, struct arena *arena)
{
	if (!list->items)
		list->items = arena_alloc_array(arena, PROBLEMS_MAX, sizeof *list->items);
	return &list->items[list->count++];
}

void problem_add(struct problem_list *list, struct arena *arena, const struct json_place *place, const char *format,
		 ...)
{
	if (list->count == PROBLEMS_MAX)
		return;
	struct problem_item *item = next_item(list, arena);
	if (list->count == PROBLEMS_MAX) {
		*item = (struct problem_item){SLICE_EMPTY, SLICE("there are more problems; they are not listed")};
		return;
	}
	char text[DETAIL_MAX];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	size_t length = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
	item->pointer = pointer_of(arena, place);
	item->detail = arena_copy(arena, slice_of(text, length));
}
