/* SPDX-License-Identifier: Apache-2.0 */
/* The raw body is walked token by token (an octet, a soft line end, a line end with the blanks in front of it),
 * counting decoded bytes, until an edit begins; so no table from decoded to raw offsets is needed. Blanks that a
 * decoder drops go with the line end behind them: what is inserted at the end of a line goes in front of them, or they
 * would come back.
 */
#include "codec/mime/mime_splice_qp.h"

#include "codec/text/hex.h"
#include "codec/text/quoted_printable.h"

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
		w->at += plain ? plain : QUOTED_PRINTABLE_OCTET;
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
	struct quoted_printable q;
	bool is_behind_edit; /* nothing was copied since */
};

/* Behind a line that is full, which only a copied one can be, there is no room for the "=": its last token moves to the
 * next line. */
static void make_room(struct quoted_printable *q)
{
	char token[QUOTED_PRINTABLE_OCTET];
	struct slice out = buf_slice(q->to);
	bool is_escape = out.n >= sizeof token && out.p[out.n - sizeof token] == '=';
	size_t n = is_escape ? sizeof token : 1;
	if (out.n < n)
		return;
	memcpy(token, out.p + out.n - n, n);
	buf_truncate(q->to, out.n - n);
	quoted_printable_end_softly(q);
	buf_append_bytes(q->to, token, n);
	q->column = n;
}

static void put_text(struct writer *w, struct slice text)
{
	if (text.n && w->q.column == QUOTED_PRINTABLE_LINE)
		make_room(&w->q);
	quoted_printable_put(&w->q, text, false);
}

/* Copies raw bytes. What is left of a line behind an edit moves to a line of its own when both are too much for one. */
static void copy_raw(struct writer *w, struct slice raw, bool is_end)
{
	if (raw.n == 0)
		return;
	size_t n = slice_index(raw, '\n');
	bool ends_line = n < raw.n;
	size_t length = n - (ends_line && n && raw.p[n - 1] == '\r');
	size_t limit = ends_line || is_end ? QUOTED_PRINTABLE_LINE : QUOTED_PRINTABLE_LINE - 1;
	if (w->is_behind_edit && w->q.column && w->q.column + length > limit)
		quoted_printable_end_softly(&w->q);
	w->is_behind_edit = false;
	buf_append(w->q.to, raw);
	while (n < raw.n) {
		raw = slice_from(raw, n + 1);
		w->q.column = 0;
		n = slice_index(raw, '\n');
	}
	w->q.column += raw.n;
}

void mime_splice_qp(struct slice raw, struct mime_edits edits, struct slice newline, struct buf *to)
{
	struct walk walk;
	struct writer writer = {.is_behind_edit = false};
	size_t copied = 0;
	quoted_printable_begin(&writer.q, to, newline);
	walk_init(&walk, raw);
	for (size_t i = 0; i < edits.count; i++) {
		const struct mime_edit *edit = &edits.edits[i];
		walk_to(&walk, edit->start, true);
		copy_raw(&writer, slice_sub(raw, copied, walk.at), false);
		put_text(&writer, edit->text);
		walk_to(&walk, edit->end, false);
		copied = walk.at;
		writer.is_behind_edit = true;
	}
	copy_raw(&writer, slice_from(raw, copied), true);
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
			if (content.n - plain < QUOTED_PRINTABLE_OCTET ||
			    hex_byte(content.p[plain + 1], content.p[plain + 2]) < 0)
				return false;
			w.at += QUOTED_PRINTABLE_OCTET;
		} else if (w.is_last) {
			return true;
		} else {
			w.at = w.line_end;
			read_line(&w);
		}
	}
}
