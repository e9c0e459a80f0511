/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/traffic_agents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WEBKIT                                                                                                         \
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)\thuman\tuap-core\n"

static struct traffic_agent_texts good_texts(void)
{
	return (struct traffic_agent_texts){
	    .browsers = SLICE("weight\tdevice\tua\n0.3\tmobile\tOften/1\n0.1\tdesktop\tSeldom/1\n"),
	    .mail_clients = SLICE("The Bat! 4.0.0.22\n\nAirmail 1.0 rv:148\n"),
	    .services = SLICE("ua\tclass\tsource\n"
			      "Old/57\tscanner-bot?\tx\nSays/1\tscanner-bot (a remark)\tx\nChat/1\tlink-preview\tx\n"
			      "Proxy/1\tproxy-human\tx\n" WEBKIT),
	    .crawlers = SLICE("ExampleBot/1.0\r\n"),
	};
}

static void test_each_kind_is_taken_from_its_file(void **state)
{
	struct traffic_agent_texts texts = good_texts();
	struct traffic_agents *agents = NULL;
	struct prng random;
	struct err err;
	(void)state;
	prng_init(&random, 1);
	assert_int_equal(traffic_agents_new(&texts, &agents, &err), STATUS_OK);
	assert_int_equal(traffic_agents_count(agents, AGENT_BROWSER), 2);
	assert_int_equal(traffic_agents_count(agents, AGENT_MAIL_CLIENT), 2);
	assert_int_equal(traffic_agents_count(agents, AGENT_BARE_WEBKIT), 1);
	assert_true(slice_equal(traffic_agents_draw(agents, AGENT_FROZEN, &random), SLICE("Old/57")));
	assert_true(slice_equal(traffic_agents_draw(agents, AGENT_DECLARED, &random), SLICE("Says/1")));
	assert_true(slice_equal(traffic_agents_draw(agents, AGENT_PREVIEW, &random), SLICE("Chat/1")));
	assert_true(slice_equal(traffic_agents_draw(agents, AGENT_CRAWLER, &random), SLICE("ExampleBot/1.0")));
	traffic_agents_free(&agents);
}

static void test_browsers_are_drawn_by_weight(void **state)
{
	enum { DRAWS = 40000 };
	struct traffic_agent_texts texts = good_texts();
	struct traffic_agents *agents = NULL;
	struct prng random;
	struct err err;
	int often = 0;
	(void)state;
	prng_init(&random, 7);
	assert_int_equal(traffic_agents_new(&texts, &agents, &err), STATUS_OK);
	for (int i = 0; i < DRAWS; i++)
		often += slice_equal(traffic_agents_draw(agents, AGENT_BROWSER, &random), SLICE("Often/1"));
	assert_in_range(often, DRAWS * 3 / 4 - 500, DRAWS * 3 / 4 + 500);
	traffic_agents_free(&agents);
}

static void test_what_is_missing_is_said(void **state)
{
	struct traffic_agent_texts texts = good_texts();
	struct traffic_agents *agents = NULL;
	struct err err;
	(void)state;
	texts.crawlers = SLICE("\n");
	assert_int_equal(traffic_agents_new(&texts, &agents, &err), STATUS_NOT_FOUND);
	assert_string_equal(err.text, "there is no robot in bots.txt");
	texts = good_texts();
	texts.browsers = SLICE("weight\tdevice\tua\nmuch\tmobile\tOften/1\n");
	assert_int_equal(traffic_agents_new(&texts, &agents, &err), STATUS_BAD_INPUT);
	assert_null(agents);
}

static void test_browsers_say_where_requests_come_from_since_some_version(void **state)
{
	static const struct {
		const char *agent;
		bool sends;
	} ROWS[] = {
	    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 "
	     "Safari/537.36",
	     true},
	    {"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.1 Safari/537.36", false},
	    {"Mozilla/5.0 (X11; Linux x86_64; rv:90.0) Gecko/20100101 Firefox/90.0", true},
	    {"Mozilla/5.0 (X11; Linux x86_64; rv:89.0) Gecko/20100101 Firefox/89.0", false},
	    {"Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	     "Version/15.0 Mobile/15E148 Safari/604.1",
	     false},
	    {"Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1)", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
		assert_int_equal(traffic_agent_sends_fetch_metadata(slice_from_cstr(ROWS[i].agent)), ROWS[i].sends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_kind_is_taken_from_its_file),
	    cmocka_unit_test(test_browsers_are_drawn_by_weight),
	    cmocka_unit_test(test_what_is_missing_is_said),
	    cmocka_unit_test(test_browsers_say_where_requests_come_from_since_some_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
