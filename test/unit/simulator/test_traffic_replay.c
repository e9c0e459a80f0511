/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/traffic_replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

static const struct traffic_agent_texts TEXTS = {
    .browsers = SLICE("weight\tdevice\tua\n0.3\tmobile\tMozilla/5.0 (X11) Chrome/153.0.0.0 Safari/537.36\n"),
    .mail_clients = SLICE("The Bat! 4.0.0.22\n"),
    .services = SLICE("Old Chrome/57\tscanner-bot?\tx\nSays/1\tscanner-bot\tx\nChat/1\tlink-preview\tx\n"
		      "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko)\thuman\tx\n"),
    .crawlers = SLICE("ExampleBot/1.0\n"),
};

static size_t told_of;
static void tell(void *user, size_t done, size_t of)
{
	*(size_t *)user = done;
	told_of = of;
}

static void check_sweeps(const struct traffic_hit *hits, const struct traffic_opinion *opinions, size_t count)
{
	size_t sweeps = 0;
	for (size_t i = 0; i < count; i++) {
		if (hits[i].behaviour == TRAFFIC_HEAD)
			assert_int_equal(opinions[i].actor, ACTOR_SCANNER);
		if (hits[i].behaviour != TRAFFIC_SWEEP || hits[i].kind != HIT_CLICK)
			continue;
		assert_int_equal(opinions[i].actor, ACTOR_SCANNER);
		sweeps++;
	}
	assert_true(sweeps > 0);
}

/* Sweeps are known by the second look only, so that they have one shows that time goes on; and what events say of each
 * hit must be what the store has counted. */
static void test_hits_go_through_both_looks_and_are_counted_as_they_are_judged(void **state)
{
	struct traffic_plan plan = {.seed = 11, .mails = 6000};
	struct traffic_agents *agents = NULL;
	struct traffic_headline counted = {0};
	struct err err = {0};
	size_t told = 0;
	size_t count;
	size_t mails;
	(void)state;
	assert_int_equal(traffic_agents_new(&TEXTS, &agents, &err), STATUS_OK);
	struct traffic_population *population = traffic_population_new(&plan, agents);
	struct traffic_progress progress = {.tell = tell, .user = &told};
	const struct traffic_hit *hits = traffic_population_hits(population, &count);
	(void)traffic_population_mails(population, &mails);
	struct traffic_opinion *opinions = mem_alloc_array(count, sizeof *opinions);
	if (traffic_replay(population, &progress, opinions, &counted, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	struct traffic_headline judged = traffic_headline_of(hits, opinions, count, mails);
	assert_true(told == count && told_of == count);
	assert_true(counted.opens == judged.opens && counted.unique_opens == judged.unique_opens);
	assert_true(counted.clicks == judged.clicks && counted.unique_clicks == judged.unique_clicks);
	assert_true(counted.opens > 0 && counted.clicks > 0);
	check_sweeps(hits, opinions, count);
	mem_free(opinions);
	traffic_population_free(&population);
	traffic_agents_free(&agents);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hits_go_through_both_looks_and_are_counted_as_they_are_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
