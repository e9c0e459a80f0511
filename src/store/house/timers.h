/* SPDX-License-Identifier: Apache-2.0 */
/* timers: the list of work that is due later. Part of the store (see store.h).
 *
 * A timer says when, what kind of work, and what it is about (`key`, bytes that only the kind understands). It is set
 * in the transaction of whatever asks for it and taken in the transaction of the work, so neither is there without the
 * other. The list is one B-tree in the order (kind, due, key): finding, taking and adding touch one place each, however
 * many wait.
 *
 * There is no row for each thing that is due. What has the same kind, due time and key is one row, and a kind rounds
 * its due times up (settling: to ten seconds), so that whatever follows each other shares one. A kind that waits for a
 * million contacts sets one timer for a step of time, with a key that names the step or the part of the contacts, and
 * finds them by what it keeps about them itself.
 *
 * A due time is not moved. When work is put off, the old timer may fire: its kind looks, sees that it is too early, and
 * sets the next (facts change far more often than timers fire). Cancelling is for those who know all three parts; there
 * is no index that finds a timer by its key alone, because it would cost as much as the list. */
#ifndef PUGMARK_STORE_TIMERS_H
#define PUGMARK_STORE_TIMERS_H

#include "store/core/store.h"

/* These numbers are in stores: none is ever used for something else. */
enum timer_kind {
	TIMER_SETTLE = 1, /* look at a message's hits again; key: its id, 16 bytes */
};
enum { TIMER_KEY_MAX = 64 };

struct timer {
	int64_t due_us;
	enum timer_kind kind;
	struct slice key; /* 1 to TIMER_KEY_MAX bytes */
};
/* Nothing when it is there already. */
enum status store_timer_add(struct store_session *s, const struct timer *timer, struct err *err) MUST_CHECK;
/* The same for many, in any order. After STATUS_BAD_INPUT some may have been added: roll back. */
enum status store_timer_add_all(struct store_session *s, const struct timer *const *timers, size_t count,
				struct err *err) MUST_CHECK;
/* Nothing when it is not there, which is also so when another machine is just taking it. */
enum status store_timer_cancel(struct store_session *s, const struct timer *timer, struct err *err) MUST_CHECK;
/* When the first of the kind is due; 0: none waits. */
enum status store_timer_next(struct store_session *s, enum timer_kind kind, int64_t *ret_due_us,
			     struct err *err) MUST_CHECK;

struct timer_take {
	enum timer_kind kind;
	int64_t until_us; /* inclusive */
	uint32_t limit;
};
struct timer_list {
	struct timer *at; /* earliest first */
	size_t n;
};
/* Takes off the list what is due, except what another machine is taking. Inside a transaction: a rollback puts it
 * back. */
enum status store_timer_take(struct store_session *s, const struct timer_take *take, struct arena *arena,
			     struct timer_list *ret, struct err *err) MUST_CHECK;

#endif
