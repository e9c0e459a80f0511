/* SPDX-License-Identifier: Apache-2.0 */
/* delivery: what is known of a message once an attempt at sending it has begun. On the writer's thread. */
#ifndef PUGMARK_ENGINE_DELIVERY_H
#define PUGMARK_ENGINE_DELIVERY_H

#include "engine/ledger/batch.h"

/* The end of its data may go out: it has a cohort from now on and is being sent, unless more is known already. */
void delivery_begins(struct batch *batch, struct message *message, uint32_t attempt, int64_t time_us);

#endif
