/* SPDX-License-Identifier: Apache-2.0 */
/* state_move: moves a message to a later state and its place in the day's numbers with it (see apply_delivery.c: a
 * message stands in at most one column). For commands; what the journal says is moved by apply. */
#ifndef PUGMARK_ENGINE_STATE_MOVE_H
#define PUGMARK_ENGINE_STATE_MOVE_H

#include "engine/batch.h"

/* To MESSAGE_IN_DOUBT, MESSAGE_SENT or MESSAGE_FAILED; sets the cohort when it has none. False, and nothing is changed,
 * when the message is past that state. Touches the message. */
bool state_move(struct batch *batch, struct message *message, enum message_state to);

/* An event of the transaction's time without anything of a recipient's in it. */
struct event state_event(const struct batch *batch, const struct message *message, enum event_type type,
			 struct uuid id);

/* A new event's id; for the submitting thread, since a command may run twice. */
struct uuid state_event_id(int64_t now_us);

#endif
