/* SPDX-License-Identifier: Apache-2.0 */
/* withdraw: takes claimed messages out of the deliverer's hands: those that must not be sent any more, and those of
 * which nobody knows whether they were sent. On the writer's thread, inside a command. */
#ifndef PUGMARK_ENGINE_WITHDRAW_H
#define PUGMARK_ENGINE_WITHDRAW_H

#include "engine/ledger/batch.h"
#include "store/mail/queue_claim.h"

struct withdrawal {
	struct uuid message;
	uint32_t attempt;
	struct slice reason; /* of the suppression */
	struct uuid event_id;
};

/* The address was suppressed after the message was accepted. The queue row goes and the message becomes suppressed,
 * with its event. A message that has an end already is left as it is; one that is in doubt, and was to be sent again,
 * becomes failed, because it may have been sent. STATUS_CONFLICT: the row is no longer that attempt's. */
enum status withdraw_message(struct batch *batch, const struct withdrawal *withdrawal, struct err *err) MUST_CHECK;

/* Its worker died between intent and outcome: held, and listed as in doubt. STATUS_CONFLICT: its outcome came after
 * all, or another machine was first. */
enum status withdraw_to_doubt(struct batch *batch, const struct queue_entry *orphan, struct err *err) MUST_CHECK;

#endif
