/* SPDX-License-Identifier: Apache-2.0 */
/* state_move: moves a message to a later state, which its place in the day's numbers follows (effects_saved). */
#ifndef PUGMARK_ENGINE_STATE_MOVE_H
#define PUGMARK_ENGINE_STATE_MOVE_H

#include "engine/ledger/batch.h"

/* To MESSAGE_IN_DOUBT or a later state that has a column. The message must have its cohort (cohort.h). False, and
 * nothing is changed, when the message is in that state or past it. Touches the message. */
bool state_move(struct batch *batch, struct message *message, enum message_state to);

/* An event of the transaction's time without anything of a recipient's in it. */
struct event state_event(const struct batch *batch, const struct message *message, enum event_type type,
			 struct uuid id);

/* A new event's id; for the submitting thread, since a command may run twice. */
struct uuid state_event_id(int64_t now_us);

#endif
