/* SPDX-License-Identifier: Apache-2.0 */
/* delivery: what is known of a message once an attempt at sending it has begun. On the writer's thread. */
#ifndef PUGMARK_ENGINE_DELIVERY_H
#define PUGMARK_ENGINE_DELIVERY_H

#include "engine/ledger/batch.h"

struct delivery_begin {
	uint32_t attempt;
	int64_t time_us;
	int64_t date_us; /* the Date of the bytes; 0: not told, so it was the time of acceptance */
};
/* The end of its data may go out: it has a cohort and a Date from now on and is being sent, unless more is known
 * already. */
void delivery_begins(struct batch *batch, struct message *message, const struct delivery_begin *begin);

#endif
