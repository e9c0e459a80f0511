/* SPDX-License-Identifier: Apache-2.0 */
/* jobs: claimed mails from their claim until their outcome is applied. Everything belongs to the deliverer's thread.
 *
 *                                                         +---- refused ----+
 *   WAITING --> BUILDING --> BUILT --start--> SENDING --at barrier--> INTENT --durable--> PAST_DOT --done--+
 *      ^            |          |                 |                      |                                  v
 *      +-- later ---+          |                 +------ refused -------+-----------> OUTCOME <------------+
 *                   |          |                                                         | durable
 *                   +-- not wanted: WITHDRAWING --> gone                                 v
 *                              |                                                      SETTLING --applied--> gone
 *                              +-- stop: the lease goes back, gone
 *
 * A mail holds its lease until it is gone, and takes room of the claims until then: while outcomes wait to be applied,
 * no more is claimed than can be kept.
 */
#ifndef PUGMARK_ENGINE_JOBS_H
#define PUGMARK_ENGINE_JOBS_H

#include "engine/dispatch/attempt_end.h"
#include "engine/dispatch/builder.h"
#include "engine/dispatch/durable_records.h"
#include "engine/dispatch/lease_book.h"
#include "engine/dispatch/outlets.h"
#include "engine/dispatch/shared_intents.h"
#include <stdatomic.h>

/* Written by the deliverer's thread, read by any. */
struct job_counts {
	atomic_uint_fast64_t sent, failed, deferred, uncertain, in_flight;
};
/* All of it must outlive the jobs. */
struct jobs_config {
	const struct clock *clock;
	struct journal *journal;
	struct errands *errands;
	struct durable_records *records;
	struct shared_intents *intents; /* NULL: intents are records too */
	struct builder *builder;
	struct outlets *outlets;
	struct job_counts *counts;
	struct retry_rules retry;
	struct send_fence *fence; /* NULL: shared intents are the fence */
	uint32_t concurrency;     /* mails under way at once */
};
struct jobs;
struct jobs *jobs_new(const struct jobs_config *config);
/* Forgets all jobs; no delivery, build or record of theirs may be under way. NULL is allowed. */
void jobs_free(struct jobs **jobs);

/* A claimed mail, to be sent. `entry` is copied. */
void jobs_add(struct jobs *jobs, const struct queue_entry *entry, struct lease *lease);
/* Takes finished mails from the builder, forgets those whose outcome is applied up to this sequence, starts what may be
 * started. */
void jobs_move(struct jobs *jobs, uint64_t applied_sequence);
/* Ends everything that is not past the dot, and gives the leases back. From now on nothing is started. May be called
 * again. */
void jobs_give_up(struct jobs *jobs);
/* The journal or the store said no: nothing is started or claimed for a second. */
void jobs_pause(struct jobs *jobs);

struct job_figures {
	uint32_t all;      /* that there are, settling ones included */
	uint32_t to_start; /* waiting, being built, or built */
	uint32_t open;     /* started, or with the builder, and without a durable outcome */
	uint32_t settling;
	int64_t pause_until_us; /* monotonic; in the past: not paused */
};
struct job_figures jobs_figures(const struct jobs *jobs);
/* Wall: the earliest time that a mail was put off to since the last call; 0: none was. */
int64_t jobs_take_next_retry(struct jobs *jobs);

#endif
