/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/judge/verdict.h"

#include "codec/judge/known_network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct verdict judge(enum hit_kind kind, const char *user_agent)
{
	struct hit_signals hit = {.kind = kind, .user_agent = slice_from_cstr(user_agent)};
	struct verdict verdict;
	verdict_judge(&hit, &verdict);
	return verdict;
}

#define CHROME "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
#define HEADLESS                                                                                                       \
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 "             \
	"Safari/537.36"

static void test_each_kind_of_agent_gets_its_actor_and_reason(void **state)
{
	static const struct {
		enum hit_kind kind;
		const char *user_agent;
		enum actor actor;
		const char *reasons;
	} CASES[] = {
	    {HIT_OPEN, "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
	     ACTOR_PROXY_HUMAN, "agent:gmail_image_proxy"},
	    {HIT_OPEN, "mozilla/5.0 (windows nt 5.1; rv:11.0) gecko firefox/11.0 (via googleimageproxy)",
	     ACTOR_PROXY_HUMAN, "agent:gmail_image_proxy"},
	    {HIT_OPEN,
	     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
	     "Safari/537.36 Edge/12.246 Mozilla/5.0",
	     ACTOR_PREFETCH, "agent:gmail_prefetch"},
	    {HIT_OPEN,
	     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
	     "Safari/537.36 Edge/12.246 Gmail-content-sampling",
	     ACTOR_PREFETCH, "agent:gmail_content_sampling"},
	    {HIT_OPEN, "Mozilla/5.0", ACTOR_PREFETCH, "agent:apple_mpp"},
	    {HIT_CLICK, "Mozilla/5.0", ACTOR_SCANNER, "agent:bare_mozilla"},
	    {HIT_OPEN, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
	     ACTOR_HUMAN, "mail_client"},
	    {HIT_OPEN, "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", ACTOR_PROXY_HUMAN,
	     "agent:yahoo_image_proxy"},
	    {HIT_OPEN, "FastmailUA/1.0", ACTOR_PROXY_HUMAN, "agent:fastmail"},
	    {HIT_OPEN, "Mozilla/5.0 SeznamEmailProxy/2.0.174", ACTOR_PROXY_HUMAN, "agent:seznam_proxy"},
	    {HIT_OPEN,
	     "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/7.0; Microsoft Outlook 16.0; ms-office; "
	     "MSOffice 16)",
	     ACTOR_HUMAN, "mail_client"},
	    {HIT_CLICK, CHROME, ACTOR_HUMAN, "browser"},
	    {HIT_CLICK, HEADLESS, ACTOR_CRAWLER, "robot_list:headlesschrome"},
	    {HIT_CLICK, "python-requests/2.28.2", ACTOR_SCANNER, "agent:python_requests"},
	    {HIT_CLICK, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", ACTOR_LINK_PREVIEW,
	     "agent:slack"},
	    {HIT_CLICK, "TelegramBot (like TwitterBot)", ACTOR_LINK_PREVIEW, "agent:telegram"},
	    {HIT_CLICK, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", ACTOR_CRAWLER,
	     "robot_list:googlebot"},
	    {HIT_CLICK,
	     "Mozilla/5.0 (Linux; Android 9; CUBOT MAX) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
	     "Safari/537.36",
	     ACTOR_HUMAN, "browser"},
	    {HIT_CLICK, "", ACTOR_SCANNER, "agent:missing"},
	    {HIT_CLICK, "something else", ACTOR_UNKNOWN, "agent:unrecognised"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct verdict got = judge(CASES[i].kind, CASES[i].user_agent);
		if (got.actor != CASES[i].actor || strcmp(got.reasons, CASES[i].reasons) != 0)
			fail_msg("%s: got %s (%s), want %s (%s)", CASES[i].user_agent, actor_name(got.actor),
				 got.reasons, actor_name(CASES[i].actor), CASES[i].reasons);
	}
}

static void test_only_an_apple_open_is_mpp(void **state)
{
	(void)state;
	assert_true(judge(HIT_OPEN, "Mozilla/5.0").mpp);
	assert_false(judge(HIT_CLICK, "Mozilla/5.0").mpp);
	assert_false(judge(HIT_OPEN, CHROME).mpp);
}

static void test_method_and_purpose_come_before_the_agent(void **state)
{
	struct hit_signals head = {.kind = HIT_CLICK, .method = SLICE("HEAD"), .user_agent = SLICE(CHROME)};
	struct hit_signals prefetch = {
	    .kind = HIT_CLICK, .user_agent = SLICE(CHROME), .purpose = SLICE("Prefetch;prerender")};
	struct verdict verdict;
	(void)state;
	verdict_judge(&head, &verdict);
	assert_string_equal(verdict.reasons, "method:head");
	assert_false(actor_is_counted(verdict.actor));
	verdict_judge(&prefetch, &verdict);
	assert_string_equal(verdict.reasons, "purpose:prefetch");
	assert_int_equal(verdict.actor, ACTOR_PREFETCH);
}

static void test_every_method_but_the_usual_one_is_a_scanner(void **state)
{
	static const struct {
		const char *method, *reason;
		enum hit_kind kind;
	} CASES[] = {
	    {"HEAD", "method:head", HIT_OPEN},
	    {"OPTIONS", "method:options", HIT_CLICK},
	    {"PROPFIND", "method:propfind", HIT_CLICK},
	    {"POST", "method:post", HIT_OPEN},
	    {"POST", "method:post", HIT_CLICK},
	    {"DELETE", "method:delete", HIT_UNSUBSCRIBE},
	    {"M-SEARCH", "method:other", HIT_CLICK},
	    {"x y", "method:other", HIT_CLICK},
	    {"GET", "browser", HIT_CLICK},
	    {"get", "browser", HIT_CLICK},
	    {"", "browser", HIT_OPEN},
	    {"POST", "browser", HIT_UNSUBSCRIBE},
	    {"GET", "browser", HIT_UNSUBSCRIBE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct hit_signals hit = {
		    .kind = CASES[i].kind, .method = slice_from_cstr(CASES[i].method), .user_agent = SLICE(CHROME)};
		struct verdict got;
		verdict_judge(&hit, &got);
		assert_string_equal(got.reasons, CASES[i].reason);
		assert_int_equal(got.actor, strcmp(CASES[i].reason, "browser") == 0 ? ACTOR_HUMAN : ACTOR_SCANNER);
	}
}

static void test_an_endless_agent_is_cut(void **state)
{
	static char long_agent[100000];
	(void)state;
	memset(long_agent, 'A', sizeof long_agent - 1);
	memcpy(long_agent + sizeof long_agent - 10, "curl/8.0", 8);
	assert_int_equal(judge(HIT_OPEN, long_agent).actor, ACTOR_UNKNOWN);
}

static void test_actor_names_read_back(void **state)
{
	(void)state;
	for (int i = 0; i < ACTOR_COUNT; i++) {
		enum actor back;
		assert_true(actor_parse(slice_from_cstr(actor_name((enum actor)i)), &back));
		assert_int_equal(back, i);
	}
	enum actor untouched = ACTOR_CRAWLER;
	assert_false(actor_parse(SLICE("nobody"), &untouched));
	assert_int_equal(untouched, ACTOR_CRAWLER);
}

#define PERSON                                                                                                         \
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 "           \
	"Safari/537.36"
#define APPLE_MAIL "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
#define OUTLOOK                                                                                                        \
	"Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/8.0; Microsoft Outlook 16.0.6366; "        \
	"ms-office; MSOffice 16)"

/* Networks of some of the autonomous systems, as an operator's file would have them. */
static struct network_lists *lists_of(const char *egress)
{
	struct network_lists *lists = network_lists_new();
	struct err err;
	enum status status = network_lists_read_systems(lists,
							SLICE("# first,last,number\n"
							      "165.225.0.0,165.225.255.255,22616,ZSCALER\n"
							      "\"67.231.144.0\",\"67.231.159.255\",\"22843\"\n"
							      "20.33.0.0\t20.128.255.255\t8075\tUS\tMICROSOFT\n"
							      "52.192.0.0/12,AS16509\n"
							      "17.0.0.0,17.255.255.255,714\n"
							      "200.0.0.0,200.0.0.255,65000\n"),
							&err);
	assert_int_equal(status, STATUS_OK);
	assert_int_equal(network_lists_system_count(lists), 5);
	if (*egress)
		assert_int_equal(network_lists_read_egress(lists, slice_from_cstr(egress), &err), STATUS_OK);
	return lists;
}

struct case_of_network {
	const char *agent, *ip;
	enum hit_kind kind;
	int seconds; /* -1: not known */
	enum actor actor;
	const char *reasons;
};

static void expect_verdicts(const struct case_of_network *cases, size_t count, const struct network_lists *lists)
{
	for (size_t i = 0; i < count; i++) {
		const struct case_of_network *c = &cases[i];
		struct hit_signals hit = {
		    .kind = c->kind, .user_agent = slice_from_cstr(c->agent), .has_client = true, .lists = lists};
		struct verdict got;
		assert_true(ip_address_parse(slice_from_cstr(c->ip), &hit.client));
		hit.has_delivery_age = c->seconds >= 0;
		hit.delivery_age_ms = c->seconds * INT64_C(1000);
		verdict_judge(&hit, &got);
		if (got.actor != c->actor || strcmp(got.reasons, c->reasons) != 0)
			fail_msg("%s from %s: got %s (%s), want %s (%s)", c->agent, c->ip, actor_name(got.actor),
				 got.reasons, actor_name(c->actor), c->reasons);
	}
}
#define EXPECT_VERDICTS(cases, lists) expect_verdicts(cases, sizeof(cases) / sizeof(cases)[0], lists)

static void test_desktop_outlook_is_a_person_in_spite_of_its_msie(void **state)
{
	static const struct case_of_network CASES[] = {
	    {OUTLOOK, "81.105.41.164", HIT_OPEN, -1, ACTOR_HUMAN, "mail_client"},
	    {OUTLOOK, "20.40.0.1", HIT_OPEN, 20, ACTOR_HUMAN, "mail_client"},
	};
	struct network_lists *lists = lists_of("");
	(void)state;
	EXPECT_VERDICTS(CASES, lists);
	network_lists_free(&lists);
}

static void test_bare_webkit_is_a_person_outside_the_delivery_window(void **state)
{
	static const struct case_of_network CASES[] = {
	    {APPLE_MAIL, "81.105.41.164", HIT_OPEN, 24 * 60, ACTOR_HUMAN, "mail_client"},
	    {APPLE_MAIL, "81.105.41.164", HIT_OPEN, -1, ACTOR_HUMAN, "mail_client"},
	    {APPLE_MAIL, "81.105.41.164", HIT_OPEN, 20, ACTOR_PREFETCH, "agent:bare_webkit_early"},
	};
	(void)state;
	EXPECT_VERDICTS(CASES, NULL);
}

static void test_people_behind_gateways_and_isolation_are_people(void **state)
{
	static const struct case_of_network CASES[] = {
	    {PERSON, "165.225.80.1", HIT_CLICK, 10, ACTOR_HUMAN, "browser early:seconds=10"},
	    {PERSON, "67.231.150.1", HIT_CLICK, 3600, ACTOR_HUMAN, "browser"},
	    {PERSON, "67.231.150.1", HIT_CLICK, 120, ACTOR_UNKNOWN, "browser network_probable:proofpoint"},
	};
	struct network_lists *lists = lists_of("");
	(void)state;
	EXPECT_VERDICTS(CASES, lists);
	network_lists_free(&lists);
}

static void test_outlook_on_the_web_opens_from_microsofts_network(void **state)
{
	static const struct case_of_network CASES[] = {
	    {PERSON, "20.40.0.1", HIT_OPEN, 20, ACTOR_HUMAN, "browser early:seconds=20"},
	    {PERSON, "20.40.0.1", HIT_CLICK, 10, ACTOR_UNKNOWN, "browser data_centre:microsoft early:seconds=10"},
	    {PERSON, "20.40.0.1", HIT_CLICK, 300, ACTOR_HUMAN, "browser data_centre:microsoft"},
	};
	struct network_lists *lists = lists_of("");
	(void)state;
	EXPECT_VERDICTS(CASES, lists);
	network_lists_free(&lists);
}

static void test_an_office_of_many_behind_one_address_is_people(void **state)
{
	static const struct case_of_network CASES[] = {
	    {PERSON, "203.0.113.7", HIT_CLICK, 12, ACTOR_HUMAN, "browser early:seconds=12"},
	    {OUTLOOK, "203.0.113.7", HIT_OPEN, 12, ACTOR_HUMAN, "mail_client"},
	    {PERSON, "203.0.113.7", HIT_CLICK, 40, ACTOR_HUMAN, "browser"},
	};
	(void)state;
	EXPECT_VERDICTS(CASES, NULL);
}

static void test_networks_of_mail_security_are_scanners(void **state)
{
	static const struct case_of_network CASES[] = {
	    {PERSON, "40.107.218.12", HIT_CLICK, -1, ACTOR_SCANNER, "network:microsoft_365_protection"},
	    {PERSON, "40.107.218.12", HIT_OPEN, -1, ACTOR_SCANNER, "network:microsoft_365_protection"},
	    {PERSON, "2a01:111:f400::25", HIT_OPEN, -1, ACTOR_SCANNER, "network:microsoft_365_protection"},
	    {PERSON, "209.222.82.9", HIT_CLICK, -1, ACTOR_SCANNER, "network:barracuda_egd"},
	    {PERSON, "52.238.78.88", HIT_CLICK, -1, ACTOR_SCANNER, "network:microsoft_365_protection"},
	    {PERSON, "52.238.78.89", HIT_CLICK, -1, ACTOR_HUMAN, "browser"},
	    {"Mozilla/5.0", "40.107.218.12", HIT_OPEN, -1, ACTOR_SCANNER, "agent:bare_mozilla"},
	    {PERSON, "40.94.29.84", HIT_CLICK, -1, ACTOR_SCANNER, "network:microsoft_click_scan"},
	    {PERSON, "40.94.29.84", HIT_UNSUBSCRIBE, -1, ACTOR_SCANNER, "network:microsoft_click_scan"},
	    {PERSON, "40.94.29.84", HIT_OPEN, -1, ACTOR_HUMAN, "browser"},
	    {"Mozilla/5.0", "40.94.29.84", HIT_OPEN, -1, ACTOR_SCANNER, "agent:bare_mozilla"},
	    {PERSON, "40.95.0.1", HIT_CLICK, -1, ACTOR_HUMAN, "browser"},
	};
	(void)state;
	EXPECT_VERDICTS(CASES, NULL);
}

static void test_apple_privacy_takes_the_agent_and_the_address(void **state)
{
	static const struct case_of_network CASES[] = {
	    {"Mozilla/5.0", "172.224.224.9", HIT_OPEN, -1, ACTOR_PREFETCH, "agent:apple_mpp"},
	    {"Mozilla/5.0", "2a02:26f7:8::1", HIT_OPEN, -1, ACTOR_PREFETCH, "agent:apple_mpp"},
	    {"Mozilla/5.0", "17.1.2.3", HIT_OPEN, -1, ACTOR_SCANNER, "agent:bare_mozilla"},
	    {PERSON, "172.224.224.9", HIT_CLICK, -1, ACTOR_HUMAN, "browser"},
	};
	static const struct case_of_network BY_SYSTEM[] = {
	    {"Mozilla/5.0", "17.1.2.3", HIT_OPEN, -1, ACTOR_PREFETCH, "agent:apple_mpp"},
	    {"Mozilla/5.0", "81.105.41.164", HIT_OPEN, -1, ACTOR_SCANNER, "agent:bare_mozilla"},
	};
	struct network_lists *lists =
	    lists_of("172.224.224.0/31,GB,GB-EN,London,\n172.224.224.8/29,GB,,,\n2a02:26f7:8::/48,US,US-CA,,\n");
	(void)state;
	EXPECT_VERDICTS(CASES, lists);
	network_lists_free(&lists);
	lists = lists_of("");
	EXPECT_VERDICTS(BY_SYSTEM, lists);
	network_lists_free(&lists);
}

static void test_a_click_on_the_honeypot_is_a_scanner_whoever_it_says_it_is(void **state)
{
	static const struct {
		const char *agent, *purpose;
		enum actor actor;
		const char *reasons;
	} CASES[] = {
	    {PERSON, "", ACTOR_SCANNER, "honeypot"},
	    {"", "", ACTOR_SCANNER, "honeypot"},
	    {"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "", ACTOR_SCANNER, "honeypot"},
	    {PERSON, "prefetch", ACTOR_PREFETCH, "purpose:prefetch"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct verdict verdict;
		verdict_judge(&(struct hit_signals){.kind = HIT_CLICK,
						    .user_agent = slice_from_cstr(CASES[i].agent),
						    .purpose = slice_from_cstr(CASES[i].purpose),
						    .is_honeypot = true},
			      &verdict);
		assert_int_equal(verdict.actor, CASES[i].actor);
		assert_string_equal(verdict.reasons, CASES[i].reasons);
	}
}

static void test_a_broken_list_leaves_the_one_before(void **state)
{
	struct network_lists *lists = lists_of("172.224.224.0/31,GB\n");
	struct ip_address inside;
	struct err err;
	(void)state;
	assert_true(ip_address_parse(SLICE("172.224.224.1"), &inside));
	assert_int_equal(network_lists_read_egress(lists, SLICE("10.0.0.0/8\n<html>\n"), &err), STATUS_BAD_INPUT);
	assert_non_null(strstr(err.text, "line 2"));
	assert_int_equal(network_lists_read_egress(lists, SLICE("\n\n"), &err), STATUS_NOT_FOUND);
	assert_int_equal(network_lists_read_systems(lists, SLICE("10.0.0.9,10.0.0.1,714\n"), &err), STATUS_BAD_INPUT);
	assert_true(network_lists_is_egress(lists, &inside));
	network_lists_free(&lists);
}

static void test_a_list_that_may_be_cut_off_is_refused(void **state)
{
	struct network_lists *lists = network_lists_new();
	struct err err;
	(void)state;
	assert_int_equal(network_lists_read_egress(lists, SLICE("10.0.0.0/8\n17.0.0.0/1"), &err), STATUS_BAD_INPUT);
	assert_non_null(strstr(err.text, "line 2"));
	assert_int_equal(
	    network_lists_read_systems(lists, SLICE("10.0.0.0,10.0.0.9,16509,\"Amazon\"\n10.0.1.0,10.0"), &err),
	    STATUS_BAD_INPUT);
	assert_int_equal(network_lists_read_systems(lists, SLICE("10.0.0.0,10.0.0.9,165"), &err), STATUS_BAD_INPUT);
	/* What might be missing here is nothing that is read. */
	assert_int_equal(network_lists_read_egress(lists, SLICE("10.0.0.0/8,US\n17.0.0.0/16,U"), &err), STATUS_OK);
	assert_int_equal(network_lists_read_systems(lists, SLICE("10.0.0.0,10.0.0.9,16509,Ama"), &err), STATUS_OK);
	network_lists_free(&lists);
}

static void test_shared_lists_go_their_own_ways(void **state)
{
	struct network_lists *lists = lists_of("172.224.224.0/31,GB\n");
	struct network_lists *shared = network_lists_share(lists);
	struct ip_address inside;
	struct err err;
	(void)state;
	assert_true(ip_address_parse(SLICE("172.224.224.1"), &inside));
	assert_int_equal(network_lists_read_egress(lists, SLICE("10.0.0.0/8,US\n"), &err), STATUS_OK);
	assert_false(network_lists_is_egress(lists, &inside));
	assert_true(network_lists_is_egress(shared, &inside));
	network_lists_free(&lists);
	assert_true(network_lists_is_egress(shared, &inside));
	assert_int_equal(network_lists_system_count(shared), 5);
	network_lists_free(&shared);
}

static void test_headers_that_browsers_send_are_missed_on_clicks_over_https(void **state)
{
	struct hit_signals hit = {.kind = HIT_CLICK,
				  .user_agent = SLICE(PERSON),
				  .headers_are_known = true,
				  .has_accept_language = true,
				  .is_https = true};
	struct verdict verdict;
	(void)state;
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "browser no_sec_fetch");
	hit.has_accept_language = false;
	verdict_judge(&hit, &verdict);
	assert_int_equal(verdict.actor, ACTOR_UNKNOWN);
	assert_int_equal(verdict.confidence_percent, 50);
	hit.is_https = false;
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "browser no_accept_language");
	hit.kind = HIT_OPEN;
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "browser");
}

static void test_a_rewritten_link_that_led_here_was_clicked_by_a_person(void **state)
{
	struct hit_signals hit = {.kind = HIT_CLICK,
				  .user_agent = SLICE(PERSON),
				  .referer = SLICE("https://urldefense.proofpoint.com/"),
				  .has_delivery_age = true,
				  .headers_are_known = true,
				  .is_https = true};
	struct verdict verdict;
	(void)state;
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "browser referer:rewritten_link");
	assert_int_equal(verdict.actor, ACTOR_HUMAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_kind_of_agent_gets_its_actor_and_reason),
	    cmocka_unit_test(test_only_an_apple_open_is_mpp),
	    cmocka_unit_test(test_method_and_purpose_come_before_the_agent),
	    cmocka_unit_test(test_every_method_but_the_usual_one_is_a_scanner),
	    cmocka_unit_test(test_an_endless_agent_is_cut),
	    cmocka_unit_test(test_actor_names_read_back),
	    cmocka_unit_test(test_desktop_outlook_is_a_person_in_spite_of_its_msie),
	    cmocka_unit_test(test_bare_webkit_is_a_person_outside_the_delivery_window),
	    cmocka_unit_test(test_people_behind_gateways_and_isolation_are_people),
	    cmocka_unit_test(test_outlook_on_the_web_opens_from_microsofts_network),
	    cmocka_unit_test(test_an_office_of_many_behind_one_address_is_people),
	    cmocka_unit_test(test_networks_of_mail_security_are_scanners),
	    cmocka_unit_test(test_apple_privacy_takes_the_agent_and_the_address),
	    cmocka_unit_test(test_a_click_on_the_honeypot_is_a_scanner_whoever_it_says_it_is),
	    cmocka_unit_test(test_a_broken_list_leaves_the_one_before),
	    cmocka_unit_test(test_a_list_that_may_be_cut_off_is_refused),
	    cmocka_unit_test(test_shared_lists_go_their_own_ways),
	    cmocka_unit_test(test_headers_that_browsers_send_are_missed_on_clicks_over_https),
	    cmocka_unit_test(test_a_rewritten_link_that_led_here_was_clicked_by_a_person),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
