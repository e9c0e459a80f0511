/* SPDX-License-Identifier: Apache-2.0 */
/* long_answer: an answer that is too long to be held in memory: an export. It is made page by page, each by a worker,
 * and none before the client has taken the one before; between two pages no worker knows of it. So a client that reads
 * slowly holds a page and nobody up, and one that leaves ends it.
 *
 * It has status and headers before its end is known. If a page fails later, the store goes away or whoever asked has no
 * right to it any more, the connection is reset: what has come so far cannot be taken for the whole. An answer of one
 * page is an ordinary one.
 */
#ifndef PUGMARK_WEB_API_LONG_ANSWER_H
#define PUGMARK_WEB_API_LONG_ANSWER_H

#include "web/api/call.h"
#include "web/api/exchange.h"

struct page {
	struct api_call *call;     /* the page is written behind what its response holds */
	struct api_worker *worker; /* of this time; the next time it may be another */
	struct arena *arena;       /* for this time */
};

/* What remembers where it is; first in a struct of its handler's, in the call's arena. */
struct page_source {
	/* On a worker: appends some rows, less than a megabyte unless one row has more. STATUS_OK: there may be more.
	 * STATUS_END: that is all of it. Anything else: it failed. */
	enum status (*next)(struct page_source *source, const struct page *page, struct err *err);
};

/* For handlers, when status and type are set: makes the first page and leaves the rest to the source. When this fails a
 * problem is the answer, so look at call->status before adding headers. Blocks for the store. */
void long_answer_begin(struct api_call *call, struct api_worker *worker, struct page_source *source);

/* On the loop, with all headers set: takes the request over, and what is in `call`, of which nothing is left to be
 * released. */
void long_answer_start(const struct exchange_config *config, struct http_request *request, const struct api_call *call);

#endif
