/* SPDX-License-Identifier: Apache-2.0 */
/* send_fence: who was first, the end of a mail's data or its cancelling. In a store that servers share the row of the
 * queue says it: an intent is a change of the row. Where a store is one server's the intent goes into the journal only,
 * and the row learns of it later; so the deliverer and the writer's commands ask here.
 *
 * An attempt is named by message and number, for ever (decision 23): what is said of one that was rolled back, or that
 * nobody makes any more, harms no other. Any thread; never blocks for long.
 */
#ifndef PUGMARK_ENGINE_SEND_FENCE_H
#define PUGMARK_ENGINE_SEND_FENCE_H

#include "codec/text/uuid.h"

struct send_fence;
struct send_fence *send_fence_new(void);
/* NULL is allowed. */
void send_fence_free(struct send_fence **fence);

/* The end of its data is about to be allowed. False: it was canceled, and nothing may leave. Once it has said yes it
 * does so until send_fence_end. */
bool send_fence_begin(struct send_fence *fence, struct uuid message, uint32_t attempt);
/* Nothing more will be done about this attempt. */
void send_fence_end(struct send_fence *fence, struct uuid message, uint32_t attempt);
/* It must not leave. False: it may have left already. */
bool send_fence_cancel(struct send_fence *fence, struct uuid message, uint32_t attempt);

#endif
