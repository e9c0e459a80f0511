/* SPDX-License-Identifier: Apache-2.0 */
/* queue_unsure: rows of the queue in a store that was put back from a backup. Part of the store (see store.h).
 *
 * What was due when the backup was made, or has come due since, may have left from the store that the backup was made
 * of. What is due later has not: nobody sends before the time.
 */
#ifndef PUGMARK_STORE_QUEUE_UNSURE_H
#define PUGMARK_STORE_QUEUE_UNSURE_H

#include "store/mail/queue_claim.h"

struct queue_unsure_look {
	int64_t now_us;
	struct uuid after; /* in the order of ids; zero: from the first */
	uint32_t limit;
};
/* Rows in any state but held that were due by now_us. A paused one may have been resumed since. Texts in the arena;
 * `lease` means nothing. */
enum status store_queue_unsure(struct store_session *s, const struct queue_unsure_look *look, struct arena *arena,
			       struct queue_entry **ret, size_t *ret_count, struct err *err) MUST_CHECK;
/* Held, whatever it was. STATUS_CONFLICT: there is no such row, or it is held already. */
enum status store_queue_hold_unsure(struct store_session *s, struct uuid message, int64_t now_us,
				    struct err *err) MUST_CHECK;
/* Waits to be sent again, without the intent of before. STATUS_CONFLICT as above. */
enum status store_queue_resend_unsure(struct store_session *s, struct uuid message, int64_t now_us,
				      struct err *err) MUST_CHECK;

#endif
