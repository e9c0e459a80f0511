/* SPDX-License-Identifier: Apache-2.0 */
/* base64: RFC 4648 section 4, with padding, as mail, webhooks and JSON carry it. For URLs: base64url.h. Pure. */
#ifndef PUGMARK_CODEC_BASE64_H
#define PUGMARK_CODEC_BASE64_H

#include "base/buf.h"

enum { BASE64_LINE_BYTES = 57 }; /* bytes in a line of 76 characters, the most RFC 2045 allows */

/* Characters for `n` bytes, padding included, without line ends. */
static inline size_t base64_size(size_t n)
{
	return (n + 2) / 3 * 4;
}
/* The same for base64_append_lines. */
size_t base64_lines_size(size_t n);

void base64_append(struct buf *b, struct slice bytes);
/* In lines of at most 76 characters with CRLF between them, none behind the last. */
void base64_append_lines(struct buf *b, struct slice bytes);

/* Strict: padded to a multiple of four, nothing but the alphabet, no stray bits. STATUS_BAD_INPUT, or STATUS_TOO_BIG
 * when the buffer's maximum is passed; nothing is appended then. */
enum status base64_decode(struct slice text, struct buf *to) MUST_CHECK;
/* As RFC 2045 wants a mail reader to: skips everything that is not of the alphabet, ends at the first padding. Never
 * fails but by the buffer's maximum. */
void base64_decode_lenient(struct slice text, struct buf *to);

/* The six bits of one character, given the alphabet's last two; -1 for a character that is not of it. */
static inline int base64_value(char c, char sixty_two, char sixty_three)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == sixty_two ? 62 : c == sixty_three ? 63 : -1;
}

#endif
