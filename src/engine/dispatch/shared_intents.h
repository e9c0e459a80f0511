/* SPDX-License-Identifier: Apache-2.0 */
/* shared_intents: intents in a store that other machines share, where the journal is not enough: another one may have
 * to see that the end of a mail may have left. All that wait go in one command on the writer. One thread. */
#ifndef PUGMARK_ENGINE_SHARED_INTENTS_H
#define PUGMARK_ENGINE_SHARED_INTENTS_H

#include "engine/dispatch/errand.h"
#include "store/mail/queue.h"

struct shared_intent {
	struct queue_intent intent;
	int64_t date_us; /* the Date of the mail's bytes */
	/* STATUS_OK: it is committed. STATUS_CONFLICT: the lease is another's; nothing may leave. STATUS_UNCERTAIN: it
	 * may be committed. Else it is not. */
	void (*settled)(struct shared_intent *intent, enum status status);
	bool is_handed_over;   /* read only: too late to take it back */
	struct list_link link; /* private */
};
struct shared_intents {
	struct errands *errands;
	struct list_link waiting;
	bool is_busy; /* a command is under way */
};
void shared_intents_init(struct shared_intents *intents, struct errands *errands);
/* The intent must stay where it is until settled() or until it was taken back. */
void shared_intents_put(struct shared_intents *intents, struct shared_intent *intent);
/* Only while !is_handed_over; no harm when it was never put. */
void shared_intent_take_back(struct shared_intent *intent);
/* Sends what waits, unless the command before is still under way. */
void shared_intents_move(struct shared_intents *intents);

#endif
