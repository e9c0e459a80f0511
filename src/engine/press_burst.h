/* SPDX-License-Identifier: Apache-2.0 */
/* press_burst: whether whoever presses the unsubscribe button has just followed links faster than a person can.
 *
 * Sandboxes that press buttons run a whole browser and say so; what gives them away is that they open every link of the
 * mail at once. Looked at only for a press, from the clicks of that message which the same source (network and agent)
 * made in the two minutes before; a client of which nothing is kept has no source. Writer's thread. */
#ifndef PUGMARK_ENGINE_PRESS_BURST_H
#define PUGMARK_ENGINE_PRESS_BURST_H

#include "codec/behaviour.h"
#include "engine/batch.h"

enum { PRESS_BURST_REACH_S = 120 };

/* The most different links that the source of `press` followed within BEHAVIOUR_BURST_MS. */
enum status press_burst_links(struct batch *batch, const struct event *press, uint32_t *ret_links,
			      struct err *err) MUST_CHECK;

#endif
