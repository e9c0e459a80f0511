/* SPDX-License-Identifier: Apache-2.0 */
/* Two decoders, since two kinds of readers want opposite things. Keys, webhooks and JSON have one spelling for some
 * bytes, and a second one is refused, or two texts would be one signature. Mail is decoded whatever stands between the
 * digits (RFC 2045, 6.8). */
#include "codec/text/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *put_group(char *to, const unsigned char *p, size_t n)
{
	uint32_t bits = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0U);
	to[0] = alphabet[bits >> 18];
	to[1] = alphabet[bits >> 12 & 63];
	to[2] = n > 1 ? alphabet[bits >> 6 & 63] : '=';
	to[3] = n > 2 ? alphabet[bits & 63] : '=';
	return to + 4;
}

void base64_append(struct buf *b, struct slice bytes)
{
	char *start = buf_reserve(b, base64_size(bytes.n));
	if (!start)
		return;
	char *to = start;
	const unsigned char *p = (const unsigned char *)bytes.p;
	size_t left = bytes.n;
	for (; left >= 3; left -= 3, p += 3)
		to = put_group(to, p, 3);
	if (left)
		to = put_group(to, p, left);
	buf_commit(b, (size_t)(to - start));
}

size_t base64_lines_size(size_t n)
{
	size_t lines = (n + BASE64_LINE_BYTES - 1) / BASE64_LINE_BYTES;
	return base64_size(n) + (lines ? (lines - 1) * 2 : 0);
}

/* No line end behind the last: whether one belongs there is for whoever puts the part together. */
void base64_append_lines(struct buf *b, struct slice bytes)
{
	while (bytes.n > BASE64_LINE_BYTES) {
		base64_append(b, slice_sub(bytes, 0, BASE64_LINE_BYTES));
		buf_append(b, SLICE("\r\n"));
		bytes = slice_from(bytes, BASE64_LINE_BYTES);
	}
	base64_append(b, bytes);
}

static int value_of(char c)
{
	return base64_value(c, '+', '/');
}

/* Two bits are left over in front of one padding character and four in front of two; they must be zero, or the same
 * bytes would have other texts as well (RFC 4648, 3.5). */
static bool is_canonical(struct slice text, size_t padding)
{
	size_t n = text.n - padding;
	for (size_t i = 0; i < n; i++)
		if (value_of(text.p[i]) < 0)
			return false;
	if (padding == 0)
		return true;
	int stray = padding == 1 ? 3 : 15;
	return (value_of(text.p[n - 1]) & stray) == 0;
}

enum status base64_decode(struct slice text, struct buf *to)
{
	if (text.n % 4)
		return STATUS_BAD_INPUT;
	size_t padding = slice_ends_with(text, SLICE("==")) ? 2 : slice_ends_with(text, SLICE("=")) ? 1 : 0;
	if (!is_canonical(text, padding))
		return STATUS_BAD_INPUT;
	if (buf_failed(to) || text.n / 4 * 3 - padding > to->max - to->n)
		return STATUS_TOO_BIG;
	base64_decode_lenient(text, to);
	return STATUS_OK;
}

void base64_decode_lenient(struct slice text, struct buf *to)
{
	/* Everything that is skipped only makes the result shorter, so this is enough room. */
	size_t most = text.n / 4 * 3 + 3;
	if (most > to->max - to->n)
		most = to->max - to->n;
	unsigned char *out = (unsigned char *)buf_reserve(to, most);
	uint32_t bits = 0;
	int have = 0;
	size_t n = 0;
	if (!out)
		return;
	for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
		int value = value_of(text.p[i]);
		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (n < most)
			out[n] = (unsigned char)(bits >> have);
		n++;
	}
	buf_commit(to, n < most ? n : most);
	if (n > most)
		(void)buf_reserve(to, n); /* what did not fit makes the buffer failed, as every other append does */
}
