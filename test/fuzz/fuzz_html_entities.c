/* SPDX-License-Identifier: Apache-2.0 */
/* Character references beside a second reading that tries every name of the table in turn and has the rules of HTML
 * 13.2.5.72 to .80 written down once more. */
#include "base/mem.h"
#include "codec/html/html_entities.h"

struct html_entity {
	char name[33];
	uint8_t name_n;
	char text[HTML_REFERENCE_MAX - 1];
};
#include "codec/html/html_entities_table.h"

enum { ROOM = 16 << 20, NAMES = sizeof(html_entities) / sizeof(html_entities[0]) };

/* Windows-1252's 0x80 to 0x9f, in the table of 13.2.5.80. */
static const uint32_t c1[32] = {0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
				0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
				0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void append_utf8(uint32_t code, struct buf *to)
{
	if (code < 0x80) {
		buf_append_byte(to, (char)code);
	} else if (code < 0x800) {
		buf_append_byte(to, (char)(0xc0 | code >> 6));
		buf_append_byte(to, (char)(0x80 | (code & 63)));
	} else if (code < 0x10000) {
		buf_append_byte(to, (char)(0xe0 | code >> 12));
		buf_append_byte(to, (char)(0x80 | (code >> 6 & 63)));
		buf_append_byte(to, (char)(0x80 | (code & 63)));
	} else {
		buf_append_byte(to, (char)(0xf0 | code >> 18));
		buf_append_byte(to, (char)(0x80 | (code >> 12 & 63)));
		buf_append_byte(to, (char)(0x80 | (code >> 6 & 63)));
		buf_append_byte(to, (char)(0x80 | (code & 63)));
	}
}

static size_t take_number(struct slice s, struct buf *to)
{
	size_t at = 2;
	uint32_t base = 10;
	uint32_t code = 0;
	size_t digits = 0;
	if (s.n > 2 && (s.p[2] == 'x' || s.p[2] == 'X')) {
		base = 16;
		at = 3;
	}
	for (; at < s.n; at++, digits++) {
		char c = s.p[at];
		uint32_t digit = base;
		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if (base == 16 && c >= 'a' && c <= 'f')
			digit = (uint32_t)(c - 'a') + 10;
		else if (base == 16 && c >= 'A' && c <= 'F')
			digit = (uint32_t)(c - 'A') + 10;
		if (digit >= base)
			break;
		code = code > 0x10ffff ? code : code * base + digit;
	}
	if (digits == 0)
		return 0;
	if (at < s.n && s.p[at] == ';')
		at++;
	if (code >= 0x80 && code < 0xa0)
		code = c1[code - 0x80];
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		code = 0xfffd;
	append_utf8(code, to);
	return at;
}

static size_t take_name(struct slice s, enum html_reference_place place, struct buf *to)
{
	const struct html_entity *longest = NULL;
	for (size_t i = 0; i < NAMES; i++) {
		struct slice name = slice_of(html_entities[i].name, html_entities[i].name_n);
		if (name.p[0] == s.p[1] && slice_starts_with(slice_from(s, 1), name) &&
		    (!longest || name.n > longest->name_n))
			longest = &html_entities[i];
	}
	if (!longest)
		return 0;
	size_t end = 1u + longest->name_n;
	bool is_closed = longest->name[longest->name_n - 1] == ';';
	if (place == HTML_REFERENCE_IN_ATTRIBUTE && !is_closed && end < s.n &&
	    (s.p[end] == '=' || is_alphanumeric(s.p[end])))
		return 0;
	buf_append(to, slice_of(longest->text, strnlen(longest->text, sizeof(longest->text))));
	return end;
}

static void decode_slowly(struct slice s, enum html_reference_place place, struct buf *to)
{
	while (s.n > 0) {
		size_t taken = 0;
		if (s.p[0] == '&' && s.n > 1)
			taken = s.p[1] == '#' ? take_number(s, to) : take_name(s, place, to);
		if (taken == 0) {
			buf_append_byte(to, s.p[0]);
			taken = 1;
		}
		s = slice_from(s, taken);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = slice_of(data, size);
	struct buf got;
	struct buf want;
	buf_init(&got, ROOM);
	buf_init(&want, ROOM);
	for (int i = 0; i < 2; i++) {
		enum html_reference_place place = i ? HTML_REFERENCE_IN_ATTRIBUTE : HTML_REFERENCE_IN_TEXT;
		buf_clear(&got);
		buf_clear(&want);
		html_references_decode(s, place, &got);
		decode_slowly(s, place, &want);
		BUG_IF(!slice_equal(buf_slice(&got), buf_slice(&want)));
		BUG_IF(got.n > 2 * s.n);
	}
	buf_done(&got);
	buf_done(&want);
	return 0;
}
