/* SPDX-License-Identifier: Apache-2.0 */
/* One walk serves for measuring and for writing: the writer goes through `put`, which only counts when there is no
 * buffer. A line is cut before the token that would pass column 75, so that the soft line end "=" is at most the 76th.
 */
#include "codec/text/quoted_printable.h"

#include "codec/text/hex.h"

enum { LINE_MAX_CHARACTERS = 76 };

struct writer {
	struct buf *to; /* NULL: only count */
	size_t total;
	size_t column;
};

static void put(struct writer *w, const char *p, size_t n)
{
	w->total += n;
	w->column += n;
	if (w->to)
		buf_append_bytes(w->to, p, n);
}

static void end_line(struct writer *w, struct slice end)
{
	put(w, end.p, end.n);
	w->column = 0;
}

static bool at_line_end(struct slice s)
{
	return s.n == 0 || (s.n >= 2 && s.p[0] == '\r' && s.p[1] == '\n');
}

/* Whether the first byte of `s` may stand for itself. */
static bool is_literal(struct slice s, bool at_line_start)
{
	unsigned char c = (unsigned char)s.p[0];
	if (c == ' ' || c == '\t')
		return !at_line_end(slice_from(s, 1));
	if (c == 'F' && at_line_start)
		return !slice_starts_with(s, SLICE("From "));
	return c > ' ' && c < 0x7f && c != '=';
}

static void put_character(struct writer *w, struct slice s, bool at_line_start)
{
	static const char digits[] = "0123456789ABCDEF";
	bool literal = is_literal(s, at_line_start);
	unsigned char c = (unsigned char)s.p[0];
	char token[3] = {literal ? (char)c : '=', digits[c >> 4], digits[c & 15]};
	size_t n = literal ? 1 : 3;
	/* The very last token of a line may fill column 76 itself: no "=" follows it. */
	size_t limit = at_line_end(slice_from(s, 1)) ? LINE_MAX_CHARACTERS : LINE_MAX_CHARACTERS - 1;
	if (w->column + n > limit)
		end_line(w, SLICE("=\r\n"));
	put(w, token, n);
}

static void encode(struct writer *w, struct slice text)
{
	bool at_line_start = true;
	while (text.n) {
		if (at_line_end(text)) {
			end_line(w, SLICE("\r\n"));
			text = slice_from(text, 2);
			at_line_start = true;
			continue;
		}
		put_character(w, text, at_line_start);
		at_line_start = false;
		text = slice_from(text, 1);
	}
}

size_t quoted_printable_size(struct slice text)
{
	struct writer w = {0};
	encode(&w, text);
	return w.total;
}

void quoted_printable_append(struct buf *b, struct slice text)
{
	struct writer w = {.to = b};
	encode(&w, text);
}

/* Decodes one line without its line end; false when it ends in a soft line end. */
static bool decode_line(struct slice line, struct buf *to)
{
	while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	bool soft = line.n && line.p[line.n - 1] == '=';
	if (soft)
		line.n--;
	while (line.n) {
		size_t plain = slice_index(line, '=');
		buf_append(to, slice_sub(line, 0, plain));
		line = slice_from(line, plain);
		if (line.n == 0)
			break;
		int byte = line.n > 2 ? hex_byte(line.p[1], line.p[2]) : -1;
		buf_append_byte(to, byte < 0 ? '=' : (char)byte);
		line = slice_from(line, byte < 0 ? 1 : 3);
	}
	return !soft;
}

void quoted_printable_decode(struct slice text, struct buf *to)
{
	while (text.n) {
		size_t n = slice_index(text, '\n');
		struct slice line = slice_sub(text, 0, n);
		bool ended = n < text.n;
		bool crlf = line.n && line.p[line.n - 1] == '\r';
		if (ended && crlf)
			line.n--;
		if (decode_line(line, to) && ended)
			buf_append(to, crlf ? SLICE("\r\n") : SLICE("\n"));
		text = slice_from(text, n + 1);
	}
}
