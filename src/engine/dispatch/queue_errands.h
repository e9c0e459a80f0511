/* SPDX-License-Identifier: Apache-2.0 */
/* queue_errands: what the deliverer has the writer do with mails that it claimed and will not send. */
#ifndef PUGMARK_ENGINE_QUEUE_ERRANDS_H
#define PUGMARK_ENGINE_QUEUE_ERRANDS_H

#include "engine/dispatch/errand.h"
#include "store/mail/queue_claim.h"

/* It must not be sent any more (apply/withdraw.h). `finished` is called on this thread: STATUS_OK, STATUS_CONFLICT (it
 * was another's already), else it is still claimed. `entry` and `reason` are copied. */
struct queue_withdrawal {
	const struct queue_entry *entry;
	struct slice reason;
	int64_t now_us;
	void (*finished)(void *user, enum status status);
	void *user;
};
void queue_errand_withdraw(struct errands *errands, const struct queue_withdrawal *withdrawal);

/* Mails that were claimed and not sent, and whose leases go back together. */
struct lease_returns {
	struct queue_entry *entries;
	size_t count, room;
	int64_t not_before_us; /* monotonic: the store could not be written a moment ago */
	bool is_failing;       /* and that was logged */
};
/* Nothing may have been recorded of this attempt. */
void lease_returns_add(struct lease_returns *returns, const struct queue_entry *entry);
/* Sends them off, and has them here again when that fails, for a call a second later; `returns` must outlive `errands`.
 * Whoever ends before that leaves leases that run out. */
void lease_returns_send(struct lease_returns *returns, struct errands *errands, int64_t now_us);
void lease_returns_done(struct lease_returns *returns);

#endif
