/* SPDX-License-Identifier: Apache-2.0 */
/* sse: frames of a Server-Sent Events stream (WHATWG HTML, section 9.2), for http_stream_write.
 *
 * No byte that is handed in can end a frame or forge a field: data is cut at every CR, LF or CR LF into lines of its
 * own; the browser puts them together with LF. An event name or id that holds a line break or NUL fails the buffer's
 * caller.
 */
#ifndef PUGMARK_NET_SSE_H
#define PUGMARK_NET_SSE_H

#include "base/buf.h"

struct sse_event {
	struct slice id;   /* empty: no id line */
	struct slice name; /* empty: "message" to the browser */
	struct slice data;
};

/* One frame. STATUS_BAD_INPUT, and nothing appended: a line break or NUL in id or name. STATUS_TOO_BIG: the buffer's
 * maximum. */
enum status sse_append_event(struct buf *b, const struct sse_event *event) MUST_CHECK;
/* A comment, which browsers ignore and proxies take for a sign of life; line breaks in it start new comment lines. */
void sse_append_comment(struct buf *b, struct slice text);
/* How long the browser waits before it connects again. */
void sse_append_retry(struct buf *b, uint32_t retry_ms);

#endif
