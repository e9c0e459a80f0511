/* SPDX-License-Identifier: Apache-2.0 */
/* effects: what an event makes of the numbers, and what taking it back makes of them. The only place where a number
 * changes: the counters of messages, the sums by day of sending and by quarter of an hour, and the list of
 * addresses that get no mail.
 *
 * Apply and commands gather facts, which are events and the states of messages. When a batch is flushed every event
 * goes through effects_add, in the order in which they came, and then every message that was touched through
 * effects_saved. Who gives an event that was written before another verdict takes what it was away with
 * effects_move and -1, and puts what it is with +1; who is first may be another one then, which effects_first writes.
 *
 *   what                  by quarter hour   by day of sending      of the message               further
 *   open, by its actor    opens, opens_mpp  opens_…, unique ones   opens_…, first times, last   -
 *   click                 clicks            clicks_…, unique ones  clicks_…, first times, last  -
 *   unsubscribed          -                 unsubscribes           unsubscribed                 no more mail
 *   sent                  sends             -                      -                            -
 *   a state that counts   -                 its column, sends      -                            -
 *   state, first times    -                 openable_… to clicked… -                            -
 *
 * All other events move nothing, nor do duplicates. A hit that is anonymous moves what belongs to its campaign
 * (quarter of an hour and day) and nothing of the message, nor who was first. The day of sending is the message's
 * cohort_day, which must be known before an event that counts there is gathered. Writer's thread; nothing here fails or
 * asks the store. */
#ifndef PUGMARK_ENGINE_EFFECTS_H
#define PUGMARK_ENGINE_EFFECTS_H

#include "engine/ledger/sums.h"
#include "store/events/events.h"

/* Events of that type move numbers. */
bool effects_has(enum event_type type);

/* A new event of `message`: moves everything by one, and sets is_unique of an open or click to whether it is the
 * message's first of a person's, and of an unsubscription to whether it is the message's first. */
void effects_add(struct sums *sums, struct message *message, struct event *event);

/* An event as its row has it, `delta` times (+1 or -1): everything but who was first and last, and but for taking an
 * address off the list: what a recipient wanted is not undone by a verdict. */
void effects_move(struct sums *sums, struct message *message, const struct event *event, int delta);

/* The times in a message's counters that say who was first. */
enum effects_first {
	EFFECTS_OPEN,        /* by a person or an image proxy */
	EFFECTS_OPEN_STRICT, /* by a person */
	EFFECTS_OPEN_ANY,    /* by anybody */
	EFFECTS_CLICK,
	EFFECTS_CLICK_ANY,
	EFFECTS_FIRST_COUNT,
};
int64_t *effects_first_of(struct message_counters *counters, enum effects_first which);
/* Sets one of them, 0 where there is no such hit any more, and moves the number of messages that have one. */
void effects_first(struct sums *sums, struct message *message, enum effects_first which, int64_t time_us);

/* Only the message's own counters of opens and clicks, for counting again what events add up to. */
void effects_count(struct message_counters *counters, const struct event *event, int delta);

/* The message as it was when it was last saved. Its state stands in at most one column of the day's numbers (in doubt,
 * in flight, delivered, bounced, failed); entering the first of them counts as a send. Whatever order outcomes come in,
 * the columns add up to the sends. While it is delivered or in flight it stands among the mail that rates are of, with
 * what it measures and who was first: the two halves of a rate are of the same messages by construction. */
void effects_saved(struct sums *sums, const struct message *message, const struct message *saved);

/* A message that is new and left before it was accepted: its state, and `event`, which says that it was sent. Such a
 * message is not the batch's (batch_event), so its numbers do not wait for the flush. Nothing for one that did not. */
void effects_accepted(struct sums *sums, const struct message *message, const struct event *event);

#endif
