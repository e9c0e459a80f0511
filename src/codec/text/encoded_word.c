/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding cuts the text into runs of whole characters that fit a word of 75 characters. One encoding, Q or B, is
 * chosen for the whole text. Decoding is lenient about what is within a word and strict about its frame:
 * "=?charset?Q?text?=".
 */
#include "codec/text/encoded_word.h"

#include "codec/text/base64.h"
#include "codec/text/charset_decoder.h"
#include "codec/text/hex.h"
#include "codec/text/percent.h"
#include "codec/text/quoted_printable.h"
#include "codec/text/utf8.h"

enum {
	LINE_MAX_CHARACTERS = 76,
	WORD_MAX_CHARACTERS = 75,
	FRAME_CHARACTERS = 12,    /* "=?utf-8?Q?" and "?=" */
	WORD_USEFUL_MIN = 24,     /* with less room than this left, the word goes to the next line */
	PIECE_MAX_CHARACTERS = 60 /* of a parameter's value on one line */
};

/* RFC 2047, section 5 (3): what may stand in a word within a phrase. */
static bool is_q_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '!' || c == '*' ||
	       c == '+' || c == '-' || c == '/';
}

static size_t q_size(struct slice s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += is_q_safe(s.p[i]) || s.p[i] == ' ' ? 1 : 3;
	return n;
}

static void append_octet(struct buf *b, char byte)
{
	char text[3] = {'='};
	hex_put(text + 1, byte);
	buf_append_bytes(b, text, sizeof text);
}

static void append_q(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ')
			buf_append_byte(b, '_');
		else if (is_q_safe(s.p[i]))
			buf_append_byte(b, s.p[i]);
		else
			append_octet(b, s.p[i]);
	}
}

/* The longest run of whole characters whose encoded form fits into `room`; at least one character. */
static struct slice take_run(struct slice *text, size_t room, bool use_q)
{
	size_t n = 0;
	while (n < text->n) {
		size_t size = utf8_character_size(slice_from(*text, n));
		struct slice longer = slice_sub(*text, 0, n + (size ? size : 1));
		if (n && (use_q ? q_size(longer) : base64_size(longer.n)) > room)
			break;
		n = longer.n;
	}
	struct slice run = slice_sub(*text, 0, n);
	*text = slice_from(*text, n);
	return run;
}

/* A word of 75 characters in a line of 76 (RFC 2047, 2). With little room left in the first line the word goes to the
 * next: a word of four letters costs twelve of frame. */
size_t encoded_word_append(struct buf *b, struct slice text, size_t column)
{
	bool use_q = q_size(text) <= base64_size(text.n);
	while (text.n) {
		if (column + WORD_USEFUL_MIN > LINE_MAX_CHARACTERS) {
			buf_append(b, SLICE("\r\n "));
			column = 1;
		}
		size_t room = LINE_MAX_CHARACTERS - column;
		if (room > WORD_MAX_CHARACTERS)
			room = WORD_MAX_CHARACTERS;
		struct slice run = take_run(&text, room - FRAME_CHARACTERS, use_q);
		size_t before = b->n;
		buf_append(b, use_q ? SLICE("=?utf-8?Q?") : SLICE("=?utf-8?B?"));
		if (use_q)
			append_q(b, run);
		else
			base64_append(b, run);
		buf_append(b, SLICE("?="));
		column += b->n - before;
		if (text.n) {
			buf_append(b, SLICE("\r\n "));
			column = 1;
		}
	}
	return column;
}

/* RFC 2231 attribute-char: a token character but "*", "'" and "%". */
static bool is_attribute_safe(char c)
{
	return is_q_safe(c) ? c != '*' && c != '/' : c == '.' || c == '_' || c == '~';
}

static bool is_plain_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return true;
}

static void append_quoted(struct buf *b, struct slice s)
{
	buf_append_byte(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_append_byte(b, '\\');
		buf_append_byte(b, s.p[i]);
	}
	buf_append_byte(b, '"');
}

static size_t percent_size(struct slice s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += is_attribute_safe(s.p[i]) ? 1 : 3;
	return n;
}

static void append_percent(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is_attribute_safe(s.p[i]))
			buf_append_byte(b, s.p[i]);
		else
			percent_append_byte(b, s.p[i]);
	}
}

/* Plain when it is short ASCII, in one piece when it fits, else in numbered pieces (RFC 2231, 3), each of whole
 * characters: some readers decode a piece at a time. */
void encoded_parameter_append(struct buf *b, const char *name, struct slice value)
{
	if (is_plain_ascii(value) && value.n <= PIECE_MAX_CHARACTERS) {
		buf_printf(b, ";\r\n %s=", name);
		append_quoted(b, value);
		return;
	}
	if (percent_size(value) <= PIECE_MAX_CHARACTERS - 7) {
		buf_printf(b, ";\r\n %s*=utf-8''", name);
		append_percent(b, value);
		return;
	}
	for (unsigned piece = 0; value.n; piece++) {
		size_t n = 0;
		size_t room = PIECE_MAX_CHARACTERS - (piece == 0 ? 7 : 0);
		for (size_t size; n < value.n; n += size) {
			size = utf8_character_size(slice_from(value, n));
			size = size ? size : 1;
			if (n && percent_size(slice_sub(value, 0, n + size)) > room)
				break;
		}
		buf_printf(b, ";\r\n %s*%u*=%s", name, piece, piece == 0 ? "utf-8''" : "");
		append_percent(b, slice_sub(value, 0, n));
		value = slice_from(value, n);
	}
}

/* ---- Decoding. */

struct word {
	struct slice charset;
	char encoding; /* 'q' or 'b' */
	struct slice text;
};

/* Takes "charset?Q?text?=" off the front of *rest, which stands behind a "=?". */
static bool take_word(struct slice *rest, struct word *ret)
{
	struct slice s = *rest;
	size_t charset_end = slice_index(s, '?');
	if (charset_end == 0 || charset_end + 3 > s.n || s.p[charset_end + 2] != '?')
		return false;
	char encoding = (char)(s.p[charset_end + 1] | 0x20);
	struct slice body = slice_from(s, charset_end + 3);
	size_t text_end = slice_index(body, '?');
	if ((encoding != 'q' && encoding != 'b') || text_end + 1 >= body.n || body.p[text_end + 1] != '=')
		return false;
	struct slice charset = slice_sub(s, 0, charset_end);
	/* RFC 2231, section 5: a language may follow behind "*". */
	charset.n = slice_index(charset, '*');
	*ret = (struct word){charset, encoding, slice_sub(body, 0, text_end)};
	*rest = slice_from(body, text_end + 2);
	return true;
}

/* The words of a header mostly share a charset, and so a decoder. One may change its charset a few times; opening one
 * can take milliseconds, which a header of words in ever another charset is not worth. */
struct word_decoder {
	struct charset_decoder decoder;
	unsigned opened;
};

static struct charset_decoder *decoder_for(struct word_decoder *d, struct slice charset)
{
	enum { OPENED_MAX = 16 };
	const struct charset *wanted = charset_of(d->opened < OPENED_MAX ? charset : SLICE_EMPTY);
	if (wanted != d->decoder.charset) {
		d->opened += d->decoder.iconv != NULL;
		charset_decoder_done(&d->decoder);
		charset_decoder_init(&d->decoder, wanted);
	}
	return &d->decoder;
}

static void append_word(struct buf *to, const struct word *w, struct word_decoder *decoder)
{
	struct buf bytes;
	buf_init(&bytes, w->text.n + 4);
	if (w->encoding == 'b') {
		base64_decode_lenient(w->text, &bytes);
	} else {
		struct buf spaced;
		buf_init(&spaced, w->text.n + 1);
		for (size_t i = 0; i < w->text.n; i++)
			buf_append_byte(&spaced, w->text.p[i] == '_' ? ' ' : w->text.p[i]);
		/* Not quoted_printable_decode as it is: that drops the spaces at the end. */
		buf_append_byte(&spaced, 'x');
		quoted_printable_decode(buf_slice(&spaced), &bytes);
		buf_truncate(&bytes, bytes.n ? bytes.n - 1 : 0);
		buf_done(&spaced);
	}
	charset_decode_lossy(decoder_for(decoder, w->charset), buf_slice(&bytes), to);
	buf_done(&bytes);
}

/* Header text outside of words: folding and control characters become spaces. */
static void append_outside(struct buf *to, struct slice s)
{
	struct buf flat;
	buf_init(&flat, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n')
			continue;
		buf_append_byte(&flat, (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? ' ' : s.p[i]);
	}
	utf8_append_lossy(to, buf_slice(&flat));
	buf_done(&flat);
}

/* Also what was encoded: a line break in a subject would end the header of whoever writes it out again. */
static void replace_controls(struct buf *b, size_t from)
{
	for (size_t i = from; i < b->n; i++)
		if ((unsigned char)b->p[i] < ' ' || b->p[i] == 0x7f)
			b->p[i] = ' ';
}

void encoded_word_decode(struct slice raw, struct buf *to)
{
	struct word_decoder decoder = {.opened = 0};
	bool after_word = false;
	size_t from = to->n;
	charset_decoder_init(&decoder.decoder, charset_of(SLICE_EMPTY));
	raw = slice_trim(raw);
	while (raw.n) {
		size_t at = 0;
		while (at + 1 < raw.n && (raw.p[at] != '=' || raw.p[at + 1] != '?'))
			at++;
		if (at + 1 >= raw.n)
			break;
		struct slice rest = slice_from(raw, at + 2);
		struct word w;
		bool is_word = take_word(&rest, &w);
		struct slice between = slice_sub(raw, 0, is_word ? at : at + 2);
		/* White space between two words is not shown (RFC 2047, 6.2): it is there only because a word may not
		 * be longer. */
		if (!is_word || !after_word || slice_trim(between).n)
			append_outside(to, between);
		if (is_word)
			append_word(to, &w, &decoder);
		after_word = is_word;
		raw = rest;
	}
	append_outside(to, raw);
	replace_controls(to, from);
	charset_decoder_done(&decoder.decoder);
}
