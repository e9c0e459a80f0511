/* SPDX-License-Identifier: Apache-2.0 */
/* worker: what one thread of the API's pool has to itself: a session that reads the store, and a sealer of tokens.
 * Neither can be shared between threads, and both are too dear to be made for each request. */
#ifndef PUGMARK_WEB_API_WORKER_H
#define PUGMARK_WEB_API_WORKER_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct api_services;
struct link_token_keys;

struct api_worker {
	const struct api_services *services;
	struct store_session *session; /* reads; NULL until the store was reached once */
	struct link_token_sealer *sealer;
	int64_t away_until_us; /* monotonic: it is not asked again before */
	struct err away;       /* why */
};

/* On the thread that is to use it. A store that is away makes no difference here: worker_recover tries again. */
struct api_worker *worker_new(const struct api_services *services, const struct link_token_keys *keys);
void worker_free(struct api_worker **worker);
/* Opens the session, or brings back one whose server has gone. Anything but STATUS_OK: the store is away. Blocks for
 * some seconds when it does not answer; after that everybody hears so at once for a second. */
enum status worker_recover(struct api_worker *worker, struct err *err) MUST_CHECK;

#endif
