/* SPDX-License-Identifier: Apache-2.0 */
/* first_look: the verdict that today's rules would give a hit of long ago when it came, from what its row has kept. */
#ifndef PUGMARK_ENGINE_FIRST_LOOK_H
#define PUGMARK_ENGINE_FIRST_LOOK_H

#include "codec/judge/verdict.h"

struct kept_hit {
	enum hit_kind kind;
	int64_t time_us;
	int64_t delivered_us; /* of its mail, as known now, else when it was sent; 0: nobody knows */
	struct slice ip, user_agent;
	uint16_t signals;     /* codec/judge/hit_signals.h */
	struct slice reasons; /* of the verdict it has */
};

/* False: not enough was kept to judge it anew, and *ret is not touched. Anonymous hits, those without address and
 * agent, and those whose verdict rested on the whole address while only its network was kept. */
bool first_look(const struct kept_hit *hit, const struct network_lists *lists, struct verdict *ret);

#endif
