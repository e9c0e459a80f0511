/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/traffic_rivals.h"

#include "codec/judge/agent_marks.h"
#include "codec/judge/known_network.h"
#include "engine/apply/duplicate_window.h"

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

/* Only the index of the mail tells one message from another here. */
static struct uuid message_of(const struct traffic_hit *hit)
{
	struct uuid id = {{0}};
	memcpy(id.bytes, &hit->mail, sizeof hit->mail);
	return id;
}

void traffic_rival_judge(enum traffic_rival rival, const struct traffic_hit *hits, size_t count,
			 const struct traffic_mail *mails, struct traffic_opinion *ret)
{
	struct duplicate_window *window = duplicate_window_new();
	for (size_t i = 0; i < count; i++) {
		const struct traffic_hit *hit = &hits[i];
		bool is_counted = !is_robot(rival, hit, &mails[hit->mail]);
		struct duplicate_key key = {.message = message_of(hit),
					    .kind = hit->kind,
					    .link_index = hit->link,
					    .client = hit->client,
					    .is_person = is_counted};
		ret[i].actor = is_counted ? ACTOR_HUMAN : ACTOR_SCANNER;
		ret[i].is_duplicate = duplicate_window_hit(window, &key, hit->time_us, DEDUPE_SECONDS);
	}
	duplicate_window_free(&window);
}
