/* SPDX-License-Identifier: Apache-2.0 */
/* json_shape: what a JSON text would become in memory, before anybody builds it.
 *
 * A tree takes many times the bytes of its text: 37 MB of "[[],[],…]" became 1.8 GB. Brackets and commas outside of
 * strings say how many nodes there will be and how deep they lie. The text need not be JSON: of one that is none, this
 * counts no fewer nodes than a parser makes before it gives up.
 */
#ifndef PUGMARK_CODEC_JSON_SHAPE_H
#define PUGMARK_CODEC_JSON_SHAPE_H

#include "base/slice.h"

struct json_shape {
	size_t containers; /* objects and lists */
	size_t values;     /* everything else, and names of members */
	size_t depth;      /* brackets inside each other, at most */
};

/* One pass, nothing is allocated. */
struct json_shape json_shape_of(struct slice text);

/* Bytes that jansson's tree of it takes, at most. */
size_t json_shape_tree_bytes(const struct json_shape *shape, struct slice text);

#endif
