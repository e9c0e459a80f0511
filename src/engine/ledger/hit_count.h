/* SPDX-License-Identifier: Apache-2.0 */
/* hit_count: which numbers an open or click is counted in, for counting it and for taking that back. Writer's thread.
 */
#ifndef PUGMARK_ENGINE_HIT_COUNT_H
#define PUGMARK_ENGINE_HIT_COUNT_H

#include "engine/ledger/batch.h"

struct hit_count {
	enum hit_kind kind; /* open or click */
	enum actor actor;
	bool is_mpp;
	int64_t time_us; /* of the hit */
};

/* Of an open or click as its row has it. */
struct hit_count hit_count_of(const struct event *event);
/* For the campaign: the sums by day of sending and by hour. The message's cohort_day must be set. */
void hit_count_campaign(struct batch *batch, const struct message *message, const struct hit_count *hit, int delta);
/* For the person: the message's counters, not its times. The caller touches the message. */
void hit_count_person(struct message *message, const struct hit_count *hit, int delta);

#endif
