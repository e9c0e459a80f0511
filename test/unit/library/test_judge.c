/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static struct pugmark_text cstr(const char *s)
{
	return (struct pugmark_text){s, PUGMARK_CSTR};
}

static void test_judge_tells_people_from_machines(void **state)
{
	static const struct {
		enum pugmark_kind kind;
		int is_head;
		const char *user_agent;
		const char *purpose;
		enum pugmark_actor actor;
		const char *name;
		int is_counted;
		int is_mpp;
	} cases[] = {
	    {PUGMARK_CLICK, 0,
	     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 "
	     "Safari/537.36",
	     "", PUGMARK_ACTOR_HUMAN, "human", 1, 0},
	    {PUGMARK_OPEN, 0,
	     "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "",
	     PUGMARK_ACTOR_PROXY_HUMAN, "proxy_human", 1, 0},
	    {PUGMARK_OPEN, 0, "Mozilla/5.0", "", PUGMARK_ACTOR_PREFETCH, "prefetch", 0, 1},
	    {PUGMARK_CLICK, 0, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "",
	     PUGMARK_ACTOR_LINK_PREVIEW, "link_preview", 0, 0},
	    {PUGMARK_CLICK, 1, "Mozilla/5.0", "", PUGMARK_ACTOR_SCANNER, "scanner", 0, 0},
	    {PUGMARK_OPEN, 0, NULL, NULL, PUGMARK_ACTOR_SCANNER, "scanner", 0, 0},
	    {PUGMARK_OPEN, 0, "something else", NULL, PUGMARK_ACTOR_UNKNOWN, "unknown", 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pugmark_hit hit = PUGMARK_HIT_INIT;
		struct pugmark_verdict verdict = PUGMARK_VERDICT_INIT;
		print_message("%s\n", cases[i].user_agent ? cases[i].user_agent : "nothing");
		hit.kind = cases[i].kind;
		hit.is_head = cases[i].is_head;
		hit.user_agent = cstr(cases[i].user_agent);
		hit.purpose = cstr(cases[i].purpose);
		assert_ok(pugmark_judge(&hit, &verdict));
		assert_string_equal(pugmark_actor_name(verdict.actor), cases[i].name);
		assert_int_equal(verdict.actor, cases[i].actor);
		assert_int_equal(verdict.is_counted, cases[i].is_counted);
		assert_int_equal(verdict.is_mpp, cases[i].is_mpp);
		assert_in_range(verdict.confidence_percent, 0, 100);
		assert_in_range(strlen(verdict.reasons), 1, sizeof verdict.reasons - 1);
		assert_int_equal(strlen(verdict.rules), 10);
	}
	assert_string_equal(pugmark_actor_name((enum pugmark_actor)99), "unknown");
}

#define CHROME                                                                                                         \
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 "           \
	"Safari/537.36"

static void expect_reasons(const struct pugmark_hit *hit, const char *reasons)
{
	struct pugmark_verdict verdict = PUGMARK_VERDICT_INIT;
	assert_ok(pugmark_judge(hit, &verdict));
	assert_string_equal(verdict.reasons, reasons);
}

static void test_judge_looks_at_method_address_headers_and_time(void **state)
{
	struct pugmark_hit hit = PUGMARK_HIT_INIT;
	struct pugmark_hit other;
	(void)state;
	hit.kind = PUGMARK_CLICK;
	hit.user_agent = cstr(CHROME);
	expect_reasons(&hit, "browser");

	other = hit;
	other.method = cstr("PROPFIND");
	expect_reasons(&other, "method:propfind");
	other.method = cstr("GET");
	other.is_head = 1; /* the method says more */
	expect_reasons(&other, "browser");

	other = hit;
	other.address = cstr("40.107.218.12");
	expect_reasons(&other, "network:microsoft_365_protection");
	other.address = cstr("2a01:111:f400::25");
	expect_reasons(&other, "network:microsoft_365_protection");
	other.address = cstr("203.0.113.7");
	expect_reasons(&other, "browser");

	other = hit;
	other.has_delivery_age = 1;
	other.delivery_age_s = 12;
	expect_reasons(&other, "browser early:seconds=12");
	other.delivery_age_s = -5;
	expect_reasons(&other, "browser early:seconds=-5");
	other.delivery_age_s = 3600;
	expect_reasons(&other, "browser");

	other = hit;
	other.is_https = 1;
	expect_reasons(&other, "browser"); /* nobody looked for the headers */
	other.headers_are_known = 1;
	expect_reasons(&other, "browser no_sec_fetch no_accept_language");
	other.accept_language = cstr("de");
	expect_reasons(&other, "browser no_sec_fetch");
	other.sec_fetch_mode = cstr("navigate");
	expect_reasons(&other, "browser");
}

static void test_judge_refuses_what_it_cannot_judge(void **state)
{
	struct pugmark_hit hit = PUGMARK_HIT_INIT;
	struct pugmark_verdict verdict = PUGMARK_VERDICT_INIT;
	(void)state;
	assert_status(pugmark_judge(&hit, &verdict), PUGMARK_BAD_INPUT);
	hit.kind = PUGMARK_PREFERENCES;
	assert_status(pugmark_judge(&hit, &verdict), PUGMARK_BAD_INPUT);
	hit.kind = PUGMARK_UNSUBSCRIBE;
	assert_ok(pugmark_judge(&hit, &verdict));
	assert_status(pugmark_judge(NULL, &verdict), PUGMARK_MISUSE);
	assert_status(pugmark_judge(&hit, NULL), PUGMARK_MISUSE);
	hit.address = cstr("203.0.113");
	assert_status(pugmark_judge(&hit, &verdict), PUGMARK_BAD_INPUT);
	hit.address = cstr("");
	assert_ok(pugmark_judge(&hit, &verdict));
	hit.referer.size = 3;
	assert_status(pugmark_judge(&hit, &verdict), PUGMARK_MISUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_judge_tells_people_from_machines),
	    cmocka_unit_test(test_judge_looks_at_method_address_headers_and_time),
	    cmocka_unit_test(test_judge_refuses_what_it_cannot_judge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
