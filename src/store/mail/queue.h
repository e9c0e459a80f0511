/* SPDX-License-Identifier: Apache-2.0 */
/* queue: due messages, their leases, and what is in doubt. Part of the store (see store.h).
 *
 * "Held" rows are in doubt; "paused" rows wait until they are resumed. Calls of several steps are one transaction of
 * their own when the session has none open.
 *
 * A row exists from enqueueing until the message has an end (sent, failed, canceled). A claim gives a lease with a
 * fencing token; a late worker whose lease was given to another cannot record anything. An intent marks that the end of
 * the data may go out; a row with an intent and no outcome after a crash is in doubt.
 */
#ifndef PUGMARK_STORE_QUEUE_H
#define PUGMARK_STORE_QUEUE_H

#include "store/core/store.h"

struct queue_entry {
	struct uuid message;
	uint32_t tenant;
	uint32_t attempt; /* of this claim, from 1 */
	uint64_t lease;   /* fencing token: the same for all rows of one claim, never given again; fits in 63 bits */
	struct slice provider, stream;
};

struct queue_item {
	struct uuid message;
	uint32_t tenant;
	struct slice provider, stream;
	int64_t due_us;
};
/* STATUS_CONFLICT: it is queued already. */
enum status store_queue_add(struct store_session *s, const struct queue_item *item, struct err *err) MUST_CHECK;

struct queue_claim {
	int64_t now_us; /* what is due by then may be claimed */
	int64_t lease_until_us;
	uint32_t limit;
};
/* Up to `limit` due rows that nobody holds (no lease, or expired, and no intent, not paused or in doubt): oldest due
 * first, but no tenant gets more than its share while others wait. Sets their lease until lease_until_us. *ret is in no
 * particular order. */
enum status store_queue_claim(struct store_session *s, const struct queue_claim *claim, struct arena *arena,
			      struct queue_entry **ret, size_t *ret_count, struct err *err) MUST_CHECK;
/* Longer leases for everything that these fencing tokens hold. */
enum status store_queue_extend(struct store_session *s, const uint64_t *leases, size_t count, int64_t lease_until_us,
			       struct err *err) MUST_CHECK;
/* The end of the data may go out. STATUS_CONFLICT: the lease is no longer ours, or there is an intent
 * already; do not send. */
enum status store_queue_intent(struct store_session *s, struct uuid message, uint64_t lease, uint32_t attempt,
			       int64_t now_us, struct err *err) MUST_CHECK;
/* Done for good (sent, failed): the row goes. STATUS_CONFLICT: the lease is no longer ours. */
enum status store_queue_finish(struct store_session *s, struct uuid message, uint64_t lease,
			       struct err *err) MUST_CHECK;
/* Not accepted, certainly: due again at due_us, lease and intent cleared. STATUS_CONFLICT as above. */
enum status store_queue_retry(struct store_session *s, struct uuid message, uint64_t lease, int64_t due_us,
			      struct slice error, struct err *err) MUST_CHECK;
/* Nobody can know: held until resolved. STATUS_CONFLICT as above. */
enum status store_queue_hold(struct store_session *s, struct uuid message, uint64_t lease, int64_t now_us,
			     struct err *err) MUST_CHECK;

struct queue_look {
	int64_t now_us;
	uint32_t limit;
};
/* All rows with an intent and no outcome (their worker died): at most `limit`, without changing them. When the store is
 * shared only those whose lease has expired at now_us. Already held rows are not among them. */
enum status store_queue_orphans(struct store_session *s, const struct queue_look *look, struct arena *arena,
				struct queue_entry **ret, size_t *ret_count, struct err *err) MUST_CHECK;
/* Claims without an intent whose worker died are free again at once (single machine, at start). */
enum status store_queue_release_all(struct store_session *s, struct err *err) MUST_CHECK;
/* A held row: due again now with intent cleared (resend), or gone. STATUS_NOT_FOUND when it is not held. */
enum status store_queue_resolve(struct store_session *s, struct uuid message, bool resend, int64_t now_us,
				struct err *err) MUST_CHECK;
/* STATUS_NOT_FOUND: not queued or already under way. */
enum status store_queue_cancel(struct store_session *s, struct uuid message, struct err *err) MUST_CHECK;
/* When the next claim can give something: a waiting row is due, or a lease without intent runs out; 0: nothing waits.
 */
enum status store_queue_next_due(struct store_session *s, int64_t *ret_due_us, struct err *err) MUST_CHECK;

/* Rows of this tenant (0: of all) and provider (empty: all) wait until they are resumed with the same pair; new ones
 * too. What is leased already goes on. */
enum status store_queue_set_paused(struct store_session *s, uint32_t tenant, struct slice provider, bool paused,
				   int64_t now_us, struct err *err) MUST_CHECK;

/* Every row is in exactly one of them. */
struct queue_figures {
	uint64_t due;       /* may go now */
	uint64_t scheduled; /* later, never tried */
	uint64_t in_flight; /* claimed */
	uint64_t deferred;  /* later, tried before */
	uint64_t in_doubt, paused;
	int64_t oldest_due_us; /* 0: none */
};
/* tenant 0: all. */
enum status store_queue_count(struct store_session *s, uint32_t tenant, int64_t now_us, struct queue_figures *ret,
			      struct err *err) MUST_CHECK;

#endif
