/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison is worth something when the others are as good as they can be: they know no double clicks, and use this
 * program's lists where those are better than public ones. What they lack is only what such filters cannot do. */
#include "simulator/traffic_rivals.h"

#include "base/map.h"
#include "codec/judge/agent_marks.h"
#include "codec/judge/known_network.h"

enum { DEDUPE_SECONDS = 5 };
static const int64_t SOON_US = 2000000;

static const struct {
	const char *name, *text;
} ROWS[RIVAL_COUNT] = {
    [RIVAL_NO_FILTER] = {"no_filter", "no filter"},
    [RIVAL_AGENT_LIST] = {"agent_list", "list of agents"},
    [RIVAL_TWO_OF_THREE] = {"two_of_three", "two of three (2 s, address, agent)"},
};

const char *traffic_rival_text(enum traffic_rival rival)
{
	return ROWS[rival].text;
}

const char *traffic_rival_name(enum traffic_rival rival)
{
	return ROWS[rival].name;
}

/* The agent alone; general lists have image proxies as robots. What this program knows beyond such a list
 * (http libraries, scanners, previews) is on the longer ones, too; bare "Mozilla/5.0" and Gmail's prefetch are not. */
static bool is_listed_agent(struct slice agent)
{
	struct agent_marks marks;
	agent_marks_find(agent, &marks);
	return marks.robot.code || (marks.named.code && marks.named.actor != ACTOR_PREFETCH);
}

static bool is_listed_address(const struct ip_address *address)
{
	return known_network_of(address, NULL).role == NETWORK_SCANNER;
}

static bool is_robot(enum traffic_rival rival, const struct traffic_hit *hit, const struct traffic_mail *mail)
{
	if (rival == RIVAL_NO_FILTER)
		return false;
	bool is_listed = is_listed_agent(hit->agent);
	if (rival == RIVAL_AGENT_LIST)
		return is_listed;
	return is_listed + is_listed_address(&hit->client) + (hit->time_us - mail->sent_us < SOON_US) >= 2;
}

/* When the same client was last at the same link or pixel of the same mail, as the pointer's value; and now it is. */
static int64_t last_time_of(struct map *times, const struct traffic_hit *hit, bool is_counted)
{
	struct {
		uint64_t mail, link, kind_and_who;
		struct ip_address client;
	} key = {hit->mail, hit->link, (uint64_t)hit->kind << 1 | is_counted, hit->client};
	return (int64_t)(intptr_t)map_put(times, slice_of(&key, sizeof key), (void *)(intptr_t)hit->time_us);
}

void traffic_rival_judge(enum traffic_rival rival, const struct traffic_hit *hits, size_t count,
			 const struct traffic_mail *mails, struct traffic_opinion *ret)
{
	struct map *times = map_new();
	for (size_t i = 0; i < count; i++) {
		const struct traffic_hit *hit = &hits[i];
		bool is_counted = !is_robot(rival, hit, &mails[hit->mail]);
		int64_t before_us = last_time_of(times, hit, is_counted);
		ret[i].actor = is_counted ? ACTOR_HUMAN : ACTOR_SCANNER;
		ret[i].is_duplicate = before_us && hit->time_us - before_us <= DEDUPE_SECONDS * INT64_C(1000000);
	}
	map_free(&times);
}
