/* SPDX-License-Identifier: Apache-2.0 */
/* The raw body is walked token by token (an octet, a soft line end, a line end with the blanks in front of it),
 * counting decoded bytes, until an edit begins; so no table from decoded to raw offsets is needed. Blanks that a
 * decoder drops go with the line end behind them: what is inserted at the end of a line goes in front of them, or they
 * would come back.
 */
#include "codec/mime/mime_splice_qp.h"

#include "codec/text/hex.h"

enum { LINE_MAX_CHARACTERS = 76, TOKEN_MAX = 3 };

/* ---- reading ---- */

struct walk {
	struct slice raw;
	size_t at;
	size_t decoded;     /* bytes that raw[0, at) stands for */
	size_t content_end; /* of the line: in front of trailing blanks, the soft "=", the line end */
	size_t line_end;    /* behind the line end */
	size_t newline;     /* decoded bytes of the line end: 0 for a soft one and at the end of the body */
	bool is_last;       /* the line has no line end */
};

/* The same judgement as that of quoted_printable_decode. */
static void read_line(struct walk *w)
{
	struct slice rest = slice_from(w->raw, w->at);
	struct slice line = slice_sub(rest, 0, slice_index(rest, '\n'));
	w->is_last = line.n == rest.n;
	w->line_end = w->at + line.n + !w->is_last;
	bool has_cr = !w->is_last && line.n && line.p[line.n - 1] == '\r';
	line.n -= has_cr;
	while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	bool is_soft = line.n && line.p[line.n - 1] == '=';
	line.n -= is_soft;
	w->content_end = w->at + line.n;
	w->newline = is_soft || w->is_last ? 0 : 1U + has_cr;
}

static void walk_init(struct walk *w, struct slice raw)
{
	*w = (struct walk){.raw = raw};
	read_line(w);
}

/* Over octets of this line, as many as are wanted. */
static void walk_octets(struct walk *w, size_t target)
{
	while (w->decoded < target && w->at < w->content_end) {
		struct slice content = slice_sub(w->raw, w->at, w->content_end);
		size_t plain = slice_index(content, '=');
		if (plain > target - w->decoded)
			plain = target - w->decoded;
		w->at += plain ? plain : TOKEN_MAX;
		w->decoded += plain ? plain : 1;
	}
}

/* To the place where `target` bytes are decoded. With `passes_soft` that is behind a soft line end, else before it. */
static void walk_to(struct walk *w, size_t target, bool passes_soft)
{
	for (;;) {
		walk_octets(w, target);
		bool wants_more = w->decoded < target || (passes_soft && w->newline == 0);
		if (w->at < w->content_end || w->is_last || !wants_more)
			return;
		w->decoded += w->newline;
		w->at = w->line_end;
		read_line(w);
	}
}

/* ---- writing ---- */

struct writer {
	struct buf *to;
	struct slice newline;
	size_t column;
	bool is_behind_edit; /* nothing was copied since */
};

static void end_line_softly(struct writer *w)
{
	buf_append_byte(w->to, '=');
	buf_append(w->to, w->newline);
	w->column = 0;
}

/* Behind a line that is full there is no room for the "=": its last token moves to the next line. */
static void make_room(struct writer *w)
{
	char token[TOKEN_MAX];
	struct slice out = buf_slice(w->to);
	bool is_escape = out.n >= TOKEN_MAX && out.p[out.n - TOKEN_MAX] == '=';
	size_t n = is_escape ? TOKEN_MAX : 1;
	if (out.n < n)
		return;
	memcpy(token, out.p + out.n - n, n);
	buf_truncate(w->to, out.n - n);
	end_line_softly(w);
	buf_append_bytes(w->to, token, n);
	w->column = n;
}

static void put_octet(struct writer *w, char byte, bool is_literal, size_t limit)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char c = (unsigned char)byte;
	/* At the start of a line these could be taken for something else: the end of the mail, a boundary, mbox. */
	bool is_mistakable = byte == '.' || byte == '-' || byte == 'F';
	if (w->column == LINE_MAX_CHARACTERS && limit < LINE_MAX_CHARACTERS)
		make_room(w);
	if (w->column + (is_literal ? 1 : TOKEN_MAX) > limit)
		end_line_softly(w);
	if (is_literal && (w->column > 0 || !is_mistakable)) {
		buf_append_byte(w->to, byte);
		w->column++;
		return;
	}
	char token[TOKEN_MAX] = {'=', digits[c >> 4], digits[c & 15]};
	buf_append_bytes(w->to, token, TOKEN_MAX);
	w->column += TOKEN_MAX;
}

/* Without line ends of its own. `is_line_end`: a line end that stays follows, or the body ends. */
static void put_text(struct writer *w, struct slice text, bool is_line_end)
{
	for (size_t i = 0; i < text.n; i++) {
		bool is_last = i + 1 == text.n;
		char c = text.p[i];
		bool is_literal = c == ' ' || c == '\t' ? !is_last : c > ' ' && c < 0x7f && c != '=';
		put_octet(w, c, is_literal, is_last && is_line_end ? LINE_MAX_CHARACTERS : LINE_MAX_CHARACTERS - 1);
	}
}

/* Copies raw bytes. What is left of a line behind an edit moves to a line of its own when both are too much for one. */
static void copy_raw(struct writer *w, struct slice raw, bool is_end)
{
	if (raw.n == 0)
		return;
	size_t n = slice_index(raw, '\n');
	bool ends_line = n < raw.n;
	size_t length = n - (ends_line && n && raw.p[n - 1] == '\r');
	size_t limit = ends_line || is_end ? LINE_MAX_CHARACTERS : LINE_MAX_CHARACTERS - 1;
	if (w->is_behind_edit && w->column && w->column + length > limit)
		end_line_softly(w);
	w->is_behind_edit = false;
	buf_append(w->to, raw);
	while (n < raw.n) {
		raw = slice_from(raw, n + 1);
		w->column = 0;
		n = slice_index(raw, '\n');
	}
	w->column += raw.n;
}

void mime_splice_qp(struct slice raw, struct mime_edits edits, struct slice newline, struct buf *to)
{
	struct walk walk;
	struct writer writer = {.to = to, .newline = newline};
	size_t copied = 0;
	walk_init(&walk, raw);
	for (size_t i = 0; i < edits.count; i++) {
		const struct mime_edit *edit = &edits.edits[i];
		walk_to(&walk, edit->start, true);
		copy_raw(&writer, slice_sub(raw, copied, walk.at), false);
		put_text(&writer, edit->text, false);
		walk_to(&walk, edit->end, false);
		copied = walk.at;
		writer.is_behind_edit = true;
	}
	copy_raw(&writer, slice_from(raw, copied), true);
}

void mime_encode_qp(struct slice text, struct slice newline, struct buf *to)
{
	struct writer writer = {.to = to, .newline = newline};
	while (text.n) {
		struct slice line = slice_sub(text, 0, slice_index(text, '\n'));
		bool has_lf = line.n < text.n;
		bool has_crlf = has_lf && line.n && line.p[line.n - 1] == '\r';
		text = slice_from(text, line.n + has_lf);
		line.n -= has_crlf;
		put_text(&writer, line, true);
		if (has_lf)
			buf_append(to, has_crlf ? SLICE("\r\n") : SLICE("\n"));
		writer.column = 0;
	}
}

bool mime_qp_is_sound(struct slice raw)
{
	struct walk w;
	walk_init(&w, raw);
	for (;;) {
		struct slice content = slice_sub(w.raw, w.at, w.content_end);
		size_t plain = slice_index(content, '=');
		w.at += plain;
		if (plain < content.n) {
			if (content.n - plain < TOKEN_MAX || hex_byte(content.p[plain + 1], content.p[plain + 2]) < 0)
				return false;
			w.at += TOKEN_MAX;
		} else if (w.is_last) {
			return true;
		} else {
			w.at = w.line_end;
			read_line(&w);
		}
	}
}
