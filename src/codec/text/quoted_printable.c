/* SPDX-License-Identifier: Apache-2.0 */
/* One walk serves for measuring and for writing: without a buffer it only counts. A line is cut before the token that
 * would pass column 75, so that the "=" of the soft line end is at most the 76th character. */
#include "codec/text/quoted_printable.h"

#include "codec/text/hex.h"

static void put(struct quoted_printable *q, const char *p, size_t n)
{
	q->total += n;
	q->column += n;
	if (q->to)
		buf_append_bytes(q->to, p, n);
}

void quoted_printable_begin(struct quoted_printable *q, struct buf *to, struct slice newline)
{
	*q = (struct quoted_printable){.to = to, .newline = newline};
}

void quoted_printable_end_line(struct quoted_printable *q, struct slice newline)
{
	put(q, newline.p, newline.n);
	q->column = 0;
}

void quoted_printable_end_softly(struct quoted_printable *q)
{
	put(q, "=", 1);
	quoted_printable_end_line(q, q->newline);
}

/* At a line's start a dot, "From " and "--" mean something to those who pass mail on: the end of DATA, the next mail of
 * an mbox, a boundary (RFC 2049, 3; RFC 2046, 5.1.1). */
static void put_octet(struct quoted_printable *q, char byte, bool is_literal, size_t limit)
{
	bool is_mistakable = byte == '.' || byte == '-' || byte == 'F';
	if (q->column + (is_literal ? 1 : QUOTED_PRINTABLE_OCTET) > limit)
		quoted_printable_end_softly(q);
	if (is_literal && (q->column > 0 || !is_mistakable)) {
		put(q, &byte, 1);
		return;
	}
	char token[QUOTED_PRINTABLE_OCTET] = {'='};
	hex_put(token + 1, byte);
	put(q, token, sizeof token);
}

/* A blank at the end of a line would be dropped by a decoder (6.7 rule 3). A blank that ends this text is encoded even
 * when more of the line follows, since the caller may follow it with a soft line end. */
void quoted_printable_put(struct quoted_printable *q, struct slice text, bool ends_line)
{
	for (size_t i = 0; i < text.n; i++) {
		bool is_last = i + 1 == text.n;
		char c = text.p[i];
		bool is_literal = c == ' ' || c == '\t' ? !is_last : c > ' ' && c < 0x7f && c != '=';
		size_t limit = is_last && ends_line ? QUOTED_PRINTABLE_LINE : QUOTED_PRINTABLE_LINE - 1;
		put_octet(q, c, is_literal, limit);
	}
}

/* Line by line: a CR that no LF follows is text, and goes encoded. */
static void encode(struct quoted_printable *q, struct slice text)
{
	while (text.n) {
		struct slice line = slice_sub(text, 0, slice_index(text, '\n'));
		bool has_lf = line.n < text.n;
		bool has_crlf = has_lf && slice_ends_with(line, SLICE("\r"));
		text = slice_from(text, line.n + has_lf);
		line.n -= has_crlf;
		quoted_printable_put(q, line, true);
		if (has_lf)
			quoted_printable_end_line(q, has_crlf ? SLICE("\r\n") : SLICE("\n"));
	}
}

size_t quoted_printable_size(struct slice text)
{
	struct quoted_printable q;
	quoted_printable_begin(&q, NULL, SLICE("\r\n"));
	encode(&q, text);
	return q.total;
}

void quoted_printable_append(struct buf *b, struct slice text, struct slice newline)
{
	struct quoted_printable q;
	quoted_printable_begin(&q, b, newline);
	encode(&q, text);
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
