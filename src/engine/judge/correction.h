/* SPDX-License-Identifier: Apache-2.0 */
/* correction: hits of a message get other verdicts than they had.
 *
 * A verdict that changes moves with everything that was made of it, in one transaction: the event, the counters of its
 * message, the sums, who was first; and it becomes an event.corrected, so that whoever follows events can do the same.
 * Writer's thread. */
#ifndef PUGMARK_ENGINE_CORRECTION_H
#define PUGMARK_ENGINE_CORRECTION_H

#include "engine/ledger/batch.h"

/* The corrections of one message in one transaction. Begin with batch and message, the rest zero. */
struct correction {
	struct batch *batch;
	struct message *message; /* of the batch */
	/* Private. */
	struct corrected_hit *first, *last;                 /* in the order of their changes */
	bool asks_open, asks_strict, asks_click, asks_last; /* who is that may be another one now */
	bool asks_any_open, asks_any_click;
};

/* `before` is as the store has it. `after` is the same with another actor, confidence, reasons, rules or settled;
 * whether it counts follows from that. */
enum status correction_change(struct correction *c, const struct event *before, const struct event *after,
			      struct err *err) MUST_CHECK;
/* Makes a hit that was counted a duplicate, with one more reason: all that was counted of it is taken back. */
enum status correction_make_duplicate(struct correction *c, const struct event *before, struct slice reason,
				      struct err *err) MUST_CHECK;
/* When all are changed: finds who is first now, and tells. Without changes nothing. */
enum status correction_finish(struct correction *c, struct err *err) MUST_CHECK;

#endif
