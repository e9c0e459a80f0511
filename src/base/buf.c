/* SPDX-License-Identifier: Apache-2.0 */
/* Room doubles until it meets the maximum, and what does not fit is not written at all: half a value looks like a whole
 * one. One room more than the maximum is taken for the NUL, which lets every buffer be handed to a C API as it is. */
#include "base/buf.h"

#include "base/mem.h"
#include <stdio.h>

enum { FIRST_ROOM = 256, LARGE = 1 << 20 };

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_init_with(struct buf *b, size_t max, const struct allocator *allocator)
{
	*b = (struct buf){.max = max, .allocator = allocator};
}

void buf_init_in_arena(struct buf *b, size_t max, struct arena *arena)
{
	*b = (struct buf){.max = max, .arena = arena};
}

void buf_init_fixed(struct buf *b, char *memory, size_t size)
{
	BUG_IF(size == 0);
	*b = (struct buf){.p = memory, .room = size, .max = size - 1, .borrowed = true};
	memory[0] = 0;
}

void buf_done(struct buf *b)
{
	if (!b->borrowed && !b->arena)
		allocator_free(b->allocator, b->p);
	/* Empty, but with its maximum and its source of memory: it may be filled again. */
	*b = (struct buf){.max = b->max, .arena = b->arena, .allocator = b->allocator};
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->too_big = false;
	if (b->p)
		b->p[0] = 0;
}

static char *move_in_arena(const struct buf *b, size_t room)
{
	char *p = arena_alloc(b->arena, room);
	if (b->n)
		memcpy(p, b->p, b->n);
	return p;
}

/* What a large answer grows to may be more than there is, and its request is answered without it. */
static char *resize(const struct buf *b, size_t room)
{
	if (b->arena)
		return move_in_arena(b, room);
	if (!b->allocator && room > LARGE)
		return mem_try_resize(b->p, room);
	return allocator_resize(b->allocator, b->p, room);
}

static bool grow(struct buf *b, size_t needed)
{
	/* An arena keeps what is too large, too. */
	size_t first = b->arena ? needed : FIRST_ROOM;
	size_t room = b->room ? b->room : first;
	while (room < needed)
		room = room > b->max / 2 ? b->max + 1 : room * 2;
	char *p = resize(b, room);
	if (!p)
		return false;
	b->p = p;
	b->room = room;
	return true;
}

char *buf_reserve(struct buf *b, size_t n)
{
	/* A difference, not a sum: n may come from outside, and b->n + n could wrap. */
	if (b->too_big || n > b->max - b->n || (b->n + n + 1 > b->room && !grow(b, b->n + n + 1))) {
		b->too_big = true;
		return NULL;
	}
	return b->p + b->n;
}

void buf_commit(struct buf *b, size_t n)
{
	BUG_IF(b->n + n + 1 > b->room);
	b->n += n;
	b->p[b->n] = 0;
}

void buf_append_bytes(struct buf *b, const void *p, size_t n)
{
	char *to = buf_reserve(b, n);
	if (!to)
		return;
	if (n)
		memcpy(to, p, n);
	buf_commit(b, n);
}

void buf_append(struct buf *b, struct slice s)
{
	buf_append_bytes(b, s.p, s.n);
}

void buf_append_cstr(struct buf *b, const char *s)
{
	buf_append(b, slice_from_cstr(s));
}

void buf_append_byte(struct buf *b, char c)
{
	buf_append_bytes(b, &c, 1);
}

void buf_append_u64(struct buf *b, uint64_t value)
{
	/* As many as UINT64_MAX has. */
	char digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_append_bytes(b, digits + at, sizeof digits - at);
}

void buf_append_i64(struct buf *b, int64_t value)
{
	if (value < 0)
		buf_append_byte(b, '-');
	/* The smallest int64_t has no positive counterpart, so it is negated without a sign. */
	buf_append_u64(b, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
	/* Once for the length and once for the bytes; a va_list may be read only once (C17 7.16, 3). */
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	char *to = n < 0 ? NULL : buf_reserve(b, (size_t)n);
	if (to) {
		(void)vsnprintf(to, (size_t)n + 1, format, again);
		buf_commit(b, (size_t)n);
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

void buf_append_hex(struct buf *b, struct slice s)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		buf_append_byte(b, digits[c >> 4]);
		buf_append_byte(b, digits[c & 15]);
	}
}

void buf_truncate(struct buf *b, size_t n)
{
	if (n >= b->n)
		return;
	b->n = n;
	b->p[n] = 0;
}

enum status buf_status(const struct buf *b)
{
	return b->too_big ? STATUS_TOO_BIG : STATUS_OK;
}

char *buf_detach(struct buf *b, size_t *ret_n)
{
	/* mem_free could not free what is borrowed, in an arena or from another allocator; and half a value is none. */
	BUG_IF(b->too_big || b->borrowed || b->arena || b->allocator);
	if (!b->p)
		grow(b, 1);
	b->p[b->n] = 0;
	char *p = b->p;
	if (ret_n)
		*ret_n = b->n;
	*b = (struct buf){.max = b->max};
	return p;
}
