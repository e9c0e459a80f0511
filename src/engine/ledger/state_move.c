/* SPDX-License-Identifier: Apache-2.0 */
/* The column follows from the state alone, so no second field has to be kept in step with it, and an outcome that comes
 * twice or late finds the message where it left it. */
#include "engine/ledger/state_move.h"

#include "base/random.h"

enum { STAT_NONE = -1 };

static int column_of(enum message_state state)
{
	switch (state) {
	case MESSAGE_IN_DOUBT: return STAT_IN_DOUBT;
	case MESSAGE_SENT: return STAT_IN_FLIGHT;
	case MESSAGE_DELIVERED:
	case MESSAGE_COMPLAINED: return STAT_DELIVERED; /* who complains has it */
	case MESSAGE_BOUNCED: return STAT_BOUNCED;
	case MESSAGE_FAILED: return STAT_FAILED;
	default: return STAT_NONE;
	}
}

bool state_move(struct batch *batch, struct message *message, enum message_state to)
{
	if (to <= message->state)
		return false;
	int from_column = column_of(message->state);
	int to_column = column_of(to);
	message->state = to;
	batch_touch(batch, message);
	if (from_column == to_column)
		return true;
	if (from_column == STAT_NONE)
		batch_stat(batch, message, STAT_SENDS, 1);
	else
		batch_stat(batch, message, (enum statistic)from_column, -1);
	batch_stat(batch, message, (enum statistic)to_column, 1);
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
