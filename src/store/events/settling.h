/* SPDX-License-Identifier: Apache-2.0 */
/* settling: when the hits of a message are to be looked at again. Part of the store (see store.h). What is asked of the
 * events for it is in hits.h. */
#ifndef PUGMARK_STORE_SETTLING_H
#define PUGMARK_STORE_SETTLING_H

#include "store/house/timers.h"

/* When a hit that occurred then is looked at again: BEHAVIOUR_SETTLE_S later, rounded up to the next step. Messages are
 * settled in that order, so whatever was due before the first that waits has been looked at. */
enum { SETTLING_STEP_S = 10 };
int64_t settling_due_us(int64_t occurred_us);
/* The timer for that; its key is that id itself, so `message` must live as long. */
struct timer settling_timer(int64_t occurred_us, const struct uuid *message);
/* Stands for a message in the timer of a step whose hits need no look of their own. Until it has fired they are not
 * settled, like all others of the step; then nothing is to be done. Each journal has another one, so that servers do
 * not wait for one another's row. */
struct uuid settling_mark(uint16_t node);
bool settling_is_mark(struct uuid id);
/* False: the key is no id, and *ret is untouched. */
bool settling_message_of(const struct timer *timer, struct uuid *ret);

#endif
