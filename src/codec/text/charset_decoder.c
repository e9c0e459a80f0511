/* SPDX-License-Identifier: Apache-2.0 */
/* A strict decoding reserves all the room that it may need before it opens iconv, and so holds nothing of malloc's
 * while it allocates. A lossy one, which is for whole bodies, takes its room as it goes. */
#include "codec/text/charset_decoder.h"

#include "codec/text/utf8.h"
#include <errno.h>
#include <iconv.h>

enum {
	UTF8_ROOM = 4,   /* bytes of UTF-8 for one byte; it is three in some charsets of single bytes */
	UTF8_LEAST = 16, /* for what a stateful one has in reserve at the end */
};
static const char replacement[3] = {'\xef', '\xbf', '\xbd'};

void charset_decoder_init(struct charset_decoder *decoder, const struct charset *charset)
{
	*decoder = (struct charset_decoder){.charset = charset};
}

void charset_decoder_done(struct charset_decoder *decoder)
{
	if (decoder->iconv)
		(void)iconv_close(decoder->iconv);
	decoder->iconv = NULL;
}

/* ---- by iconv ---- */

static bool is_open(struct charset_decoder *decoder)
{
	if (decoder->iconv || decoder->is_missing)
		return decoder->iconv != NULL;
	iconv_t handle = iconv_open("UTF-8", decoder->charset->iconv_name);
	decoder->is_missing = handle == (iconv_t)-1;
	decoder->iconv = decoder->is_missing ? NULL : handle;
	return !decoder->is_missing;
}

/* What is left on both sides. */
struct conversion {
	char *from;
	size_t from_n;
	char *to;
	size_t to_n;
};

/* False at a byte that is no character, and when there is no more room; errno says which. */
static bool run(struct charset_decoder *decoder, struct conversion *c)
{
	return iconv(decoder->iconv, &c->from, &c->from_n, &c->to, &c->to_n) != (size_t)-1;
}

/* Some keep a letter back, for an accent that may follow it. The decoder is at its beginning afterwards. */
static bool flush(struct charset_decoder *decoder, struct conversion *c)
{
	return iconv(decoder->iconv, NULL, NULL, &c->to, &c->to_n) != (size_t)-1;
}

static bool convert(struct charset_decoder *decoder, struct slice bytes, struct buf *to)
{
	size_t room = UTF8_ROOM * bytes.n + UTF8_LEAST;
	char *start = buf_reserve(to, room);
	if (!start || !is_open(decoder))
		return false;
	struct conversion c = {(char *)(uintptr_t)bytes.p, bytes.n, start, room};
	bool is_good = run(decoder, &c);
	is_good = flush(decoder, &c) && is_good;
	size_t n = (size_t)(c.to - start);
	is_good = is_good && !memchr(start, 0, n);
	buf_commit(to, is_good ? n : 0);
	return is_good;
}

/* Steps over what is no character: one byte, or all when the text ends within one. */
static void skip(struct conversion *c, struct buf *to)
{
	size_t n = errno == EINVAL ? c->from_n : 1;
	c->from += n;
	c->from_n -= n;
	buf_append_bytes(to, replacement, sizeof replacement);
}

/* Sets the conversion to the end of `to`, with room for what is likely to come. */
static bool take_room(struct conversion *c, struct buf *to)
{
	size_t likely = c->from_n + c->from_n / 2 + UTF8_LEAST;
	size_t left = to->max - to->n;
	c->to_n = likely < left ? likely : left;
	c->to = c->to_n >= UTF8_LEAST ? buf_reserve(to, c->to_n) : NULL;
	return c->to != NULL;
}

static void convert_lossy(struct charset_decoder *decoder, struct slice bytes, struct buf *to)
{
	struct conversion c = {.from = (char *)(uintptr_t)bytes.p, .from_n = bytes.n};
	bool is_done = false;
	while (!is_done && take_room(&c, to)) {
		size_t room = c.to_n;
		is_done = run(decoder, &c);
		bool is_stuck = !is_done && errno != E2BIG;
		if (is_done)
			(void)flush(decoder, &c);
		buf_commit(to, room - c.to_n);
		if (is_stuck)
			skip(&c, to);
	}
	if (!is_done)
		(void)buf_reserve(to,
				  to->max); /* what did not fit makes the buffer failed, as every other append does */
}

/* ---- all ---- */

static void append_windows_1252(struct buf *to, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		utf8_append(to, charset_windows_1252((uint8_t)bytes.p[i]));
}

/* NUL is none that a browser would keep. */
static void append_without_nul(struct buf *to, struct slice text)
{
	while (text.n > 0) {
		size_t n = slice_index(text, 0);
		buf_append(to, slice_sub(text, 0, n));
		if (n < text.n)
			buf_append_bytes(to, replacement, sizeof replacement);
		text = slice_from(text, n + 1);
	}
}

static bool is_all_ascii(const struct charset *charset, struct slice bytes)
{
	if (charset->markup == CHARSET_ESCAPED && slice_index(bytes, '\x1b') < bytes.n)
		return false;
	return charset->markup != CHARSET_UNSAFE && slice_is_ascii(bytes);
}

bool charset_decode(struct charset_decoder *decoder, struct slice bytes, struct buf *to)
{
	const struct charset *charset = decoder->charset;
	bool is_utf8 = charset->reading == CHARSET_READ_UTF8;
	if (is_all_ascii(charset, bytes) || (is_utf8 && utf8_is_valid(bytes)))
		append_without_nul(to, bytes);
	else if (is_utf8 || charset->reading == CHARSET_READ_WINDOWS_1252)
		append_windows_1252(to, bytes);
	else
		return charset->reading == CHARSET_READ_BY_ICONV && convert(decoder, bytes, to);
	return true;
}

void charset_decode_lossy(struct charset_decoder *decoder, struct slice bytes, struct buf *to)
{
	const struct charset *charset = decoder->charset;
	bool is_ascii = is_all_ascii(charset, bytes);
	if (charset->reading == CHARSET_READ_WINDOWS_1252 && !is_ascii)
		append_windows_1252(to, bytes);
	else if (charset->reading == CHARSET_READ_BY_ICONV && !is_ascii && is_open(decoder))
		convert_lossy(decoder, bytes, to);
	else
		utf8_append_lossy(to, bytes);
}

/* ---- several ---- */

static size_t room_for(const struct charset_piece *piece)
{
	return UTF8_ROOM * piece->bytes.n + UTF8_LEAST;
}

/* Decodes as many pieces as have room in `scratch`, and at least one. Their texts lie there. */
static size_t decode_batch(const struct charset *charset, struct charset_piece *pieces, size_t count,
			   struct buf *scratch)
{
	struct charset_decoder decoder;
	size_t done = 0;
	buf_clear(scratch);
	charset_decoder_init(&decoder, charset);
	for (; done < count && room_for(&pieces[done]) <= scratch->max - scratch->n; done++) {
		size_t before = scratch->n;
		pieces[done].is_decoded = charset_decode(&decoder, pieces[done].bytes, scratch);
		pieces[done].text = slice_from(buf_slice(scratch), before);
	}
	charset_decoder_done(&decoder);
	return done;
}

void charset_decode_pieces(const struct charset *charset, struct charset_piece *pieces, size_t count,
			   struct arena *arena)
{
	enum { BATCH_ROOM = 65536 };
	size_t needed = 0;
	size_t largest = 0;
	for (size_t i = 0; i < count; i++) {
		needed += room_for(&pieces[i]);
		largest = room_for(&pieces[i]) > largest ? room_for(&pieces[i]) : largest;
	}
	size_t usual = needed < BATCH_ROOM ? needed : BATCH_ROOM;
	size_t size = largest > usual ? largest : usual;
	struct buf scratch;
	buf_init_fixed(&scratch, arena_alloc(arena, size + 1), size + 1);
	for (size_t at = 0; at < count;) {
		size_t n = decode_batch(charset, pieces + at, count - at, &scratch);
		for (size_t end = at + n; at < end; at++)
			pieces[at].text = pieces[at].is_decoded ? arena_copy(arena, pieces[at].text) : SLICE_EMPTY;
	}
}
