/* SPDX-License-Identifier: Apache-2.0 */
/* query: percent-encoding, and `name=value&…` as in URLs and application/x-www-form-urlencoded bodies.
 *
 * A '%' that two hexadecimal digits do not follow is refused, never passed through: two readers that disagree about it
 * see two different requests.
 */
#ifndef PUGMARK_CODEC_QUERY_H
#define PUGMARK_CODEC_QUERY_H

#include "base/arena.h"
#include "base/buf.h"

enum percent_mode {
	PERCENT_PATH,  /* '+' is a plus */
	PERCENT_QUERY, /* '+' is a space */
};

/* The decoded bytes; any byte may come out, NUL too. `text` itself when nothing is encoded in it, else a copy in the
 * arena. STATUS_BAD_INPUT: a malformed '%'. */
enum status percent_decode(struct slice text, enum percent_mode mode, struct arena *arena,
			   struct slice *ret) MUST_CHECK;
/* Everything but A-Z a-z 0-9 - . _ ~ becomes %XX. */
void percent_encode(struct buf *b, struct slice bytes);

struct query {
	struct slice rest; /* what is not read yet */
};

static inline struct query query_read(struct slice text)
{
	return (struct query){text};
}

struct query_parameter {
	struct slice name;
	struct slice value; /* empty when there is no '=' */
};

/* The next parameter, decoded; empty ones ("&&") are passed over. STATUS_END after the last, STATUS_BAD_INPUT at a
 * malformed one, which is then behind. Lifetimes as percent_decode. */
enum status query_next(struct query *query, struct arena *arena, struct query_parameter *ret) MUST_CHECK;

/* The value of the first parameter of that name. STATUS_NOT_FOUND; STATUS_BAD_INPUT when its value, or any name before
 * it, is malformed. */
enum status query_find(struct slice text, struct slice name, struct arena *arena, struct slice *ret_value) MUST_CHECK;

#endif
