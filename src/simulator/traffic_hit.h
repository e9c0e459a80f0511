/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_hit: one request of the simulated population, with the truth about it. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_HIT_H
#define PUGMARK_SIMULATOR_TRAFFIC_HIT_H

#include "codec/judge/ip_address.h"
#include "codec/judge/verdict.h"

/* What somebody does; a hit has the one that makes it hard to judge. */
enum traffic_behaviour {
	TRAFFIC_MAIL_CLIENT,
	TRAFFIC_BARE_WEBKIT,
	TRAFFIC_WEBMAIL,
	TRAFFIC_CLICK,
	TRAFFIC_FAST,
	TRAFFIC_DOUBLE_CLICK,
	TRAFFIC_SECOND_DEVICE,
	TRAFFIC_IMAGES_BLOCKED,
	TRAFFIC_NO_LANGUAGE,
	TRAFFIC_OFFICE,
	TRAFFIC_WEB_GATEWAY,
	TRAFFIC_VPN,
	TRAFFIC_CLOUD_DESKTOP,
	TRAFFIC_ISOLATION,
	TRAFFIC_GMAIL_PROXY,
	TRAFFIC_YAHOO_PROXY,
	TRAFFIC_OUTLOOK_WEB,
	TRAFFIC_GMAIL_PREFETCH,
	TRAFFIC_APPLE_MPP,
	TRAFFIC_SWEEP,
	TRAFFIC_SWEEP_OF_ONE,
	TRAFFIC_EOP,
	TRAFFIC_DECLARED,
	TRAFFIC_SANDBOX,
	TRAFFIC_SANDBOX_OF_ONE,
	TRAFFIC_FAN_OUT,
	TRAFFIC_IMAGE_FETCH,
	TRAFFIC_HEAD,
	TRAFFIC_PREVIEW,
	TRAFFIC_CRAWLER,
	TRAFFIC_BEHAVIOUR_COUNT,
};
/* "sweep of all links"; static. */
const char *traffic_behaviour_text(enum traffic_behaviour behaviour);
/* "sweep"; for JSON; static. */
const char *traffic_behaviour_name(enum traffic_behaviour behaviour);
/* Who does so. */
enum actor traffic_behaviour_actor(enum traffic_behaviour behaviour);

struct traffic_hit {
	int64_t time_us;
	uint32_t mail; /* index */
	enum hit_kind kind;
	uint32_t link; /* of a click, from 0 */
	enum traffic_behaviour behaviour;
	bool is_repeat; /* the same act of the same person again: a double click is one click */
	bool is_head;
	bool has_accept_language, has_sec_fetch;
	struct slice agent;   /* belongs to the agents (traffic_agents.h), or static */
	struct slice referer; /* static */
	struct ip_address client;
};

struct traffic_mail {
	int64_t sent_us; /* the other side took it */
	uint32_t campaign;
	uint32_t contact;
	uint32_t company; /* whose domain it goes to */
	uint32_t links;
	bool is_https; /* of the tracking domain */
};

/* A person's act in the truth that the headline is compared with. */
static inline bool traffic_hit_is_persons(const struct traffic_hit *hit)
{
	return actor_is_counted(traffic_behaviour_actor(hit->behaviour));
}

#endif
