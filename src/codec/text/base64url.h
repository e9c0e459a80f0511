/* SPDX-License-Identifier: Apache-2.0 */
/* base64url: RFC 4648 section 5, without padding. Only the one canonical text of some bytes is accepted: no padding, no
 * other alphabet, no stray bits in the last character. */
#ifndef PUGMARK_CODEC_BASE64URL_H
#define PUGMARK_CODEC_BASE64URL_H

#include "base/buf.h"

static inline size_t base64url_size(size_t bytes)
{
	return (bytes * 4 + 2) / 3;
}

void base64url_append(struct buf *b, struct slice bytes);
/* Writes at most `size` bytes to `to`. STATUS_BAD_INPUT for text that is not canonical, STATUS_TOO_BIG when it does not
 * fit; *ret_n is untouched then. */
enum status base64url_decode(struct slice text, void *to, size_t size, size_t *ret_n) MUST_CHECK;

#endif
