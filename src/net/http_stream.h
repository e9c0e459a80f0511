/* SPDX-License-Identifier: Apache-2.0 */
/* http_stream: answers of http_server that go out while they are being made, on the loop's thread. The request is taken
 * over, as by any answer; its connection ends with the answer. */
#ifndef PUGMARK_NET_HTTP_STREAM_H
#define PUGMARK_NET_HTTP_STREAM_H

#include "net/http_server.h"

/* A response without end (Server-Sent Events): headers go out at once, then what is written. */
struct http_stream;
struct http_stream *http_answer_stream(struct http_request *request, unsigned status, const struct http_header *headers,
				       size_t header_count, void (*closed)(void *user, struct http_stream *stream),
				       void *user);

/* An answer that has an end and is too long to be held: it is made as it is read. HTTP/1.1 gets it in chunks, HTTP/1.0
 * until the connection ends, which it does afterwards in either case. Whoever got only a part of it can tell: nothing
 * says that it ended, and the connection is reset. */
struct http_stream_owner {
	/* Once, when it has ended in any way. */
	void (*closed)(void *user, struct http_stream *stream);
	/* All that was written so far is on its way to the client: it is time for more, now or later. Called once after
	 * the headers and once after each time something was written; never while a client does not read, after
	 * http_stream_end, or for HEAD. It may write, end and close. */
	void (*drained)(void *user, struct http_stream *stream);
	void *user;
};
struct http_stream *http_answer_long(struct http_request *request, unsigned status, const struct http_header *headers,
				     size_t header_count, const struct http_stream_owner *owner);

/* The rest is for both, on the loop's thread, until closed() was called. */

/* Copies. STATUS_FULL: the client is too slow (more than 1 MiB is waiting, or the budget is empty); the caller closes
 * it. STATUS_END: it is closed or the client has gone, and closed() is coming. To a long answer the budget is no limit:
 * it was begun, and its owner writes no more at a time than it has asked for beforehand. */
enum status http_stream_write(struct http_stream *stream, struct slice bytes) MUST_CHECK;
/* A long answer is whole with what was written. */
void http_stream_end(struct http_stream *stream);
/* Ends it; of a long answer that has not been ended what is there is cut off. closed() is called later, once, also when
 * the client went away by itself. */
void http_stream_close(struct http_stream *stream);

#endif
