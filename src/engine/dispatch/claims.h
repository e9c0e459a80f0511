/* SPDX-License-Identifier: Apache-2.0 */
/* claims: takes due mails out of the queue for the jobs, keeps their leases, and clears up what a crash left.
 * Everything belongs to the deliverer's thread; what it does to the store are commands on the writer. */
#ifndef PUGMARK_ENGINE_CLAIMS_H
#define PUGMARK_ENGINE_CLAIMS_H

#include "engine/dispatch/attempt_end.h"
#include "engine/dispatch/errand.h"
#include "engine/dispatch/jobs.h"

enum { LEASE_SECONDS = 120 };

/* All of it must outlive the claims. */
struct claims_config {
	const struct clock *clock;
	struct store *store;
	struct store_session *session; /* reads */
	struct journal *journal;
	struct errands *errands;
	struct lease_book *leases;
	struct jobs *jobs;
	struct retry_rules retry; /* how long something may wait */
	uint32_t concurrency;
	bool resend_in_doubt; /* see dispatch.h */
};
struct claims;
struct claims *claims_new(const struct claims_config *config);
/* No errand of its own may be under way. NULL is allowed. */
void claims_free(struct claims **claims);

/* Deals with what a crash left; to be called until claims_recovered. */
void claims_recover(struct claims *claims);
bool claims_recovered(const struct claims *claims);
/* Claims, and extends leases, when it is time and no claim is under way. `may_claim`: false at a stop, when leases are
 * kept and nothing new is taken. */
void claims_move(struct claims *claims, bool may_claim);
/* Something may be due now. */
void claims_expect(struct claims *claims);

struct claims_times {
	int64_t next_due_us;  /* wall: when the queue is known to have something; 0: not known */
	int64_t next_look_us; /* monotonic: when it is looked for something nobody told of */
	bool waits_for_room;  /* something is due, and there is no room for it */
};
struct claims_times claims_times(const struct claims *claims);

#endif
