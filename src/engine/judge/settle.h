/* SPDX-License-Identifier: Apache-2.0 */
/* settle: the second look at the hits of a message, when all that belongs to them has come (codec/judge/behaviour.h).
 *
 * A verdict that changes moves with everything that was made of it (correction.h). What has settled is never
 * provisional again, but may still change when later hits say more. Writer's thread.
 */
#ifndef PUGMARK_ENGINE_SETTLE_H
#define PUGMARK_ENGINE_SETTLE_H

#include "engine/judge/fan_out.h"
#include "engine/ledger/batch.h"

/* STATUS_OK also when the message is gone. Writes to the session of the batch, and into the batch. */
enum status settle_message(struct batch *batch, struct fan_out *fan_out, const struct settling *settling,
			   struct err *err) MUST_CHECK;

#endif
