/* SPDX-License-Identifier: Apache-2.0 */
/* Written out bit by bit instead of in groups: what is in a URL is a hundred bytes, and there is no padding to treat.
 */
#include "codec/text/base64url.h"

#include "codec/text/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_append(struct buf *b, struct slice bytes)
{
	char *to = buf_reserve(b, base64url_size(bytes.n));
	if (!to)
		return;
	size_t n = 0;
	uint32_t bits = 0;
	int have = 0;
	for (size_t i = 0; i < bytes.n; i++) {
		bits = bits << 8 | (unsigned char)bytes.p[i];
		for (have += 8; have >= 6;) {
			have -= 6;
			to[n++] = alphabet[bits >> have & 63];
		}
	}
	if (have)
		to[n++] = alphabet[bits << (6 - have) & 63];
	buf_commit(b, n);
}

enum status base64url_decode(struct slice text, void *to, size_t size, size_t *ret_n)
{
	unsigned char *out = to;
	size_t n = 0;
	uint32_t bits = 0;
	int have = 0;
	if (text.n % 4 == 1)
		return STATUS_BAD_INPUT;
	if (text.n / 4 * 3 + (text.n % 4 ? text.n % 4 - 1 : 0) > size)
		return STATUS_TOO_BIG;
	for (size_t i = 0; i < text.n; i++) {
		int value = base64_value(text.p[i], '-', '_');
		if (value < 0)
			return STATUS_BAD_INPUT;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (unsigned char)(bits >> have);
		}
	}
	if (bits & ((1U << have) - 1))
		return STATUS_BAD_INPUT; /* a second spelling of the same bytes */
	*ret_n = n;
	return STATUS_OK;
}
