/* SPDX-License-Identifier: Apache-2.0 */
/* Content is brought to CRLF first, since the encodings and the limits of a line are defined on that. 7bit is taken
 * only when no relay has a reason to touch a line of it; a body that a relay re-encodes no longer fits its DKIM
 * signature. */
#include "codec/mail/mail_part.h"

#include "codec/text/base64.h"
#include "codec/text/encoded_word.h"
#include "codec/text/quoted_printable.h"

enum {
	LINE_AIM = 78, /* RFC 5322, 2.1.1 */
	LINE_MAX_BYTES = 998,
};

/* Every line end, CRLF, LF or CR, becomes CRLF. */
static void append_canonical(struct buf *to, struct slice s)
{
	while (s.n) {
		size_t n = 0;
		while (n < s.n && s.p[n] != '\r' && s.p[n] != '\n')
			n++;
		buf_append(to, slice_sub(s, 0, n));
		if (n == s.n)
			return;
		buf_append(to, SLICE("\r\n"));
		s = slice_from(s, n + (s.p[n] == '\r' && n + 1 < s.n && s.p[n + 1] == '\n' ? 2 : 1));
	}
}

/* Whether a line may go as it is: nothing in it that some relay is known to change, nor our boundaries' beginning. */
static bool is_plain_line(struct slice line, size_t max)
{
	if (line.n > max || slice_starts_with(line, SLICE("From ")) || slice_starts_with(line, SLICE("--=_")))
		return false;
	if (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		return false;
	for (size_t i = 0; i < line.n; i++)
		if ((line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] > '~')
			return false;
	return true;
}

/* `s` has CRLF line ends, or it is not plain. */
static bool is_plain(struct slice s, size_t max)
{
	while (s.n) {
		size_t n = slice_index(s, '\n');
		struct slice line = slice_sub(s, 0, n);
		if (n < s.n && (line.n == 0 || line.p[--line.n] != '\r'))
			return false;
		if (!is_plain_line(line, max))
			return false;
		s = slice_from(s, n + 1);
	}
	return true;
}

static void append_encoding(struct buf *b, const char *name)
{
	buf_printf(b, "Content-Transfer-Encoding: %s\r\n\r\n", name);
}

void mail_part_append_text(struct buf *b, const char *type, struct slice content)
{
	struct buf canonical;
	buf_init(&canonical, content.n * 2 + 1);
	append_canonical(&canonical, content);
	struct slice text = buf_slice(&canonical);
	buf_printf(b, "Content-Type: %s; charset=utf-8\r\n", type);
	if (is_plain(text, LINE_AIM)) {
		append_encoding(b, "7bit");
		buf_append(b, text);
		/* Whichever is shorter: base64 for text that is mostly not ASCII. Latin scripts stay legible in the
		 * source. */
	} else if (quoted_printable_size(text) <= base64_lines_size(text.n)) {
		append_encoding(b, "quoted-printable");
		quoted_printable_append(b, text, SLICE("\r\n"));
	} else {
		append_encoding(b, "base64");
		base64_append_lines(b, text);
	}
	buf_done(&canonical);
}

static void append_disposition(struct buf *b, const struct mail_attachment *a, bool inline_one)
{
	buf_append_cstr(b, inline_one ? "Content-Disposition: inline" : "Content-Disposition: attachment");
	if (a->filename.n)
		encoded_parameter_append(b, "filename", a->filename);
	buf_append(b, SLICE("\r\n"));
	if (!a->cid.n)
		return;
	buf_append(b, SLICE("Content-ID: <"));
	buf_append(b, a->cid);
	buf_append(b, SLICE(">\r\n"));
}

/* An attached message must not be encoded (RFC 2046, 5.2.1); one that is not plain goes as a file. */
void mail_part_append_attachment(struct buf *b, const struct mail_attachment *a, bool inline_one)
{
	struct slice type = a->content_type.n ? a->content_type : SLICE("application/octet-stream");
	bool as_message = slice_equal_nocase(type, SLICE("message/rfc822")) && is_plain(a->bytes, LINE_MAX_BYTES);
	if (!as_message && slice_starts_with_nocase(type, SLICE("message/")))
		type = SLICE("application/octet-stream");
	buf_append(b, SLICE("Content-Type: "));
	buf_append(b, type);
	buf_append(b, SLICE("\r\n"));
	append_disposition(b, a, inline_one);
	append_encoding(b, as_message ? "7bit" : "base64");
	if (as_message)
		buf_append(b, a->bytes);
	else
		base64_append_lines(b, a->bytes);
}
