/* SPDX-License-Identifier: Apache-2.0 */
/* event_stream: a reader of live events (Server-Sent Events).
 *
 * A stream remembers the last position it has read. It is woken when the store has more, reads on a worker, writes on
 * its loop; so nothing is missed, nothing repeated, and a slow reader holds nobody up. A comment goes out every 15
 * seconds.
 *
 * Whoever opened it is asked for again once a second: when his key was revoked, he signed out or was removed, or his
 * role or his key's scopes are others, the stream ends. The client comes back, and gets what he gets then.
 */
#ifndef PUGMARK_WEB_EVENT_STREAM_H
#define PUGMARK_WEB_EVENT_STREAM_H

#include "web/api/call.h"
#include "web/api/exchange.h"

/* Takes the request over; `call` has its filter (with after_position set) and may be freed afterwards. What is in its
 * stream_reset (500 bytes at most) is the first frame, `event: reset`, without an id. */
void event_stream_start(const struct exchange_config *config, struct http_request *request,
			const struct api_call *call);

#endif
