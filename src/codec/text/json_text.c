/* SPDX-License-Identifier: Apache-2.0 */
/* There is no tree and no allocation: text goes into a buffer, with one bit for whether a comma is due. `<`, `>`, `&`
 * and the line separators U+2028 and U+2029 are escaped, so that JSON can stand in a page or a script without being
 * read as part of it. */
#include "codec/text/json_text.h"

#include "base/clock.h"
#include "base/mem.h"
#include "codec/text/utf8.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void separate(struct json_text *w)
{
	if (w->needs_comma)
		buf_append_byte(w->to, ',');
	w->needs_comma = true;
}

void json_open(struct json_text *w, char bracket)
{
	BUG_IF(bracket != '{' && bracket != '[');
	separate(w);
	buf_append_byte(w->to, bracket);
	w->needs_comma = false;
}

/* Whatever was inside: behind a bracket a comma is due. */
void json_close(struct json_text *w, char bracket)
{
	buf_append_byte(w->to, bracket);
	w->needs_comma = true;
}

void json_key(struct json_text *w, const char *key)
{
	json_put_string(w, slice_from_cstr(key));
	buf_append_byte(w->to, ':');
	w->needs_comma = false;
}

/* The short forms of RFC 8259, 7 that every reader has, and \u for other controls and for what means something to
 * HTML. */
static void put_ascii(struct buf *b, unsigned char c)
{
	switch (c) {
	case '"': buf_append(b, SLICE("\\\"")); return;
	case '\\': buf_append(b, SLICE("\\\\")); return;
	case '\n': buf_append(b, SLICE("\\n")); return;
	case '\r': buf_append(b, SLICE("\\r")); return;
	case '\t': buf_append(b, SLICE("\\t")); return;
	default: break;
	}
	if (c < 0x20 || c == 0x7f || c == '<' || c == '>' || c == '&')
		buf_printf(b, "\\u%04x", c);
	else
		buf_append_byte(b, (char)c);
}

/* U+2028 and U+2029 ended a string in JavaScript before ES2019; JSON is still pasted into scripts. */
static void put_sequence(struct buf *b, struct slice sequence)
{
	if (slice_equal(sequence, SLICE("\xe2\x80\xa8")))
		buf_append(b, SLICE("\\u2028"));
	else if (slice_equal(sequence, SLICE("\xe2\x80\xa9")))
		buf_append(b, SLICE("\\u2029"));
	else
		buf_append(b, sequence);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void json_put_string(struct json_text *w, struct slice s)
{
	separate(w);
	buf_append_byte(w->to, '"');
	while (s.n) {
		size_t run = 0;
		while (run < s.n && is_plain((unsigned char)s.p[run]))
			run++;
		buf_append(w->to, slice_sub(s, 0, run));
		s = slice_from(s, run);
		if (!s.n)
			break;
		size_t n = utf8_character_size(s);
		if (n == 0)
			buf_append(w->to, SLICE("\xef\xbf\xbd"));
		else if (n == 1)
			put_ascii(w->to, (unsigned char)s.p[0]);
		else
			put_sequence(w->to, slice_sub(s, 0, n));
		s = slice_from(s, n ? n : 1);
	}
	buf_append_byte(w->to, '"');
}

void json_put_cstring(struct json_text *w, const char *s)
{
	if (s)
		json_put_string(w, slice_from_cstr(s));
	else
		json_put_null(w);
}

void json_put_string_or_null(struct json_text *w, struct slice s)
{
	if (s.n)
		json_put_string(w, s);
	else
		json_put_null(w);
}

void json_put_i64(struct json_text *w, int64_t value)
{
	separate(w);
	buf_append_i64(w->to, value);
}

void json_put_double(struct json_text *w, double value)
{
	if (!isfinite(value)) {
		json_put_null(w);
		return;
	}
	char text[32];
	/* The shortest text that reads back as the same number: 0.1 stays 0.1. */
	for (int digits = 6; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	separate(w);
	buf_append_cstr(w->to, text);
}

void json_put_bool(struct json_text *w, bool value)
{
	separate(w);
	buf_append(w->to, value ? SLICE("true") : SLICE("false"));
}

void json_put_null(struct json_text *w)
{
	separate(w);
	buf_append(w->to, SLICE("null"));
}

/* No time is kept as 0 all over the store, and 1970 is no time that anything here happened at. */
void json_put_time(struct json_text *w, int64_t time_us)
{
	if (time_us == 0) {
		json_put_null(w);
		return;
	}
	separate(w);
	buf_append_byte(w->to, '"');
	time_append_rfc3339(w->to, time_us);
	buf_append_byte(w->to, '"');
}

void json_put_uuid(struct json_text *w, struct uuid id)
{
	separate(w);
	buf_append_byte(w->to, '"');
	uuid_append(w->to, id);
	buf_append_byte(w->to, '"');
}

void json_put_raw(struct json_text *w, struct slice json)
{
	separate(w);
	buf_append(w->to, json);
}

void json_put_raw_or_null(struct json_text *w, struct slice json)
{
	if (json.n)
		json_put_raw(w, json);
	else
		json_put_null(w);
}
