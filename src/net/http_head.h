/* SPDX-License-Identifier: Apache-2.0 */
/* http_head: the request line and headers of one request, read twice.
 *
 * Our own splitter cuts the block into slices and allows nothing two readers could see differently; llhttp (strict)
 * then judges the same bytes, and both must agree on how long the body is. Anything in doubt is refused, because a
 * proxy in front may have decided otherwise (request smuggling, RFC 9112 section 11.2).
 */
#ifndef PUGMARK_NET_HTTP_HEAD_H
#define PUGMARK_NET_HTTP_HEAD_H

#include "base/slice.h"

struct http_head_field {
	struct slice name, value; /* without blanks around */
};

struct http_head {
	struct http_head_field *fields; /* the caller's memory, field_max of them */
	size_t field_max;
	size_t field_count;
	struct slice bytes; /* what was read */
	struct slice method, target, path, query;
	uint64_t content_length; /* 0 when chunked */
	uint8_t minor;           /* of HTTP/1.x: 0 or 1 */
	bool chunked, keep_alive, expect_continue;
};

enum http_head_end { HTTP_HEAD_MORE, HTTP_HEAD_WHOLE, HTTP_HEAD_BAD };

/* Looks for the blank line that ends the block; *scanned keeps the place between calls on a growing `bytes` (0 at the
 * start) and is the length of the whole block at HTTP_HEAD_WHOLE. HTTP_HEAD_BAD: a line that does not end in CR LF. */
enum http_head_end http_head_find_end(struct slice bytes, size_t *scanned);

/* Reads a whole block. 0, or the status to refuse with: 400, 417, 431, 505. All slices point into `bytes`. */
unsigned http_head_read(struct http_head *head, struct slice bytes);

/* The value of the first field of that name, or p == NULL. */
struct slice http_head_field(const struct http_head *head, struct slice name);

#endif
