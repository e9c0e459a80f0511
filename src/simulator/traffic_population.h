/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_population: campaigns to a simulated population and every request that comes of them, each with the truth
 * about it. The same plan gives the same hits. Why it is made as it is: doc/judging.md, "How good it is". */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_POPULATION_H
#define PUGMARK_SIMULATOR_TRAFFIC_POPULATION_H

#include "simulator/traffic_agents.h"
#include "simulator/traffic_hit.h"

enum { TRAFFIC_MAILS_MAX = 5000000, TRAFFIC_LINKS_MAX = 12 };

struct traffic_plan {
	uint64_t seed;
	uint32_t mails; /* from 1 to TRAFFIC_MAILS_MAX */
};

struct traffic_population;
/* `agents` must outlive it. */
struct traffic_population *traffic_population_new(const struct traffic_plan *plan, const struct traffic_agents *agents);
void traffic_population_free(struct traffic_population **population);

/* In order of time. */
const struct traffic_hit *traffic_population_hits(const struct traffic_population *population, size_t *ret_count);
const struct traffic_mail *traffic_population_mails(const struct traffic_population *population, size_t *ret_count);
/* A company's mail is not a consumer's. */
bool traffic_population_is_company(const struct traffic_population *population, uint32_t mail);

#endif
