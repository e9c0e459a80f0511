/* SPDX-License-Identifier: Apache-2.0 */
/* The agent is read once (agent_marks.h), and all that the rules ask of it is known then.
 *
 * Here it is about one hit; what several hits say together is behaviour.h. What opens and names MSIE, Trident or
 * ms-office is desktop Outlook, a person. */
#include "codec/judge/verdict.h"

#include "codec/judge/agent_marks.h"
#include "codec/judge/verdict_score.h"
#include <ctype.h>

enum { METHOD_NAME_MAX = 16 };

static const char *const ACTOR_NAMES[ACTOR_COUNT] = {
    [ACTOR_UNKNOWN] = "unknown",   [ACTOR_HUMAN] = "human",     [ACTOR_PROXY_HUMAN] = "proxy_human",
    [ACTOR_PREFETCH] = "prefetch", [ACTOR_SCANNER] = "scanner", [ACTOR_LINK_PREVIEW] = "link_preview",
    [ACTOR_CRAWLER] = "crawler",
};

const char *actor_name(enum actor actor)
{
	return (unsigned)actor < ACTOR_COUNT ? ACTOR_NAMES[actor] : ACTOR_NAMES[ACTOR_UNKNOWN];
}

bool actor_parse(struct slice name, enum actor *ret)
{
	size_t i = slice_index_in(name, ACTOR_NAMES, ACTOR_COUNT);
	if (i == ACTOR_COUNT)
		return false;
	*ret = (enum actor)i;
	return true;
}

bool actor_is_counted(enum actor actor)
{
	return actor == ACTOR_HUMAN || actor == ACTOR_PROXY_HUMAN;
}

/* Whole agents (exact case: these are signatures, not names). */
static const struct slice GMAIL_PREFETCH =
    SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	  "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0");
static const struct slice BARE_MOZILLA = SLICE("Mozilla/5.0");

/* "what:code" */
static void decide_for(struct verdict *ret, enum actor actor, uint8_t confidence_percent, const char *what,
		       const char *code)
{
	struct buf reasons;
	ret->actor = actor;
	ret->mpp = false;
	ret->confidence_percent = confidence_percent;
	buf_init_fixed(&reasons, ret->reasons, sizeof ret->reasons);
	buf_append_cstr(&reasons, what);
	if (!*code)
		return;
	buf_append_byte(&reasons, ':');
	buf_append_cstr(&reasons, code);
}

/* With Apple's own list, or at least everybody's autonomous systems, the address must be Apple's, too: some scanners
 * call themselves the same. */
static bool may_be_apple(const struct hit_signals *hit, const struct network *network)
{
	if (!hit->has_client)
		return true;
	if (network_lists_have_egress(hit->lists))
		return network_lists_is_egress(hit->lists, &hit->client);
	if (network_lists_have_systems(hit->lists))
		return network->role == NETWORK_APPLE_RELAY;
	return network->role != NETWORK_SCANNER && network->role != NETWORK_CLICK_SCANNER;
}

static bool judge_exact(const struct hit_look *look, struct verdict *ret)
{
	const struct hit_signals *hit = look->hit;
	if (slice_equal(look->marks.agent, GMAIL_PREFETCH)) {
		bool says_gmail = slice_starts_with(hit->referer, SLICE("http://mail.google.com"));
		decide_for(ret, ACTOR_PREFETCH, says_gmail ? 99 : 98, "agent", "gmail_prefetch");
		return true;
	}
	if (!slice_equal(look->marks.agent, BARE_MOZILLA))
		return false;
	/* Mail Privacy Protection fetches images, never links. */
	if (hit->kind == HIT_OPEN && may_be_apple(hit, &look->network)) {
		decide_for(ret, ACTOR_PREFETCH, network_lists_have_egress(hit->lists) ? 99 : 90, "agent", "apple_mpp");
		ret->mpp = true;
	} else {
		decide_for(ret, ACTOR_SCANNER, 80, "agent", "bare_mozilla");
	}
	return true;
}

static enum actor actor_of_points(unsigned points, const struct client *client)
{
	if (points >= SCORE_SUSPECT)
		return points >= SCORE_SCANNER ? ACTOR_SCANNER : ACTOR_UNKNOWN;
	return client->kind == CLIENT_MAIL || client->kind == CLIENT_BROWSER ? ACTOR_HUMAN : ACTOR_UNKNOWN;
}

/* The less speaks against a person the surer; a suspect is as unsure as can be. */
static uint8_t sureness(enum actor actor, unsigned points, const struct client *client)
{
	if (actor == ACTOR_SCANNER)
		return (uint8_t)(points < 99 ? points : 99);
	if (actor == ACTOR_UNKNOWN)
		return SCORE_SUSPECT;
	return (uint8_t)((client->kind == CLIENT_MAIL ? 90 : 80) - points / 2);
}

/* A mail client, a browser or nothing known, with points against it. */
static void judge_by_points(const struct hit_look *look, struct verdict *ret)
{
	const struct client *client = &look->client;
	struct buf reasons;
	buf_init_fixed(&reasons, ret->reasons, sizeof ret->reasons);
	buf_append_cstr(&reasons, client->kind == CLIENT_MAIL      ? "mail_client"
				  : client->kind == CLIENT_BROWSER ? "browser"
								   : "agent:unrecognised");
	unsigned points = verdict_score(look, &reasons);
	ret->mpp = false;
	ret->actor = actor_of_points(points, client);
	ret->confidence_percent = sureness(ret->actor, points, client);
}

/* Apple Mail says no more than its engine's name, but so do scanners when a mail comes in; inside that window nobody
 * can know, and a later open of the same person counts. */
static bool is_early_bare_engine(const struct hit_signals *hit, const struct client *client)
{
	return client->is_bare_engine && hit->kind == HIT_OPEN && hit->has_delivery_age &&
	       verdict_is_early(HIT_OPEN, hit->delivery_age_ms);
}

static bool is_scanners_network(const struct hit_look *look)
{
	return look->network.role == NETWORK_SCANNER ||
	       (look->network.role == NETWORK_CLICK_SCANNER && look->hit->kind != HIT_OPEN);
}

static void judge_client(struct hit_look *look, struct verdict *ret)
{
	const struct client *client = &look->client;
	user_agent_of_marks(&look->marks, &look->client);
	bool may_be_robot = client->kind != CLIENT_MAIL || client->is_bare_engine;
	if (is_scanners_network(look))
		decide_for(ret, ACTOR_SCANNER, 97, "network", look->network.label);
	else if (may_be_robot && look->marks.robot.code)
		decide_for(ret, look->marks.robot.actor, 95, "robot_list", look->marks.robot.code);
	else if (is_early_bare_engine(look->hit, client))
		decide_for(ret, ACTOR_PREFETCH, 60, "agent", "bare_webkit_early");
	else
		judge_by_points(look, ret);
}

static void judge_agent(const struct hit_signals *hit, struct slice agent, struct verdict *ret)
{
	struct hit_look look;
	look.hit = hit;
	look.network = hit->has_client ? known_network_of(&hit->client, hit->lists) : (struct network){.label = ""};
	agent_marks_find(agent, &look.marks);
	const struct agent_name *named = &look.marks.named;
	if (judge_exact(&look, ret))
		return;
	if (named->code)
		decide_for(ret, named->actor, named->actor == ACTOR_PROXY_HUMAN ? 90 : 98, "agent", named->code);
	else
		judge_client(&look, ret);
}

/* The page of an unsubscription is got by whoever looks and posted by whoever means it. */
bool verdict_is_usual_method(const struct hit_signals *hit)
{
	return !hit->method.n || slice_equal_nocase(hit->method, SLICE("GET")) ||
	       (hit->kind == HIT_UNSUBSCRIBE && slice_equal_nocase(hit->method, SLICE("POST")));
}

/* No mail client and no browser asks for a picture or a link in another way. */
static void judge_method(struct slice method, struct verdict *ret)
{
	char name[METHOD_NAME_MAX + 1];
	size_t n = 0;
	while (n < method.n && n < METHOD_NAME_MAX && isalpha((unsigned char)method.p[n])) {
		name[n] = (char)tolower((unsigned char)method.p[n]);
		n++;
	}
	name[n] = 0;
	decide_for(ret, ACTOR_SCANNER, 95, "method", n == method.n ? name : "other");
}

void verdict_judge(const struct hit_signals *hit, struct verdict *ret)
{
	struct slice agent = slice_trim(slice_sub(hit->user_agent, 0, USER_AGENT_MAX));
	if (!verdict_is_usual_method(hit))
		judge_method(hit->method, ret);
	else if (slice_contains_nocase(hit->purpose, SLICE("prefetch")) ||
		 slice_contains_nocase(hit->purpose, SLICE("preview")))
		decide_for(ret, ACTOR_PREFETCH, 98, "purpose", "prefetch");
	else if (hit->is_honeypot)
		decide_for(ret, ACTOR_SCANNER, 99, "honeypot", "");
	else if (!agent.n)
		decide_for(ret, ACTOR_SCANNER, 80, "agent", "missing"); /* no mail client and no browser is silent */
	else
		judge_agent(hit, agent, ret);
}
