/* SPDX-License-Identifier: Apache-2.0 */
/* Most known agents are ruled out by the pairs of bytes that occur in the text (byte_pairs.h), the rest are searched
 * for. A mark counts where a word begins, so that a name inside another word is not found by accident. Of all that
 * match the strongest wins: an image proxy says more than the http library it is built on.
 *
 * Only what an agent says of itself is believed here; frozen browsers of scanners, networks and bursts are behaviour
 * and judged elsewhere. What names MSIE, Trident or ms-office is desktop Outlook, a person. */
#include "codec/verdict.h"

#include "codec/byte_pairs.h"
#include "codec/crawler_list.h"
#include "codec/user_agent.h"
#include "codec/verdict_score.h"
#include <stdio.h>

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
	for (int i = 0; i < ACTOR_COUNT; i++) {
		if (slice_equal(name, slice_from_cstr(ACTOR_NAMES[i]))) {
			*ret = (enum actor)i;
			return true;
		}
	}
	return false;
}

bool actor_is_counted(enum actor actor)
{
	return actor == ACTOR_HUMAN || actor == ACTOR_PROXY_HUMAN;
}

/* Where in the agent a mark must stand to mean anything. */
enum place { AT_WORD, AT_START, WHOLE };

struct known_agent {
	struct slice mark; /* lower case */
	enum place place;
	enum actor actor;
	const char *code; /* behind "agent:" */
};

#define PROXY ACTOR_PROXY_HUMAN
#define PREFETCH ACTOR_PREFETCH
#define PREVIEW ACTOR_LINK_PREVIEW
#define SCANNER ACTOR_SCANNER
#define CRAWLER ACTOR_CRAWLER

/* A test goes through all rows of the corpus. Libraries count at the start only: applications
 * that are built on one put their own name before it. */
static const struct known_agent KNOWN_AGENTS[] = {
    {SLICE("ahc/"), AT_START, SCANNER, "async_http_client"},
    {SLICE("aiohttp/"), AT_WORD, SCANNER, "aiohttp"},
    {SLICE("amazon cloudfront"), WHOLE, SCANNER, "cloudfront"},
    {SLICE("apache-httpclient/"), AT_START, SCANNER, "apache_httpclient"},
    {SLICE("appengine-google"), AT_WORD, SCANNER, "appengine"},
    {SLICE("axios/"), AT_START, SCANNER, "axios"},
    {SLICE("barracuda sentinel"), AT_WORD, SCANNER, "barracuda_sentinel"},
    {SLICE("bingpreview/"), AT_WORD, PREVIEW, "bing_preview"},
    {SLICE("chatwork linkpreview"), AT_START, PREVIEW, "chatwork"},
    {SLICE("chrome privacy preserving prefetch proxy"), AT_START, PREFETCH, "chrome_prefetch_proxy"},
    {SLICE("curl/"), AT_START, SCANNER, "curl"},
    {SLICE("dingtalkbot-linkservice"), AT_START, PREVIEW, "dingtalk"},
    {SLICE("discordbot/"), AT_WORD, PREVIEW, "discord"},
    {SLICE("facebookexternalhit/"), AT_WORD, PREVIEW, "facebook"},
    {SLICE("fastmailua/"), AT_START, PROXY, "fastmail"},
    {SLICE("gmail-content-sampling"), AT_WORD, PREFETCH, "gmail_content_sampling"},
    {SLICE("go-http-client/"), AT_START, SCANNER, "go_http_client"},
    {SLICE("google-safety"), AT_WORD, SCANNER, "google_safety"},
    {SLICE("googleimageproxy"), AT_WORD, PROXY, "gmail_image_proxy"},
    {SLICE("groupmebot/"), AT_WORD, PREVIEW, "groupme"},
    {SLICE("hubspot connect"), AT_START, SCANNER, "hubspot_connect"},
    {SLICE("iframely/"), AT_START, PREVIEW, "iframely"},
    {SLICE("java/"), AT_START, SCANNER, "java"},
    {SLICE("libwww-perl/"), AT_START, SCANNER, "libwww_perl"},
    {SLICE("linkedinbot/"), AT_WORD, PREVIEW, "linkedin"},
    {SLICE("lua-resty-http/"), AT_START, SCANNER, "lua_resty_http"},
    {SLICE("mail.ukr.net proxy"), AT_WORD, PROXY, "ukr_net_proxy"},
    {SLICE("mattermost-bot/"), AT_WORD, PREVIEW, "mattermost"},
    {SLICE("microsoft office existence discovery"), AT_START, SCANNER, "office_existence_discovery"},
    {SLICE("microsoftpreview/"), AT_WORD, PREVIEW, "microsoft_preview"},
    {SLICE("mimecast"), AT_WORD, SCANNER, "mimecast"},
    {SLICE("office 365 connectors"), AT_START, SCANNER, "office_365_connectors"},
    {SLICE("okhttp/"), AT_START, SCANNER, "okhttp"},
    {SLICE("outlookimageproxy"), AT_WORD, PROXY, "outlook_image_proxy"},
    {SLICE("phishbucket"), AT_WORD, SCANNER, "phishbucket"},
    {SLICE("proofpoint"), AT_WORD, SCANNER, "proofpoint"},
    {SLICE("protonmailimageproxy"), AT_WORD, PREFETCH, "proton_image_proxy"},
    {SLICE("python-requests/"), AT_START, SCANNER, "python_requests"},
    {SLICE("python-urllib/"), AT_START, SCANNER, "python_urllib"},
    {SLICE("quora link preview"), AT_START, PREVIEW, "quora"},
    {SLICE("ramblermail/"), AT_START, PROXY, "rambler_proxy"},
    {SLICE("scmguard"), AT_START, SCANNER, "scmguard"},
    {SLICE("seznamemailproxy"), AT_WORD, PROXY, "seznam_proxy"},
    {SLICE("shortwave image fetcher"), AT_START, PROXY, "shortwave"},
    {SLICE("skypeuripreview"), AT_WORD, PREVIEW, "skype"},
    {SLICE("slack-imgproxy"), AT_WORD, PREVIEW, "slack"},
    {SLICE("slackbot"), AT_START, PREVIEW, "slack"},
    {SLICE("snap url preview"), AT_START, PREVIEW, "snapchat"},
    {SLICE("symantec"), AT_WORD, SCANNER, "symantec"},
    {SLICE("synapse "), AT_START, PREVIEW, "matrix"},
    {SLICE("telegrambot"), AT_WORD, PREVIEW, "telegram"},
    {SLICE("twilioproxy/"), AT_START, PREVIEW, "twilio"},
    {SLICE("twinwavescanner"), AT_WORD, SCANNER, "twinwave"},
    {SLICE("twitterbot/"), AT_WORD, PREVIEW, "twitter"},
    {SLICE("viberurldownloader"), AT_START, PREVIEW, "viber"},
    {SLICE("virustotal"), AT_WORD, SCANNER, "virustotal"},
    {SLICE("wget/"), AT_START, SCANNER, "wget"},
    {SLICE("whatsapp"), WHOLE, PREVIEW, "whatsapp"},
    {SLICE("whatsapp/"), AT_START, PREVIEW, "whatsapp"},
    {SLICE("yahoo link preview"), AT_WORD, PREVIEW, "yahoo_link_preview"},
    {SLICE("yahoomailproxy"), AT_START, PROXY, "yahoo_image_proxy"},
    {SLICE("yandexantivirus/"), AT_WORD, SCANNER, "yandex_antivirus"},
};
enum { KNOWN_AGENT_COUNT = sizeof KNOWN_AGENTS / sizeof KNOWN_AGENTS[0] };

const char *verdict_agent_code_at(size_t index)
{
	return index < KNOWN_AGENT_COUNT ? KNOWN_AGENTS[index].code : NULL;
}

/* Whole agents (exact case: these are signatures, not names). */
static const struct slice GMAIL_PREFETCH =
    SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	  "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0");
static const struct slice BARE_MOZILLA = SLICE("Mozilla/5.0");

/* The stronger word for an agent that has several. */
static int strength(enum actor actor)
{
	switch (actor) {
	case ACTOR_PREFETCH: return 5; /* the sampling agent ends in a proxy's name */
	case ACTOR_PROXY_HUMAN: return 4;
	case ACTOR_LINK_PREVIEW: return 3;
	case ACTOR_SCANNER: return 2;
	default: return 1;
	}
}

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Text in lower case and what helps to search it. */
struct text {
	struct slice bytes;
	struct byte_pairs pairs;
};

static bool is_in_place(const struct known_agent *agent, struct slice text, size_t at)
{
	switch (agent->place) {
	case AT_START: return at == 0;
	case WHOLE: return text.n == agent->mark.n;
	default: return at == 0 || !is_word_byte(text.p[at - 1]);
	}
}

static bool occurs(const struct known_agent *agent, const struct text *text)
{
	if (!byte_pairs_may_have(&text->pairs, agent->mark))
		return false;
	struct slice rest = text->bytes;
	for (;;) {
		const char *found = rest.n ? memmem(rest.p, rest.n, agent->mark.p, agent->mark.n) : NULL;
		if (!found)
			return false;
		size_t at = (size_t)(found - text->bytes.p);
		if (is_in_place(agent, text->bytes, at))
			return true;
		rest = slice_from(text->bytes, at + 1);
	}
}

static const struct known_agent *find_known(const struct text *text)
{
	const struct known_agent *best = NULL;
	for (size_t i = 0; i < KNOWN_AGENT_COUNT; i++) {
		const struct known_agent *agent = &KNOWN_AGENTS[i];
		if (occurs(agent, text) && (!best || strength(agent->actor) > strength(best->actor)))
			best = agent;
	}
	return best;
}

static struct slice lower_case(struct slice s, char room[USER_AGENT_MAX])
{
	for (size_t i = 0; i < s.n; i++)
		room[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + ('a' - 'A')) : s.p[i];
	return slice_of(room, s.n);
}

static void decide(struct verdict *ret, enum actor actor, uint8_t confidence_percent, const char *reason)
{
	*ret = (struct verdict){.actor = actor, .confidence_percent = confidence_percent};
	(void)snprintf(ret->reasons, sizeof ret->reasons, "%s", reason);
}

static void decide_agent(struct verdict *ret, enum actor actor, uint8_t confidence_percent, const char *code)
{
	decide(ret, actor, confidence_percent, "");
	(void)snprintf(ret->reasons, sizeof ret->reasons, "agent:%s", code);
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
	return network->role != NETWORK_SCANNER;
}

static bool judge_exact(const struct hit_signals *hit, struct slice agent, const struct network *network,
			struct verdict *ret)
{
	if (slice_equal(agent, GMAIL_PREFETCH)) {
		bool says_gmail = slice_starts_with(hit->referer, SLICE("http://mail.google.com"));
		decide_agent(ret, ACTOR_PREFETCH, says_gmail ? 99 : 98, "gmail_prefetch");
		return true;
	}
	if (!slice_equal(agent, BARE_MOZILLA))
		return false;
	/* Mail Privacy Protection fetches images, never links. */
	if (hit->kind == HIT_OPEN && may_be_apple(hit, network)) {
		decide_agent(ret, ACTOR_PREFETCH, network_lists_have_egress(hit->lists) ? 99 : 90, "apple_mpp");
		ret->mpp = true;
	} else {
		decide_agent(ret, ACTOR_SCANNER, 80, "bare_mozilla");
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
static void judge_by_points(const struct hit_signals *hit, const struct client *client, const struct network *network,
			    struct verdict *ret)
{
	char room[REASONS_MAX];
	struct buf reasons;
	buf_init_fixed(&reasons, room, sizeof room);
	unsigned points = verdict_score(hit, client, network, &reasons);
	const char *said = client->kind == CLIENT_MAIL      ? "mail_client"
			   : client->kind == CLIENT_BROWSER ? "browser"
							    : "agent:unrecognised";
	enum actor actor = actor_of_points(points, client);
	decide(ret, actor, sureness(actor, points, client), said);
	(void)snprintf(ret->reasons, sizeof ret->reasons, "%s%.*s", said, SLICE_FMT(buf_slice(&reasons)));
}

/* Apple Mail says no more than its engine's name, but so do scanners when a mail comes in; inside that window nobody
 * can know, and a later open of the same person counts. */
static bool is_early_bare_engine(const struct hit_signals *hit, const struct client *client)
{
	return client->is_bare_engine && hit->kind == HIT_OPEN && hit->has_delivery_age &&
	       verdict_is_early(HIT_OPEN, hit->delivery_age_ms);
}

static void judge_client(const struct hit_signals *hit, struct slice agent, const struct network *network,
			 struct verdict *ret)
{
	struct client client;
	user_agent_parse(agent, &client);
	if (network->role == NETWORK_SCANNER) {
		decide(ret, ACTOR_SCANNER, 97, "");
		(void)snprintf(ret->reasons, sizeof ret->reasons, "network:%s", network->label);
		return;
	}
	const struct crawler_mark *robot =
	    client.kind == CLIENT_MAIL && !client.is_bare_engine ? NULL : crawler_list_find(agent);
	if (robot) {
		decide(ret, robot->actor, 95, "");
		(void)snprintf(ret->reasons, sizeof ret->reasons, "robot_list:%s", robot->name);
	} else if (is_early_bare_engine(hit, &client)) {
		decide_agent(ret, ACTOR_PREFETCH, 60, "bare_webkit_early");
	} else {
		judge_by_points(hit, &client, network, ret);
	}
}

static void judge_agent(const struct hit_signals *hit, struct slice agent, struct verdict *ret)
{
	struct network network = {.label = ""};
	if (hit->has_client)
		network = known_network_of(&hit->client, hit->lists);
	if (judge_exact(hit, agent, &network, ret))
		return;
	char room[USER_AGENT_MAX];
	struct text text = {.bytes = lower_case(agent, room)};
	byte_pairs_init(&text.pairs, text.bytes);
	const struct known_agent *known = find_known(&text);
	if (known)
		decide_agent(ret, known->actor, known->actor == ACTOR_PROXY_HUMAN ? 90 : 98, known->code);
	else
		judge_client(hit, agent, &network, ret);
}

void verdict_judge(const struct hit_signals *hit, struct verdict *ret)
{
	struct slice agent = slice_trim(slice_sub(hit->user_agent, 0, USER_AGENT_MAX));
	if (hit->is_head)
		decide(ret, ACTOR_SCANNER, 95, "method:head"); /* nobody reads an answer without a body */
	else if (slice_contains_nocase(hit->purpose, SLICE("prefetch")) ||
		 slice_contains_nocase(hit->purpose, SLICE("preview")))
		decide(ret, ACTOR_PREFETCH, 98, "purpose:prefetch");
	else if (!agent.n)
		decide_agent(ret, ACTOR_SCANNER, 80, "missing"); /* no mail client and no browser is silent */
	else
		judge_agent(hit, agent, ret);
}
