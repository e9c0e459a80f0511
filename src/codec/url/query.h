/* SPDX-License-Identifier: Apache-2.0 */
/* query: `name=value&…` as in URLs and application/x-www-form-urlencoded bodies, read as strictly as percent_decode. */
#ifndef PUGMARK_CODEC_QUERY_H
#define PUGMARK_CODEC_QUERY_H

#include "codec/text/percent.h"

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
