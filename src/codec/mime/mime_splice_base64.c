/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 has no place to put three bytes in: everything behind a change moves against the groups of four, so it is
 * encoded anew from there to the end. What is in front of it, up to a whole group, stays as it was written, odd line
 * ends included. */
#include "codec/mime/mime_splice_base64.h"

#include "codec/text/base64.h"

enum { LINE_MAX_CHARACTERS = 76, LINE_MAX_TAKEN_OVER = 998, CHUNK_BYTES = 3 * 256 };

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
	return base64_value(c, '+', '/') >= 0;
}

bool mime_base64_is_sound(struct slice raw)
{
	size_t digits = 0;
	size_t padding = 0;
	for (size_t i = 0; i < raw.n; i++) {
		if (is_space(raw.p[i]))
			continue;
		if (is_digit(raw.p[i]) && padding == 0)
			digits++;
		else if (raw.p[i] == '=')
			padding++;
		else
			return false;
	}
	return padding == 0 ? digits % 4 != 1 : digits % 4 >= 2 && padding == 4 - digits % 4;
}

/* The length of the first line. A body of one line says little: it may have been short, or without breaks on purpose.
 */
static size_t line_width(struct slice raw)
{
	size_t first = slice_index(raw, '\n');
	size_t width = slice_trim(slice_sub(raw, 0, first)).n;
	bool is_only = slice_trim(slice_from(raw, first)).n == 0;
	if (width == 0 || width > LINE_MAX_TAKEN_OVER || (is_only && width < LINE_MAX_CHARACTERS))
		return LINE_MAX_CHARACTERS;
	return width;
}

/* What stays at the front: up to the character `kept`, with the white space before it; without that when nothing but
 * padding follows. Sets the column that it ends in. */
static size_t kept_size(struct slice raw, size_t kept, size_t *ret_column)
{
	size_t behind_last = 0;
	size_t digits = 0;
	size_t column = 0;
	size_t column_behind_last = 0;
	for (size_t i = 0; i < raw.n; i++) {
		if (is_digit(raw.p[i]) && digits == kept) {
			*ret_column = column;
			return i;
		}
		column = raw.p[i] == '\n' ? 0 : column + (raw.p[i] != '\r');
		if (is_digit(raw.p[i])) {
			digits++;
			behind_last = i + 1;
			column_behind_last = column;
		}
	}
	*ret_column = column_behind_last;
	return behind_last;
}

static size_t trailing_space(struct slice raw)
{
	size_t n = 0;
	while (n < raw.n && is_space(raw.p[raw.n - n - 1]))
		n++;
	return n;
}

/* Appends characters in lines of `width`, beginning in *column. */
static void append_wrapped(struct slice text, size_t width, struct slice newline, size_t *column, struct buf *to)
{
	while (text.n) {
		if (*column >= width) {
			buf_append(to, newline);
			*column = 0;
		}
		struct slice line = slice_sub(text, 0, width - *column);
		buf_append(to, line);
		*column += line.n;
		text = slice_from(text, line.n);
	}
}

void mime_splice_base64(struct slice raw, size_t first_change, struct slice bytes, struct slice newline, struct buf *to)
{
	size_t groups = first_change / 3;
	size_t width = line_width(raw);
	size_t column = 0;
	size_t kept = kept_size(raw, 4 * groups, &column);
	size_t content_end = raw.n - trailing_space(raw);
	buf_append(to, slice_sub(raw, 0, kept));
	for (struct slice rest = slice_from(bytes, 3 * groups); rest.n; rest = slice_from(rest, CHUNK_BYTES)) {
		char memory[CHUNK_BYTES / 3 * 4 + 1];
		struct buf encoded;
		buf_init_fixed(&encoded, memory, sizeof(memory));
		base64_append(&encoded, slice_sub(rest, 0, CHUNK_BYTES));
		append_wrapped(buf_slice(&encoded), width, newline, &column, to);
	}
	buf_append(to, slice_from(raw, content_end > kept ? content_end : kept));
}
