/* SPDX-License-Identifier: Apache-2.0 */
/* The column follows from the state alone, so no second field has to be kept in step with it, and an outcome that comes
 * twice or late finds the message where it left it. The numbers follow when the batch is flushed: effects.h compares
 * each message's state with the one it was saved with. */
#include "engine/ledger/state_move.h"

#include "base/random.h"

bool state_move(struct batch *batch, struct message *message, enum message_state to)
{
	if (to <= message->state)
		return false;
	message->state = to;
	batch_touch(batch, message);
	return true;
}

struct event state_event(const struct batch *batch, const struct message *message, enum event_type type, struct uuid id)
{
	return (struct event){
	    .id = id,
	    .tenant = message->tenant,
	    .type = type,
	    .occurred_us = batch_now_us(batch),
	    .message = message->id,
	    .is_unique = true,
	    .link_index = -1,
	    .provider = message->provider,
	    .remote_id = message->remote_id,
	};
}

/* Made by the submitter and not in the transaction: a command that runs twice must not make two events. */
struct uuid state_event_id(int64_t now_us)
{
	uint8_t random[10];
	random_bytes(random, sizeof random);
	return uuid_v7(now_us, random);
}
