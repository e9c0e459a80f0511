/* SPDX-License-Identifier: Apache-2.0 */
/* queue: the row of a message that is to be sent, and what the deliverer's attempts make of it. Part of the store (see
 * store.h). Claims and leases are in queue_claim.h, what people do to rows and see of them in queue_admin.h.
 *
 * A row exists from enqueueing until the message has an end (sent, failed, canceled):
 *
 *   waiting (or paused) --claim--> leased --intent--> sending --outcome--> gone | waiting again | held (in doubt)
 *
 * An intent marks that the end of the data may go out; a row with an intent and no outcome after a crash is in doubt.
 *
 * Each claim raises a row's attempt, so message and attempt together name one claim for ever. That is what an outcome
 * goes by, not the lease: the machine that made an attempt may come back with its outcome long after its lease ran out
 * and another machine held the row.
 */
#ifndef PUGMARK_STORE_QUEUE_H
#define PUGMARK_STORE_QUEUE_H

#include "store/core/store.h"

struct queue_item {
	struct uuid message;
	uint32_t tenant;
	struct slice provider, stream;
	int64_t due_us;
};
/* STATUS_CONFLICT: it is queued already. */
enum status store_queue_add(struct store_session *s, const struct queue_item *item, struct err *err) MUST_CHECK;

struct queue_intent {
	struct uuid message;
	uint64_t lease;
	uint32_t attempt;
};
/* The end of these messages' data may go out. ret_taken[i] says whether it does: false when the lease is no longer ours
 * or there is an intent already; do not send. Of different messages; one round trip for all on PostgreSQL. */
enum status store_queue_intents(struct store_session *s, const struct queue_intent *intents, size_t count,
				int64_t now_us, bool *ret_taken, struct err *err) MUST_CHECK;

/* How an attempt ended. */
enum queue_ending {
	QUEUE_FINISHED, /* for good (sent, failed): the row goes */
	QUEUE_RETRY,    /* not accepted, certainly: due again at due_us, lease and intent cleared */
	QUEUE_DOUBT,    /* nobody can know: held until it is resolved, or until a late outcome tells */
};
struct queue_outcome {
	struct uuid message;
	uint32_t attempt;
	enum queue_ending ending;
	int64_t time_us;
	int64_t due_us;     /* RETRY */
	struct slice error; /* RETRY: the refusal's words */
};
/* Writes what became of attempts. A row that is gone or was claimed again since is left as it is, without a word; a
 * doubt is also not written over what somebody decided meanwhile. Of different messages; they are locked in the order
 * of their ids, so that two writers never wait for one another. Four statements for all on PostgreSQL, of which none is
 * waited for inside a transaction. */
enum status store_queue_end_attempts(struct store_session *s, const struct queue_outcome *outcomes, size_t count,
				     struct err *err) MUST_CHECK;
/* An attempt that nobody will tell the outcome of any more: held. STATUS_CONFLICT: it is not being sent any more, or by
 * another attempt. */
enum status store_queue_hold(struct store_session *s, struct uuid message, uint32_t attempt, int64_t now_us,
			     struct err *err) MUST_CHECK;
/* The row goes, if it is still that attempt's. STATUS_CONFLICT: it is not. */
enum status store_queue_take_out(struct store_session *s, struct uuid message, uint32_t attempt,
				 struct err *err) MUST_CHECK;

#endif
