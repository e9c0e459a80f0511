/* SPDX-License-Identifier: Apache-2.0 */
/* html_byte: what kinds of bytes the states of the HTML standard tell apart (13.2.5). */
#ifndef PUGMARK_CODEC_HTML_BYTE_H
#define PUGMARK_CODEC_HTML_BYTE_H

#include "base/slice.h"

enum {
	HTML_SPACE = 1, /* space, TAB, LF, FF; and CR, which preprocessing would have made LF */
	HTML_SOLIDUS = 2,
	HTML_GREATER = 4,
	HTML_EQUALS = 8,
	HTML_LETTER = 16,
	HTML_OPENS = 32, /* behind a `<` it can make that more than text */
};

extern const uint8_t html_byte_classes[256];

static inline unsigned int html_byte_class(char c)
{
	return html_byte_classes[(unsigned char)c];
}

static inline bool html_is_space(char c)
{
	return html_byte_class(c) == HTML_SPACE;
}

/* The first byte at or behind `at` that is in none of the classes, or s.n. */
static inline size_t html_skip_class(struct slice s, size_t at, unsigned int classes)
{
	while (at < s.n && (html_byte_class(s.p[at]) & classes))
		at++;
	return at;
}

/* The first one that is in one of them, or s.n. */
static inline size_t html_find_class(struct slice s, size_t at, unsigned int classes)
{
	while (at < s.n && !(html_byte_class(s.p[at]) & classes))
		at++;
	return at;
}

/* The first `c` at or behind `at`, or s.n. */
static inline size_t html_find_byte(struct slice s, size_t at, char c)
{
	return at + slice_index(slice_from(s, at), c);
}

#endif
