/* SPDX-License-Identifier: Apache-2.0 */
/* What other trackers' tests, issues and logs say that a judge must answer, put to ours: every mail goes through the
 * first look (verdict.h) and then, all its hits together, through the second (behaviour.h). Where a source says
 * "machine", a hit that nobody can tell about (unknown) is enough only where the test says so: both are out of the
 * headline.
 *
 * Elsewhere: browsers' opt-outs (Sec-GPC, DNT) are consent and not judging, test/flow/privacy.test.mjs; that HEAD is
 * answered like GET, test/flow/tracking.test.mjs; that a late person becomes the first one,
 * test/unit/engine/test_settle.c; the honeypot and what comes ten seconds around it (mautic#9798), test_behaviour.c.
 */
#include "codec/judge/behaviour.h"
#include "codec/judge/known_network.h"
#include "codec/judge/user_agent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define DELIVERED_US INT64_C(1795240800000000)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)

#define GMAIL_PREFETCH                                                                                                 \
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "       \
	"Safari/537.36 Edge/12.246 Mozilla/5.0"
#define GMAIL_PROXY "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
#define BARE_WEBKIT "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
#define MAC_CHROME                                                                                                     \
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 "     \
	"Safari/537.36"
#define WINDOWS_CHROME                                                                                                 \
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 "           \
	"Safari/537.36"
#define FROZEN_CHROME                                                                                                  \
	"Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/57.0.2987.133 Safari/537.36"
#define OUTLOOK                                                                                                        \
	"Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; Microsoft Outlook 15.0.4719; "        \
	"ms-office; MSOffice 15)"

/* Documentation addresses are in nobody's list. */
#define HOME "203.0.113.7"
#define HOME_V6 "2001:db8:1::7"
#define OFFICE "198.51.100.7"
#define GOOGLE "66.249.93.55"
#define EXCHANGE_ONLINE "40.107.218.12"
#define AZURE "20.40.0.1"
#define AZURE_TOO "20.40.77.2"
#define PROOFPOINT "67.231.150.1"
#define ZSCALER "165.225.80.1"
#define AMAZON "52.193.0.9"

/* What a request lacks, or says more than others. */
enum { NO_FETCH_METADATA = 1, NO_LANGUAGE = 2, REWRITTEN_LINK = 4 };

struct vector_hit {
	char kind;  /* 'o' or 'c'; 0 ends the mail */
	int64_t ms; /* since delivery */
	const char *ip, *agent;
	uint32_t link;
	enum actor want;
	const char *reason; /* one that it must have; NULL: any */
	unsigned flags;
	uint32_t fan_out; /* recipients of one domain that the source came for */
};

enum { HITS_MAX = 12 };

struct vector {
	const char *name;
	uint32_t links;
	struct vector_hit hits[HITS_MAX];
};

static struct network_lists *vendors(void)
{
	struct network_lists *lists = network_lists_new();
	struct err err;
	enum status status = network_lists_read_systems(lists,
							SLICE("165.225.0.0,165.225.255.255,22616\n"
							      "67.231.144.0,67.231.159.255,22843\n"
							      "20.33.0.0,20.128.255.255,8075\n"
							      "52.192.0.0,52.207.255.255,16509\n"),
							&err);
	assert_int_equal(status, STATUS_OK);
	return lists;
}

static void first_look(const struct vector_hit *v, const struct network_lists *lists, struct behaviour_hit *hit,
		       struct verdict *ret)
{
	struct hit_signals signals = {
	    .kind = v->kind == 'o' ? HIT_OPEN : HIT_CLICK,
	    .user_agent = slice_from_cstr(v->agent),
	    .referer = v->flags & REWRITTEN_LINK ? SLICE("https://urldefense.proofpoint.com") : SLICE_EMPTY,
	    .has_client = true,
	    .has_delivery_age = true,
	    .delivery_age_ms = v->ms,
	    .headers_are_known = true,
	    .has_accept_language = !(v->flags & NO_LANGUAGE),
	    .has_sec_fetch = !(v->flags & NO_FETCH_METADATA),
	    .is_https = true,
	    .lists = lists,
	};
	assert_true(ip_address_parse(slice_from_cstr(v->ip), &signals.client));
	verdict_judge(&signals, ret);
	*hit = (struct behaviour_hit){
	    .kind = signals.kind,
	    .time_us = DELIVERED_US + v->ms * 1000,
	    .link_index = v->link,
	    .source = behaviour_source_of(&signals.client, signals.user_agent),
	    .fan_out = v->fan_out,
	    .actor = ret->actor,
	    .reasons = slice_from_cstr(ret->reasons),
	};
}

static void check_hit(const struct vector *v, size_t i, const struct behaviour_hit *hit)
{
	const struct vector_hit *want = &v->hits[i];
	enum actor actor = hit->is_changed ? hit->verdict.actor : hit->actor;
	struct slice reasons = hit->is_changed ? slice_from_cstr(hit->verdict.reasons) : hit->reasons;
	if (actor != want->want || (want->reason && !slice_contains(reasons, slice_from_cstr(want->reason))))
		fail_msg("%s, hit %zu: got %s (%.*s), want %s (%s)", v->name, i + 1, actor_name(actor),
			 SLICE_FMT(reasons), actor_name(want->want), want->reason ? want->reason : "anything");
}

static void check_mail(const struct vector *v, const struct network_lists *lists)
{
	struct behaviour_hit hits[HITS_MAX];
	struct verdict first[HITS_MAX];
	struct behaviour_mail mail = {.delivered_us = DELIVERED_US, .links = v->links};
	size_t count = 0;
	for (; count < HITS_MAX && v->hits[count].kind; count++) {
		first_look(&v->hits[count], lists, &hits[count], &first[count]);
		if (hits[count].kind == HIT_OPEN && !mail.first_open_us)
			mail.first_open_us = hits[count].time_us;
	}
	behaviour_judge(&mail, hits, count);
	for (size_t i = 0; i < count; i++)
		check_hit(v, i, &hits[i]);
}

static void check_mails(const struct vector *vectors, size_t count)
{
	struct network_lists *lists = vendors();
	for (size_t i = 0; i < count; i++)
		check_mail(&vectors[i], lists);
	network_lists_free(&lists);
}
#define CHECK(vectors) check_mails(vectors, sizeof(vectors) / sizeof(vectors)[0])

/* ---- Image proxies and prefetchers */

static void test_gmails_prefetch_is_nobody_and_its_image_proxy_a_person(void **state)
{
	static const struct vector VECTORS[] = {
	    {"the pair: 25 s and 30 s after sending", /* bots.md, requests.tsv */
	     9,
	     {{'o', 25000, GOOGLE, GMAIL_PREFETCH, 0, ACTOR_PREFETCH, "agent:gmail_prefetch", 0, 0},
	      {'o', 30000, GOOGLE, GMAIL_PROXY, 0, ACTOR_PROXY_HUMAN, "agent:gmail_image_proxy", 0, 0}}},
	    {"the proxy comes for everybody, from few addresses: never against it", /* postal#875 */
	     9,
	     {{'o', 2000, GOOGLE, GMAIL_PROXY, 0, ACTOR_PROXY_HUMAN, NULL, NO_LANGUAGE | NO_FETCH_METADATA, 10000}}},
	};
	struct client client;
	(void)state;
	CHECK(VECTORS);
	user_agent_parse(SLICE(GMAIL_PROXY), &client); /* its Windows XP and Firefox 11 are nobody's */
	assert_null(client.os);
	assert_null(client.device);
}

static void test_a_bare_mozilla_on_the_pixel_is_apples_privacy_proxy(void **state) /* Mailgun: client-info.bot */
{
	struct hit_signals hit = {.kind = HIT_OPEN, .user_agent = SLICE("Mozilla/5.0")};
	struct verdict verdict;
	(void)state;
	verdict_judge(&hit, &verdict);
	assert_int_equal(verdict.actor, ACTOR_PREFETCH);
	assert_true(verdict.mpp);
}

/* warmbly open_class.go, #564 and PR 569; medama#10, jenssegers#144 */
static void test_bare_webkit_is_nobody_in_the_window_and_a_person_24_minutes_later(void **state)
{
	static const struct vector VECTORS[] = {
	    {"both in one mail: the second counts",
	     1,
	     {{'o', 9000, OFFICE, BARE_WEBKIT, 0, ACTOR_PREFETCH, "agent:bare_webkit_early", 0, 0},
	      {'o', 24 * MINUTE_MS, OFFICE, BARE_WEBKIT, 0, ACTOR_HUMAN, "mail_client", 0, 0}}},
	};
	(void)state;
	CHECK(VECTORS);
}

/* ---- What a request says of itself */

static void test_no_agent_is_a_machine(void **state) /* warmbly abuse.rs */
{
	static const struct vector VECTORS[] = {
	    {"none", 1, {{'c', HOUR_MS, HOME, "", 1, ACTOR_SCANNER, "agent:missing", 0, 0}}},
	    {"blanks", 1, {{'o', HOUR_MS, HOME, "  \t ", 0, ACTOR_SCANNER, "agent:missing", 0, 0}}},
	};
	(void)state;
	CHECK(VECTORS);
}

/* warmbly; mautic 7.2. Which header it was in is the server's to find: test/flow/unsubscribe.test.mjs. */
static void test_speculation_headers_are_a_machine(void **state)
{
	static const char *const PURPOSES[] = {"prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip",
					       "preview"};
	(void)state;
	for (size_t i = 0; i < sizeof PURPOSES / sizeof PURPOSES[0]; i++) {
		struct hit_signals hit = {
		    .kind = HIT_CLICK, .user_agent = SLICE(WINDOWS_CHROME), .purpose = slice_from_cstr(PURPOSES[i])};
		struct verdict verdict;
		verdict_judge(&hit, &verdict);
		assert_int_equal(verdict.actor, ACTOR_PREFETCH);
	}
}

static void test_head_is_a_machine(void **state) /* civicrm PR 35328, mail-tracker PR 200, joe-links#196 */
{
	struct hit_signals hit = {.kind = HIT_CLICK, .method = SLICE("HEAD"), .user_agent = SLICE(WINDOWS_CHROME)};
	struct verdict verdict;
	(void)state;
	verdict_judge(&hit, &verdict);
	assert_int_equal(verdict.actor, ACTOR_SCANNER);
	assert_false(actor_is_counted(verdict.actor));
}

static void test_those_who_say_who_they_are_are_machines(void **state) /* Braze docs, warmbly, suped */
{
	static const char *const AGENTS[] = {
	    "python-requests/2.32.3",
	    "Barracuda Sentinel (EE)",
	    "Go-http-client",
	    "Go-http-client/2.0",
	    "Slackbot-LinkExpanding",
	    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
	    "WhatsApp",
	    "WhatsApp/2.23.20.0 A",
	    "BingPreview",
	    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
	    "SkypeUriPreview",
	    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
	};
	(void)state;
	for (size_t i = 0; i < sizeof AGENTS / sizeof AGENTS[0]; i++) {
		struct hit_signals hit = {.kind = HIT_CLICK, .user_agent = slice_from_cstr(AGENTS[i])};
		struct verdict verdict;
		verdict_judge(&hit, &verdict);
		if (actor_is_counted(verdict.actor) || verdict.actor == ACTOR_UNKNOWN)
			fail_msg("%s: got %s (%s)", AGENTS[i], actor_name(verdict.actor), verdict.reasons);
	}
}

static void test_outlook_is_a_person(void **state) /* uap, yauaa#224 and #67 */
{
	static const struct vector VECTORS[] = {
	    {"desktop", 1, {{'o', 5000, OFFICE, OUTLOOK, 0, ACTOR_HUMAN, "mail_client", 0, 40}}},
	    {"on a phone",
	     1,
	     {{'o', 5000, HOME, "Outlook-iOS/709.2226530.prod.iphone (3.24.1)", 0, ACTOR_HUMAN, "mail_client", 0, 0}}},
	    {"by its own name",
	     1,
	     {{'o', 5000, HOME, "Microsoft Office/16.0 (Microsoft Outlook 16.0.8241; Pro)", 0, ACTOR_HUMAN,
	       "mail_client", 0, 0}}},
	};
	(void)state;
	CHECK(VECTORS);
}

/* ---- Networks and behaviour */

/* resend-node#901 calls the second click a scanner's. Its address is a Brazilian access provider's (AS265269), its
 * browser current and another network 12 s later is a second device or a forwarded mail: with what was published nobody
 * can say "machine", so both are people here, and the message was clicked once by its first. What a scanner's fetcher
 * would have lacked takes it out of the headline. */
static void test_a_second_click_from_another_network_is_no_machine_without_another_sign(void **state)
{
	static const struct vector VECTORS[] = {
	    {"as published",
	     3,
	     {{'c', 10 * MINUTE_MS, HOME_V6, MAC_CHROME, 1, ACTOR_HUMAN, "browser", 0, 0},
	      {'c', 10 * MINUTE_MS + 12000, "168.90.91.133", WINDOWS_CHROME, 1, ACTOR_HUMAN, "browser", 0, 0}}},
	    {"and it sends no header that a browser sends",
	     3,
	     {{'c', 10 * MINUTE_MS, HOME_V6, MAC_CHROME, 1, ACTOR_HUMAN, "browser", 0, 0},
	      {'c', 10 * MINUTE_MS + 12000, "168.90.91.133", WINDOWS_CHROME, 1, ACTOR_UNKNOWN, "no_sec_fetch",
	       NO_FETCH_METADATA | NO_LANGUAGE, 0}}},
	};
	(void)state;
	CHECK(VECTORS);
}

/* warmbly#410 and PR 412: Defender opens and clicks from Azure (AS8075) with two browsers' agents. Windows 365 and
 * Azure's address translation carry people, so the network alone decides nothing. */
static void test_microsofts_cloud_is_a_machine_for_early_clicks_and_people_else(void **state)
{
	static const struct vector VECTORS[] = {
	    {"open and click at delivery: the click is out of the headline",
	     9,
	     {{'o', 8000, AZURE, MAC_CHROME, 0, ACTOR_HUMAN, "early", 0, 0},
	      {'c', 10000, AZURE_TOO, WINDOWS_CHROME, 1, ACTOR_UNKNOWN, "data_centre:microsoft", 0, 0}}},
	    {"a fetcher without a browser's headers is a scanner",
	     9,
	     {{'c', 10000, AZURE, WINDOWS_CHROME, 1, ACTOR_SCANNER, "data_centre:microsoft", NO_FETCH_METADATA, 0}}},
	    {"all links at once, whenever, and the open before",
	     3,
	     {{'o', 30000, AZURE, WINDOWS_CHROME, 0, ACTOR_SCANNER, "burst_source", 0, 0},
	      {'c', 60000, AZURE, WINDOWS_CHROME, 1, ACTOR_SCANNER, "burst:links=3,of=3", 0, 0},
	      {'c', 60300, AZURE, WINDOWS_CHROME, 2, ACTOR_SCANNER, "burst:", 0, 0},
	      {'c', 60600, AZURE, WINDOWS_CHROME, 3, ACTOR_SCANNER, "burst:", 0, 0}}},
	    {"a person at a Windows 365 desk",
	     9,
	     {{'o', 20 * MINUTE_MS, AZURE, WINDOWS_CHROME, 0, ACTOR_HUMAN, "browser", 0, 0},
	      {'c', 21 * MINUTE_MS, AZURE, WINDOWS_CHROME, 4, ACTOR_HUMAN, "data_centre:microsoft", 0, 0}}},
	    {"Exchange Online Protection itself: two requests in a second",
	     9,
	     {{'c', 0, EXCHANGE_ONLINE, FROZEN_CHROME, 1, ACTOR_SCANNER, "network:microsoft_365_protection", 0, 0},
	      {'c', 300, EXCHANGE_ONLINE, FROZEN_CHROME, 1, ACTOR_SCANNER, "network:", 0, 0}}},
	};
	(void)state;
	CHECK(VECTORS);
}

static void test_every_link_clicked_within_ten_seconds_is_a_machine(void **state) /* mautic#8692, #9162 */
{
	static const struct vector VECTORS[] = {
	    {"five links, hours later",
	     5,
	     {{'c', 5 * HOUR_MS, HOME, WINDOWS_CHROME, 1, ACTOR_SCANNER, "coverage:links=5,of=5", 0, 0},
	      {'c', 5 * HOUR_MS + 2300, HOME, WINDOWS_CHROME, 2, ACTOR_SCANNER, NULL, 0, 0},
	      {'c', 5 * HOUR_MS + 4600, HOME, WINDOWS_CHROME, 3, ACTOR_SCANNER, NULL, 0, 0},
	      {'c', 5 * HOUR_MS + 6900, HOME, WINDOWS_CHROME, 4, ACTOR_SCANNER, NULL, 0, 0},
	      {'c', 5 * HOUR_MS + 9200, HOME, WINDOWS_CHROME, 5, ACTOR_SCANNER, NULL, 0, 0}}},
	    {"three links at delivery",
	     3,
	     {{'c', 5000, HOME, WINDOWS_CHROME, 1, ACTOR_SCANNER, "coverage:links=3,of=3", 0, 0},
	      {'c', 9000, HOME, WINDOWS_CHROME, 2, ACTOR_SCANNER, NULL, 0, 0},
	      {'c', 13000, HOME, WINDOWS_CHROME, 3, ACTOR_SCANNER, NULL, 0, 0}}},
	    {"three links, hours later: people do that too, so nobody can tell, and it is out of the headline",
	     3,
	     {{'c', 5 * HOUR_MS, HOME, WINDOWS_CHROME, 1, ACTOR_UNKNOWN, "coverage:links=3,of=3", 0, 0},
	      {'c', 5 * HOUR_MS + 4000, HOME, WINDOWS_CHROME, 2, ACTOR_UNKNOWN, NULL, 0, 0},
	      {'c', 5 * HOUR_MS + 8000, HOME, WINDOWS_CHROME, 3, ACTOR_UNKNOWN, NULL, 0, 0}}},
	    {"three links with time to look at each",
	     3,
	     {{'c', 5 * HOUR_MS, HOME, WINDOWS_CHROME, 1, ACTOR_HUMAN, NULL, 0, 0},
	      {'c', 5 * HOUR_MS + 9000, HOME, WINDOWS_CHROME, 2, ACTOR_HUMAN, NULL, 0, 0},
	      {'c', 5 * HOUR_MS + 18000, HOME, WINDOWS_CHROME, 3, ACTOR_HUMAN, NULL, 0, 0}}},
	};
	(void)state;
	CHECK(VECTORS);
}

/* BotRatioHelperTest.php counts one point each for less than 2 s after sending, a listed address and a listed agent;
 * two of three are a bot at the threshold 0.6, all three at 1.0. Ours gives the same answer for all that theirs calls a
 * bot at 0.6. It goes further where a list is certain: a scanner's network and a robot's own name decide alone,
 * whenever they come, for mautic#16263 shows that scanners come later than 2 s. Time alone never does: machines are
 * quick and so are people. */
static void test_mautics_ratio_of_time_address_and_agent(void **state)
{
	static const struct vector VECTORS[] = {
	    {"time and address", 1, {{'c', 1000, EXCHANGE_ONLINE, WINDOWS_CHROME, 1, ACTOR_SCANNER, "network:", 0, 0}}},
	    {"time and agent", 1, {{'c', 1000, HOME, "python-requests/2.32.3", 1, ACTOR_SCANNER, "agent:", 0, 0}}},
	    {"address and agent",
	     1,
	     {{'c', HOUR_MS, EXCHANGE_ONLINE, "python-requests/2.32.3", 1, ACTOR_SCANNER, NULL, 0, 0}}},
	    {"all", 1, {{'c', 1000, EXCHANGE_ONLINE, "python-requests/2.32.3", 1, ACTOR_SCANNER, NULL, 0, 0}}},
	    {"agent only; Mautic: a person",
	     1,
	     {{'c', HOUR_MS, HOME, "Mozilla/5.0 (compatible; AhrefsBot/7.0)", 1, ACTOR_CRAWLER, "robot_list:", 0, 0}}},
	    {"address only; Mautic: a person",
	     1,
	     {{'c', HOUR_MS, EXCHANGE_ONLINE, WINDOWS_CHROME, 1, ACTOR_SCANNER, "network:", 0, 0}}},
	    {"time only", 1, {{'c', 1000, HOME, WINDOWS_CHROME, 1, ACTOR_HUMAN, "early:seconds=1", 0, 0}}},
	    {"none", 1, {{'c', HOUR_MS, HOME, WINDOWS_CHROME, 1, ACTOR_HUMAN, "browser", 0, 0}}},
	};
	(void)state;
	CHECK(VECTORS);
}

/* ---- Never a false machine */

static void test_people_behind_a_secure_web_gateway_are_people(void **state)
{
	static const struct vector VECTORS[] = {
	    {"Zscaler strips headers, and a whole company comes from it at once",
	     9,
	     {{'o', 70000, ZSCALER, WINDOWS_CHROME, 0, ACTOR_HUMAN, NULL, NO_LANGUAGE | NO_FETCH_METADATA, 50},
	      {'c', 75000, ZSCALER, WINDOWS_CHROME, 1, ACTOR_HUMAN, NULL, NO_LANGUAGE | NO_FETCH_METADATA, 50}}},
	};
	(void)state;
	CHECK(VECTORS);
}

static void test_a_click_through_an_isolation_browser_after_the_gateways_sweep_is_a_person(void **state)
{
	static const struct vector VECTORS[] = {
	    {"Proofpoint looks at delivery, its isolation browser brings a person an hour later",
	     3,
	     {{'c', 43000, PROOFPOINT, FROZEN_CHROME, 1, ACTOR_SCANNER, "network_probable:proofpoint", 0, 0},
	      {'c', 43300, PROOFPOINT, FROZEN_CHROME, 2, ACTOR_SCANNER, "network_probable:proofpoint", 0, 0},
	      {'c', 43600, PROOFPOINT, FROZEN_CHROME, 3, ACTOR_SCANNER, "network_probable:proofpoint", 0, 0},
	      {'c', HOUR_MS, PROOFPOINT, WINDOWS_CHROME, 2, ACTOR_HUMAN, "browser", 0, 0}}},
	    {"a rewritten link was clicked, at once",
	     3,
	     {{'c', 8000, HOME, WINDOWS_CHROME, 2, ACTOR_HUMAN, "referer:rewritten_link",
	       REWRITTEN_LINK | NO_FETCH_METADATA, 0}}},
	};
	(void)state;
	CHECK(VECTORS);
}

static void test_an_office_behind_one_address_is_people(void **state)
{
	static const struct vector VECTORS[] = {
	    {"forty with Outlook, as it comes in", 9, {{'o', 4000, OFFICE, OUTLOOK, 0, ACTOR_HUMAN, NULL, 0, 40}}},
	    {"forty in the browser, two minutes later",
	     9,
	     {{'o', 2 * MINUTE_MS, OFFICE, WINDOWS_CHROME, 0, ACTOR_HUMAN, NULL, 0, 40},
	      {'c', 2 * MINUTE_MS + 9000, OFFICE, WINDOWS_CHROME, 1, ACTOR_HUMAN, NULL, 0, 40}}},
	};
	(void)state;
	CHECK(VECTORS);
}

static void test_a_person_who_comes_after_a_machine_is_a_person(void **state)
{
	static const struct vector VECTORS[] = {
	    {"a sandbox at Amazon at delivery, the recipient over lunch",
	     2,
	     {{'o', 20000, AMAZON, FROZEN_CHROME, 0, ACTOR_SCANNER, "data_centre:amazon", 0, 0},
	      {'c', 50000, AMAZON, FROZEN_CHROME, 1, ACTOR_SCANNER, "burst:links=2,of=2", 0, 0},
	      {'c', 50200, AMAZON, FROZEN_CHROME, 2, ACTOR_SCANNER, "burst:", 0, 0},
	      {'o', 3 * HOUR_MS, HOME, BARE_WEBKIT, 0, ACTOR_HUMAN, "mail_client", 0, 0},
	      {'c', 3 * HOUR_MS + 20000, HOME, MAC_CHROME, 1, ACTOR_HUMAN, "browser", 0, 0}}},
	};
	(void)state;
	CHECK(VECTORS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gmails_prefetch_is_nobody_and_its_image_proxy_a_person),
	    cmocka_unit_test(test_a_bare_mozilla_on_the_pixel_is_apples_privacy_proxy),
	    cmocka_unit_test(test_bare_webkit_is_nobody_in_the_window_and_a_person_24_minutes_later),
	    cmocka_unit_test(test_no_agent_is_a_machine),
	    cmocka_unit_test(test_speculation_headers_are_a_machine),
	    cmocka_unit_test(test_head_is_a_machine),
	    cmocka_unit_test(test_those_who_say_who_they_are_are_machines),
	    cmocka_unit_test(test_outlook_is_a_person),
	    cmocka_unit_test(test_a_second_click_from_another_network_is_no_machine_without_another_sign),
	    cmocka_unit_test(test_microsofts_cloud_is_a_machine_for_early_clicks_and_people_else),
	    cmocka_unit_test(test_every_link_clicked_within_ten_seconds_is_a_machine),
	    cmocka_unit_test(test_mautics_ratio_of_time_address_and_agent),
	    cmocka_unit_test(test_people_behind_a_secure_web_gateway_are_people),
	    cmocka_unit_test(test_a_click_through_an_isolation_browser_after_the_gateways_sweep_is_a_person),
	    cmocka_unit_test(test_an_office_behind_one_address_is_people),
	    cmocka_unit_test(test_a_person_who_comes_after_a_machine_is_a_person),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
