/* SPDX-License-Identifier: Apache-2.0 */
/* settling: messages whose hits are to be looked at again. Part of the store (see store.h). What is asked of the events
 * for it is in hits.h. */
#ifndef PUGMARK_STORE_SETTLING_H
#define PUGMARK_STORE_SETTLING_H

#include "store/core/store.h"

struct settling {
	int64_t due_us;
	struct uuid message;
};
/* When a hit that occurred then is looked at again: BEHAVIOUR_SETTLE_S later, rounded up to ten seconds. Messages are
 * settled in that order, so whatever was due before the first that waits has been looked at. */
int64_t settling_due_us(int64_t occurred_us);
/* Nothing when it is there already. */
enum status store_settling_add(struct store_session *s, const struct settling *settling, struct err *err) MUST_CHECK;
/* When the first is due; 0: none is waiting. */
enum status store_settling_next(struct store_session *s, int64_t *ret_due_us, struct err *err) MUST_CHECK;
/* Takes up to `limit` that are due at `until_us` off the list, oldest first, except those that another machine is
 * taking. Inside a transaction: a rollback puts them back. */
struct settling_list {
	struct settling *at;
	size_t n;
};
enum status store_settling_take(struct store_session *s, int64_t until_us, uint32_t limit, struct arena *arena,
				struct settling_list *ret, struct err *err) MUST_CHECK;

#endif
