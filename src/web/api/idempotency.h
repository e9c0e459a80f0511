/* SPDX-License-Identifier: Apache-2.0 */
/* idempotency: what creates something is done once for an Idempotency-Key: again it gets the first answer, to the byte,
 * for 24 hours (Idempotency-Replayed: true). Another body is 409; what was refused is not kept.
 *
 * call.c asks for every route that has ROUTE_CREATES (routes.h), so a handler knows nothing of it: the answer is made
 * by its continuation inside the transaction, on the writer's thread, and kept with what it tells of. Such a
 * continuation is short, reads with its worker's session, and uses nothing else of the worker. A handler whose command
 * keeps the answer itself (send.c, which renders before the commit) says so in call->keeps_answer. */
#ifndef PUGMARK_WEB_API_IDEMPOTENCY_H
#define PUGMARK_WEB_API_IDEMPOTENCY_H

#include "web/api/call.h"

/* What makes two requests the same: the path, the bytes of the body, and where it makes a difference who asks. 32
 * bytes, in the arena. */
struct slice idempotency_hash(struct api_call *call);
/* True when the request is answered already: replayed, refused, or the store is away. Blocks for the store. */
bool idempotency_answered(struct api_call *call, struct api_worker *worker);
/* Instead of an answer when a commit said that another request with the key was faster. Blocks for the store. */
void idempotency_answer_taken(struct api_call *call, struct api_worker *worker);
/* The command that the call has just been given commits its answer, too. */
void idempotency_keep(struct api_call *call);

#endif
