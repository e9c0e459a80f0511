/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_rivals: what simpler filters, which others use, make of the same hits. They get what helps them: no double
 * click counts, and for the second and third this program's own lists. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_RIVALS_H
#define PUGMARK_SIMULATOR_TRAFFIC_RIVALS_H

#include "simulator/traffic_score.h"

enum traffic_rival {
	RIVAL_NO_FILTER,
	RIVAL_AGENT_LIST,   /* a general list of robots, image proxies among them */
	RIVAL_TWO_OF_THREE, /* Mautic 7: within 2 s of sending, address listed, agent listed */
	RIVAL_COUNT,
};
const char *traffic_rival_text(enum traffic_rival rival);
const char *traffic_rival_name(enum traffic_rival rival); /* for JSON */

/* Hits in order of time; one opinion a hit, ACTOR_HUMAN for what would be counted, else ACTOR_SCANNER. */
void traffic_rival_judge(enum traffic_rival rival, const struct traffic_hit *hits, size_t count,
			 const struct traffic_mail *mails, struct traffic_opinion *ret);

#endif
