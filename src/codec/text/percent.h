/* SPDX-License-Identifier: Apache-2.0 */
/* percent: percent-encoding (RFC 3986, 2.1), as URLs, forms and mail parameters (RFC 2231) carry it. Pure. */
#ifndef PUGMARK_CODEC_PERCENT_H
#define PUGMARK_CODEC_PERCENT_H

#include "base/arena.h"
#include "base/buf.h"

enum percent_mode {
	PERCENT_PATH,  /* '+' is a plus */
	PERCENT_QUERY, /* '+' is a space */
};

/* The decoded bytes; any byte may come out, NUL too. `text` itself when nothing is encoded in it, else a copy in the
 * arena. STATUS_BAD_INPUT: a '%' that two hexadecimal digits do not follow. For requests: two readers that disagree
 * about such a one see two different requests. */
enum status percent_decode(struct slice text, enum percent_mode mode, struct arena *arena,
			   struct slice *ret) MUST_CHECK;
/* Appends the decoded bytes; a '%' that two digits do not follow stands for itself, as browsers and mail clients take
 * it. For what is only looked at. */
void percent_append_decoded(struct buf *b, struct slice text);

/* Appends %XX. */
void percent_append_byte(struct buf *b, char byte);
/* Appends `bytes`, in which everything but A-Z a-z 0-9 - . _ ~ becomes %XX. */
void percent_encode(struct buf *b, struct slice bytes);

#endif
