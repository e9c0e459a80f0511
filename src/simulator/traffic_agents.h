/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_agents: the user agents that the simulated population has, out of the corpus' files. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_AGENTS_H
#define PUGMARK_SIMULATOR_TRAFFIC_AGENTS_H

#include "base/random.h"
#include "base/slice.h"
#include "base/status.h"

/* The files' texts; the agents point into them, so they must outlive these. */
struct traffic_agent_texts {
	struct slice browsers;     /* humans_weighted.tsv: weight, device, agent, below a line of names */
	struct slice mail_clients; /* humans_mailclients.txt */
	struct slice services;     /* mailproxies.tsv: agent, class, source, below a line of names */
	struct slice crawlers;     /* bots.txt */
};

enum traffic_agent_kind {
	AGENT_BROWSER,     /* drawn by how often it is seen */
	AGENT_MAIL_CLIENT, /* with a name of its own; from here on all alike */
	AGENT_BARE_WEBKIT,
	AGENT_FROZEN,   /* an ordinary old browser that scanners were seen with */
	AGENT_DECLARED, /* a scanner that says so */
	AGENT_PREVIEW,
	AGENT_CRAWLER,
	AGENT_KIND_COUNT,
};

struct traffic_agents;
/* STATUS_NOT_FOUND: of one kind there is none. STATUS_BAD_INPUT: a weight is none. */
enum status traffic_agents_new(const struct traffic_agent_texts *texts, struct traffic_agents **ret,
			       struct err *err) MUST_CHECK;
void traffic_agents_free(struct traffic_agents **agents);

struct slice traffic_agents_draw(const struct traffic_agents *agents, enum traffic_agent_kind kind,
				 struct prng *random);
size_t traffic_agents_count(const struct traffic_agents *agents, enum traffic_agent_kind kind);
/* Such a browser says over HTTPS where a request comes from. */
bool traffic_agent_sends_fetch_metadata(struct slice agent);

#endif
