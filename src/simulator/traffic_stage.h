/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_stage: one mail and everybody who has to do with it, while the hits on it are made. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_STAGE_H
#define PUGMARK_SIMULATOR_TRAFFIC_STAGE_H

#include "simulator/traffic_contact.h"
#include "simulator/traffic_hit.h"

#define TRAFFIC_SECOND_US INT64_C(1000000)
#define TRAFFIC_MINUTE_US (60 * TRAFFIC_SECOND_US)
#define TRAFFIC_HOUR_US (60 * TRAFFIC_MINUTE_US)

struct traffic_hits {
	struct traffic_hit *at;
	size_t n, room;
};
void traffic_hits_done(struct traffic_hits *hits);

struct traffic_stage {
	struct prng random; /* of this mail */
	uint64_t seed;
	const struct traffic_agents *agents;
	const struct traffic_mail *mail;
	uint32_t mail_index;
	const struct traffic_company *company;
	const struct traffic_contact *contact;
	struct traffic_hits *hits;
};

/* Adds a hit that came so long after the mail was taken, and returns it, to be changed until the next one is added. It
 * has an agent, and nothing else that a client may send. */
struct traffic_hit *traffic_stage_open(struct traffic_stage *stage, enum traffic_behaviour behaviour, int64_t after_us,
				       struct slice agent);
struct traffic_hit *traffic_stage_click(struct traffic_stage *stage, enum traffic_behaviour behaviour, int64_t after_us,
					struct slice agent);
/* Adds the headers that its browser sends. */
void traffic_stage_send_headers(const struct traffic_stage *stage, struct traffic_hit *hit);

#endif
