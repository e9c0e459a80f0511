/* SPDX-License-Identifier: Apache-2.0 */
/* queue_admin: what people do to the queue (resolve, cancel, pause) and what they see of it. Part of the store; queue.h
 * tells of the rows, queue_claim.h of those who send them.
 *
 * "Held" rows are in doubt; "paused" rows wait until they are resumed. Calls of several steps are one transaction of
 * their own when the session has none open.
 */
#ifndef PUGMARK_STORE_QUEUE_ADMIN_H
#define PUGMARK_STORE_QUEUE_ADMIN_H

#include "store/core/store.h"

/* A held row: due again now with intent cleared (resend), or gone. STATUS_NOT_FOUND when it is not held. */
enum status store_queue_resolve(struct store_session *s, struct uuid message, bool resend, int64_t now_us,
				struct err *err) MUST_CHECK;
struct queue_canceled {
	bool was_claimed; /* by `attempt`, which must not be sent now */
	uint32_t attempt;
};
/* The row goes. STATUS_NOT_FOUND: not queued, or being sent; also when it is claimed, unless `claimed_too`. */
enum status store_queue_cancel(struct store_session *s, struct uuid message, bool claimed_too,
			       struct queue_canceled *ret, struct err *err) MUST_CHECK;

/* Rows of this tenant (0: of all) and provider (empty: all) wait until they are resumed with the same pair; new ones
 * too. What is leased already goes on. */
enum status store_queue_set_paused(struct store_session *s, uint32_t tenant, struct slice provider, bool paused,
				   int64_t now_us, struct err *err) MUST_CHECK;

/* Every row is in exactly one of them. */
struct queue_figures {
	uint64_t due;       /* may go now */
	uint64_t scheduled; /* later, never tried */
	uint64_t in_flight; /* claimed: not with a provider yet, with one, or its outcome is not applied */
	uint64_t deferred;  /* later, tried before */
	uint64_t in_doubt, paused;
	int64_t oldest_due_us; /* 0: none */
};
struct queue_of {
	uint32_t tenant;     /* 0: all */
	struct slice sender; /* only mail of this one; p == NULL: any */
};
enum status store_queue_count(struct store_session *s, const struct queue_of *of, int64_t now_us,
			      struct queue_figures *ret, struct err *err) MUST_CHECK;

#endif
