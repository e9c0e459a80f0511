/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_replay: sends a simulated population's hits through this program itself: messages in a store, hits as journal
 * records, applied with duplicates, first verdicts and counters, and settled two minutes later, on a clock of the
 * simulation. What comes back is read from the events and the sums. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_REPLAY_H
#define PUGMARK_SIMULATOR_TRAFFIC_REPLAY_H

#include "simulator/traffic_population.h"
#include "simulator/traffic_score.h"

struct traffic_progress {
	void (*tell)(void *user, size_t done, size_t of); /* may be NULL */
	void *user;
};

/* `ret_opinions` gets one for each hit, `ret_headline` what the store counted. In TMPDIR, or else /tmp. Blocks. */
enum status traffic_replay(const struct traffic_population *population, const struct traffic_progress *progress,
			   struct traffic_opinion *ret_opinions, struct traffic_headline *ret_headline,
			   struct err *err) MUST_CHECK;

#endif
