/* SPDX-License-Identifier: Apache-2.0 */
/* press_burst: whether whoever presses the unsubscribe button has just followed links faster than a person can.
 *
 * Sandboxes that press buttons run a whole browser and say so; what gives them away is that they open every link of the
 * mail at once, or one that no person sees. Looked at only for a press, from the clicks of that message which the same
 * source (network and agent) made in the two minutes before; a client of which nothing is kept has no source. Writer's
 * thread. */
#ifndef PUGMARK_ENGINE_PRESS_BURST_H
#define PUGMARK_ENGINE_PRESS_BURST_H

#include "codec/judge/behaviour.h"
#include "engine/ledger/batch.h"

enum { PRESS_BURST_REACH_S = 120 };

/* What the source of `press` did before. */
struct press_burst {
	uint32_t links; /* the most different ones that it followed within BEHAVIOUR_BURST_MS */
	bool honeypot;  /* it followed the link that no person sees */
};
enum status press_burst_find(struct batch *batch, const struct event *press, struct press_burst *ret,
			     struct err *err) MUST_CHECK;

#endif
