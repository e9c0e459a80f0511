/* SPDX-License-Identifier: Apache-2.0 */
/* queue_claim: who may send what, and for how long. Part of the store; queue.h tells of the rows.
 *
 * A claim takes due rows and gives them one lease: a fencing token with a time at which it runs out. A worker whose
 * lease was given to another can record no intent any more, so it sends nothing. Calls of several steps are one
 * transaction of their own when the session has none open.
 */
#ifndef PUGMARK_STORE_QUEUE_CLAIM_H
#define PUGMARK_STORE_QUEUE_CLAIM_H

#include "store/core/store.h"

struct queue_entry {
	struct uuid message;
	uint32_t tenant;
	uint32_t attempt; /* of this claim, from 1 */
	uint64_t lease;   /* fencing token: the same for all rows of one claim, never given again; fits in 63 bits. It
			   * says whose it is, too: see store_queue_free_earlier */
	struct slice provider, stream;
};

struct queue_claim {
	int64_t now_us; /* what is due by then may be claimed */
	int64_t lease_until_us;
	struct node_claim holder; /* who claims */
	uint32_t limit;
};
/* Up to `limit` due rows that nobody holds (no lease, or expired, and no intent, not paused or in doubt): oldest due
 * first, but no tenant gets more than its share while others wait. Sets their lease until lease_until_us. *ret is in no
 * particular order. On PostgreSQL one round trip, and another where tenants left some of their share over. */
enum status store_queue_claim(struct store_session *s, const struct queue_claim *claim, struct arena *arena,
			      struct queue_entry **ret, size_t *ret_count, struct err *err) MUST_CHECK;
/* A longer lease for everything that this fencing token holds. */
enum status store_queue_extend(struct store_session *s, uint64_t lease, int64_t lease_until_us,
			       struct err *err) MUST_CHECK;
/* Everything that this fencing token holds without an intent is due again at once: of a claim of which nobody knew
 * whether it was committed. */
enum status store_queue_release(struct store_session *s, uint64_t lease, struct err *err) MUST_CHECK;
/* These are not going to be sent by who claimed them: due again at once. What has an intent, or is no longer held by
 * its lease, stays as it is. */
enum status store_queue_give_back(struct store_session *s, const struct queue_entry *entries, size_t count,
				  struct err *err) MUST_CHECK;
/* When the next claim can give something: a waiting row is due, or a lease without intent runs out; 0: nothing waits.
 */
enum status store_queue_next_due(struct store_session *s, int64_t *ret_due_us, struct err *err) MUST_CHECK;

/* ---- A clock that was set back */

enum { QUEUE_WAITS = 8 };
struct queue_recall {
	int64_t now_us;
	/* How long a row may still have to wait after so many attempts and one; the last is for all beyond. */
	int64_t longest_wait_us[QUEUE_WAITS];
};
/* Due at now_us becomes what has further to go than it can have had when it was written: mail that was to leave at
 * once, and what was put off after an attempt. What somebody gave a time of the clock keeps it. Reads the whole queue:
 * for once when the clock was set back. */
enum status store_queue_recall(struct store_session *s, const struct queue_recall *recall, struct err *err) MUST_CHECK;

/* ---- What a crash left */

struct queue_look {
	int64_t now_us;
	struct node_claim holder; /* whose earlier claims are dead ones; number 0: nobody's */
	uint32_t limit;
};
/* All rows with an intent and no outcome (their worker died): at most `limit`, without changing them. When the store is
 * shared only those whose lease has expired at now_us, or is of an earlier epoch of the holder's node. Already held
 * rows are not among them. */
enum status store_queue_orphans(struct store_session *s, const struct queue_look *look, struct arena *arena,
				struct queue_entry **ret, size_t *ret_count, struct err *err) MUST_CHECK;
/* Claims without an intent whose worker died are free again at once (single machine, at start). */
enum status store_queue_release_all(struct store_session *s, struct err *err) MUST_CHECK;
/* On a shared store: those of earlier epochs of this node. Whoever made them can write nothing any more (nodes.h). */
enum status store_queue_free_earlier(struct store_session *s, const struct node_claim *holder,
				     struct err *err) MUST_CHECK;
/* Held rows of messages that have an end go: while outcomes went by their lease, a late one left its row behind. */
enum status store_queue_drop_ended(struct store_session *s, uint64_t *ret_count, struct err *err) MUST_CHECK;

#endif
