/* SPDX-License-Identifier: Apache-2.0 */
/* A name is found by narrowing a range of the sorted table one byte at a time; the last row that was equal on the way
 * is the longest match. Rows are fixed arrays, so that the table needs no relocation and stays in read-only pages. */
#include "codec/html/html_entities.h"

#include "codec/text/charset.h"
#include "codec/text/utf8.h"

struct html_entity {
	char name[33]; /* without `&`, with `;` where it has one */
	uint8_t name_n;
	char text[HTML_REFERENCE_MAX - 1];
};

#include "codec/html/html_entities_table.h"

enum { ENTITY_COUNT = sizeof(html_entities) / sizeof(html_entities[0]), REPLACEMENT = 0xfffd };

static bool is_alphanumeric(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* -1 when `c` is no digit of that base. */
static int digit_of(unsigned char c, bool is_hex)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (is_hex && (c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* HTML 13.2.5.80. Other control characters and noncharacters are only errors to the standard and kept. */
static uint32_t repaired(uint32_t code)
{
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return REPLACEMENT;
	return code >= 0x80 && code <= 0x9f ? charset_windows_1252((uint8_t)code) : code;
}

static size_t read_numeric(struct slice s, char *ret, size_t *ret_n)
{
	size_t at = 2;
	bool is_hex = at < s.n && (s.p[at] | 0x20) == 'x';
	if (is_hex)
		at++;
	size_t first = at;
	uint32_t code = 0;
	for (; at < s.n; at++) {
		int digit = digit_of((unsigned char)s.p[at], is_hex);
		if (digit < 0)
			break;
		if (code <= 0x10ffff) /* sticks above the limit instead of wrapping */
			code = code * (is_hex ? 16 : 10) + (uint32_t)digit;
	}
	if (at == first)
		return 0;
	if (at < s.n && s.p[at] == ';')
		at++;
	struct buf to;
	buf_init_fixed(&to, ret, HTML_REFERENCE_MAX);
	utf8_append(&to, repaired(code));
	*ret_n = to.n;
	return at;
}

/* The first row in [from, to) whose byte at `column` is not below `c`. A row that ends before counts as below. */
static size_t lower_bound(size_t from, size_t to, size_t column, unsigned int c)
{
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if ((unsigned char)html_entities[middle].name[column] < c)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* The row of the longest name that `s` starts with, or NULL. */
static const struct html_entity *longest_match(struct slice s)
{
	const struct html_entity *match = NULL;
	size_t from = 0;
	size_t to = ENTITY_COUNT;
	for (size_t column = 0; column < s.n && column < sizeof(html_entities[0].name) - 1; column++) {
		unsigned char c = (unsigned char)s.p[column];
		if (c == 0 || c >= 0x80)
			break;
		from = lower_bound(from, to, column, c);
		to = lower_bound(from, to, column, c + 1u);
		if (from == to)
			break;
		if (html_entities[from].name_n == column + 1)
			match = &html_entities[from];
	}
	return match;
}

static size_t read_named(struct slice s, enum html_reference_place place, char *ret, size_t *ret_n)
{
	const struct html_entity *match = longest_match(slice_from(s, 1));
	if (!match)
		return 0;
	size_t end = 1 + (size_t)match->name_n;
	bool has_semicolon = match->name[match->name_n - 1] == ';';
	/* `?a=1&copy=2` is an address and not a copyright sign (13.2.5.73). */
	if (place == HTML_REFERENCE_IN_ATTRIBUTE && !has_semicolon && end < s.n &&
	    (s.p[end] == '=' || is_alphanumeric((unsigned char)s.p[end])))
		return 0;
	*ret_n = strnlen(match->text, sizeof(match->text));
	memcpy(ret, match->text, *ret_n);
	return end;
}

size_t html_reference_read(struct slice s, enum html_reference_place place, char ret[HTML_REFERENCE_MAX], size_t *ret_n)
{
	if (s.n < 2 || s.p[0] != '&')
		return 0;
	if (s.p[1] == '#')
		return read_numeric(s, ret, ret_n);
	return is_alphanumeric((unsigned char)s.p[1]) ? read_named(s, place, ret, ret_n) : 0;
}

void html_references_decode(struct slice s, enum html_reference_place place, struct buf *to)
{
	while (s.n > 0) {
		size_t text_n = slice_index(s, '&');
		buf_append(to, slice_sub(s, 0, text_n));
		s = slice_from(s, text_n);
		if (s.n == 0)
			return;
		char text[HTML_REFERENCE_MAX];
		size_t n = 0;
		size_t taken = html_reference_read(s, place, text, &n);
		if (taken == 0) {
			buf_append_byte(to, '&');
			taken = 1;
		} else {
			buf_append_bytes(to, text, n);
		}
		s = slice_from(s, taken);
	}
}
