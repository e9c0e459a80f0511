/* SPDX-License-Identifier: Apache-2.0 */
/* slice: a run of bytes that somebody else owns.
 *
 * The type for reading. A slice never owns, never ends in NUL by promise, and may hold any byte. It stays valid as
 * long as what it points into. Building is `struct buf`'s work.
 */
#ifndef PUGMARK_BASE_SLICE_H
#define PUGMARK_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

/* A slice of a string literal; its length is known at compile time. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})
#define SLICE_EMPTY ((struct slice){"", 0})

/* For printf: printf("%.*s", SLICE_FMT(s)). */
#define SLICE_FMT(s) (int)(s).n, (s).p

static inline struct slice slice_of(const void *p, size_t n)
{
	return (struct slice){p, n};
}

/* The bytes of a C string without its NUL; NULL gives the empty slice. */
static inline struct slice slice_from_cstr(const char *s)
{
	return s ? (struct slice){s, strlen(s)} : SLICE_EMPTY;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_starts_with(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool slice_ends_with(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* Bytes [from, to) of `s`; both are clamped to its length. */
static inline struct slice slice_sub(struct slice s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	/* Not even 0 may be added to a NULL. */
	return (struct slice){from ? s.p + from : s.p, to - from};
}

static inline struct slice slice_from(struct slice s, size_t from)
{
	return slice_sub(s, from, s.n);
}

/* The index of the first `c`, or s.n when there is none. */
static inline size_t slice_index(struct slice s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
	return at ? (size_t)(at - s.p) : s.n;
}

/* By bytes, as memcmp; of two that begin alike the shorter one comes first. */
int slice_compare(struct slice a, struct slice b);

/* The index in `words` of the one that is `s`; `count` when none is. */
size_t slice_index_in(struct slice s, const char *const *words, size_t count);

/* ASCII only: 'A'..'Z' are folded, every other byte stands for itself. */
bool slice_starts_with_nocase(struct slice s, struct slice prefix);
static inline bool slice_equal_nocase(struct slice a, struct slice b)
{
	/* Nearly all that differ do so in length or in the first byte. */
	return a.n == b.n && (a.n == 0 || (((a.p[0] ^ b.p[0]) & ~0x20) == 0 && slice_starts_with_nocase(a, b)));
}

/* Whether `needle` occurs in `s`; an empty needle does. The _nocase form folds ASCII. */
bool slice_contains(struct slice s, struct slice needle);
bool slice_contains_nocase(struct slice s, struct slice needle);

/* No byte is 0x80 or above. */
static inline bool slice_is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* `s` without spaces, tabs, CR and LF at either end. */
struct slice slice_trim(struct slice s);

/* Takes everything before the first `separator` off the front of *rest and returns it; *rest moves behind the
 * separator. Without one, returns all of *rest and leaves it empty. */
struct slice slice_cut(struct slice *rest, char separator);

/* A whole decimal number without sign and without spaces. False, and *ret untouched, when it is none, when it is empty,
 * or when it passes `max`. */
bool slice_to_u64(struct slice s, uint64_t max, uint64_t *ret);

/* Compares in time that depends on the lengths only. For secrets. */
bool slice_equal_secret(struct slice a, struct slice b);

#endif
