/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: the life of an API request between its connection and the workers.
 *
 *   loop     matched to a route, copied, posted to the pool
 *   worker   call_run (call.h): answered, or handed to the writer, and then no worker is held by it
 *   writer   committed or failed; posted to the pool again; a password has a thread of its own instead
 *   worker   call_go_on
 *   loop     answered, freed; or taken over by what goes on (event_stream.h, long_answer.h)
 *
 * So four workers are enough for reads whatever the writer is busy with, and whoever tries passwords. Requests that
 * wait are bounded by the pool (worker_pool_park); one too many is answered 503 before anything is done.
 *
 * A client that goes away meanwhile changes nothing: what it asked for is done, and the answer is dropped by the server
 * when it cannot be written. The same Idempotency-Key tells what became of it.
 */
#ifndef PUGMARK_WEB_API_EXCHANGE_H
#define PUGMARK_WEB_API_EXCHANGE_H

#include "net/http_server.h"

struct api_services;
struct worker_pool;

struct exchange_config {
	const struct api_services *services;
	struct worker_pool *pool; /* its contexts are struct api_worker */
};

/* On a loop, before the body of a request is read. True when the path is the API's: it is answered, or its body comes,
 * now or later. Whoever is unknown may send 4 KB; a larger body waits for an answer to who sends it, unless there is
 * room for those of strangers. */
bool exchange_admit(const struct exchange_config *config, struct http_request *request);
/* On a loop. True when the path is the API's; it is answered, now or later. `config` outlives the request. */
bool exchange_handle(const struct exchange_config *config, struct http_request *request);

#endif
