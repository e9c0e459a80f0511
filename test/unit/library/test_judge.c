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
	hit.referer.size = 3;
	assert_status(pugmark_judge(&hit, &verdict), PUGMARK_MISUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_judge_tells_people_from_machines),
	    cmocka_unit_test(test_judge_refuses_what_it_cannot_judge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
