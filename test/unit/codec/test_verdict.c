/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/verdict.h"
#include "harness/corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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
	    {HIT_CLICK, HEADLESS, ACTOR_HUMAN, "browser"},
	    {HIT_CLICK, "python-requests/2.28.2", ACTOR_SCANNER, "agent:python_requests"},
	    {HIT_CLICK, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", ACTOR_LINK_PREVIEW,
	     "agent:slack"},
	    {HIT_CLICK, "TelegramBot (like TwitterBot)", ACTOR_LINK_PREVIEW, "agent:telegram"},
	    {HIT_CLICK, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", ACTOR_CRAWLER,
	     "agent:robot"},
	    {HIT_CLICK,
	     "Mozilla/5.0 (Linux; Android 9; CUBOT MAX) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.0.0 Mobile "
	     "Safari/537.36",
	     ACTOR_HUMAN, "browser"},
	    {HIT_CLICK, "", ACTOR_UNKNOWN, "agent:missing"},
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
	struct hit_signals head = {.kind = HIT_CLICK, .is_head = true, .user_agent = SLICE(CHROME)};
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

/* ---- Against the corpus */

static FILE *open_corpus(const char *name)
{
	char path[CORPUS_PATH_ROOM];
	corpus_need(name, path);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	return file;
}

/* STATUS_OK-like: true when the class of the row allows this actor. */
static bool class_allows(struct slice class, enum actor actor)
{
	static const struct {
		struct slice class;
		enum actor actor;
	} WANT[] = {
	    {SLICE("proxy-human"), ACTOR_PROXY_HUMAN},   {SLICE("machine-prefetch"), ACTOR_PREFETCH},
	    {SLICE("link-preview"), ACTOR_LINK_PREVIEW}, {SLICE("human"), ACTOR_HUMAN},
	    {SLICE("scanner-bot?"), ACTOR_HUMAN}, /* behaviour: the agent alone must be taken for a person's */
	    {SLICE("scanner-bot"), ACTOR_SCANNER},
	};
	for (size_t i = 0; i < sizeof WANT / sizeof WANT[0]; i++)
		if (slice_starts_with(class, WANT[i].class))
			return actor == WANT[i].actor;
	return false;
}

static void test_every_row_of_mail_proxies_is_judged_as_its_class(void **state)
{
	char line[4096];
	size_t rows = 0;
	size_t wrong = 0;
	(void)state;
	FILE *file = open_corpus("ua/mailproxies.tsv");
	while (fgets(line, sizeof line, file)) {
		struct slice rest = slice_trim(slice_from_cstr(line));
		struct slice agent = slice_cut(&rest, '\t');
		struct slice class = slice_cut(&rest, '\t');
		if (slice_equal(agent, SLICE("ua")) || !class.n)
			continue;
		struct hit_signals hit = {.kind = HIT_OPEN, .user_agent = agent};
		struct verdict got;
		verdict_judge(&hit, &got);
		rows++;
		if (class_allows(class, got.actor))
			continue;
		wrong++;
		printf("%.*s: %.*s: got %s (%s)\n", SLICE_FMT(class), SLICE_FMT(agent), actor_name(got.actor),
		       got.reasons);
	}
	(void)fclose(file);
	assert_true(rows > 70);
	assert_int_equal(wrong, 0);
}

/* Every agent of a list, the last field of each line, must be a person's. */
static void expect_people_only(const char *name, size_t rows_at_least)
{
	char line[4096];
	size_t rows = 0;
	size_t wrong = 0;
	FILE *file = open_corpus(name);
	while (fgets(line, sizeof line, file)) {
		struct slice rest = slice_trim(slice_from_cstr(line));
		struct slice agent = rest;
		while (rest.n)
			agent = slice_cut(&rest, '\t');
		if (!agent.n || slice_equal(agent, SLICE("ua")))
			continue;
		struct hit_signals hit = {.kind = HIT_CLICK, .user_agent = agent};
		struct verdict got;
		verdict_judge(&hit, &got);
		rows++;
		if (got.actor == ACTOR_HUMAN)
			continue;
		wrong++;
		printf("%.*s: got %s (%s)\n", SLICE_FMT(agent), actor_name(got.actor), got.reasons);
	}
	(void)fclose(file);
	assert_true(rows >= rows_at_least);
	assert_int_equal(wrong, 0);
}

static void test_no_browser_of_the_traffic_sample_is_a_machine(void **state)
{
	(void)state;
	expect_people_only("ua/humans_weighted.tsv", 400);
}

static void test_no_mail_client_is_a_machine(void **state)
{
	(void)state;
	expect_people_only("ua/humans_mailclients.txt", 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_kind_of_agent_gets_its_actor_and_reason),
	    cmocka_unit_test(test_only_an_apple_open_is_mpp),
	    cmocka_unit_test(test_method_and_purpose_come_before_the_agent),
	    cmocka_unit_test(test_an_endless_agent_is_cut),
	    cmocka_unit_test(test_actor_names_read_back),
	    cmocka_unit_test(test_every_row_of_mail_proxies_is_judged_as_its_class),
	    cmocka_unit_test(test_no_browser_of_the_traffic_sample_is_a_machine),
	    cmocka_unit_test(test_no_mail_client_is_a_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
