/* SPDX-License-Identifier: Apache-2.0 */
/* One byte that is no UTF-8 makes PostgreSQL refuse a whole statement, and in a user agent there may be any. Each such
 * byte becomes one '?', so the length stays and limits that were checked before still hold. SQLite would take them, and
 * is treated the same: what is stored must not depend on the database. */
#include "store/core/clean_text.h"

/* The length of the sequence at the front of `s`, 0 when it is not one (RFC 3629 section 4, the table of ranges). */
static size_t utf8_length(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char low = 0x80, high = 0xBF;
	size_t n;
	if (p[0] < 0x80)
		return p[0] != 0;
	if (p[0] >= 0xC2 && p[0] <= 0xDF)
		n = 2;
	else if (p[0] >= 0xE0 && p[0] <= 0xEF)
		n = 3;
	else if (p[0] >= 0xF0 && p[0] <= 0xF4)
		n = 4;
	else
		return 0;
	low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : low;
	high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : high;
	if (s.n < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xBF)
			return 0;
	return n;
}

/* Bytes at the front that are ASCII without NUL, in steps of eight: this runs over every text that is written. */
static size_t ascii_prefix(struct slice s)
{
	size_t i = 0;
	for (; i + 8 <= s.n; i += 8) {
		uint64_t v;
		memcpy(&v, s.p + i, 8);
		/* A NUL borrows from the bit above it when one is taken away; a byte above 0x7f has that bit. */
		if ((v | (v - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080))
			break;
	}
	return i;
}

bool text_is_clean(struct slice s)
{
	size_t at = ascii_prefix(s);
	while (at < s.n) {
		size_t n = utf8_length(slice_from(s, at));
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

struct slice text_cleaned(struct slice s, struct arena *arena)
{
	char *to = arena_alloc(arena, s.n + 1);
	for (size_t at = 0; at < s.n;) {
		size_t n = utf8_length(slice_from(s, at));
		if (n > 0)
			memcpy(to + at, s.p + at, n);
		else
			to[at] = '?';
		at += n > 0 ? n : 1;
	}
	return slice_of(to, s.n);
}

struct slice text_folded(struct slice s, char *to)
{
	for (size_t i = 0; i < s.n; i++)
		to[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]);
	return slice_of(to, s.n);
}
