/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/traffic_population.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "simulator/traffic_scanner.h"

#define SECOND INT64_C(1000000)

static const struct traffic_agent_texts TEXTS = {
    .browsers = SLICE("weight\tdevice\tua\n0.3\tmobile\tMozilla/5.0 (X11) Chrome/153.0.0.0 Safari/537.36\n"),
    .mail_clients = SLICE("The Bat! 4.0.0.22\n"),
    .services = SLICE("Old Chrome/57\tscanner-bot?\tx\nSays/1\tscanner-bot\tx\nChat/1\tlink-preview\tx\n"
		      "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko)\thuman\tx\n"),
    .crawlers = SLICE("ExampleBot/1.0\n"),
};

static int setup(void **state)
{
	struct traffic_agents *agents = NULL;
	struct err err;
	assert_int_equal(traffic_agents_new(&TEXTS, &agents, &err), STATUS_OK);
	*state = agents;
	return 0;
}

static int teardown(void **state)
{
	traffic_agents_free((struct traffic_agents **)state);
	return 0;
}

static struct traffic_population *make(void **state, uint64_t seed, uint32_t mails)
{
	struct traffic_plan plan = {.seed = seed, .mails = mails};
	return traffic_population_new(&plan, *state);
}

/* Fields one by one: between them are bytes that mean nothing. */
static bool is_same(const struct traffic_hit *a, const struct traffic_hit *b)
{
	return a->time_us == b->time_us && a->mail == b->mail && a->kind == b->kind && a->link == b->link &&
	       a->behaviour == b->behaviour && slice_equal(a->agent, b->agent) &&
	       ip_address_equal(&a->client, &b->client) && a->has_accept_language == b->has_accept_language &&
	       a->has_sec_fetch == b->has_sec_fetch;
}

static void test_a_seed_gives_the_same_hits_again_and_another_others(void **state)
{
	size_t counts[3];
	struct traffic_population *made[] = {make(state, 9, 4000), make(state, 9, 4000), make(state, 10, 4000)};
	const struct traffic_hit *a = traffic_population_hits(made[0], &counts[0]);
	const struct traffic_hit *b = traffic_population_hits(made[1], &counts[1]);
	const struct traffic_hit *c = traffic_population_hits(made[2], &counts[2]);
	size_t others = 0;
	assert_int_equal(counts[0], counts[1]);
	for (size_t i = 0; i < counts[0]; i++) {
		assert_true(is_same(&a[i], &b[i]));
		others += i < counts[2] && !is_same(&a[i], &c[i]);
	}
	assert_true(others > counts[0] / 2);
	for (size_t i = 0; i < 3; i++)
		traffic_population_free(&made[i]);
}

static void test_hits_are_in_order_and_of_links_that_there_are(void **state)
{
	size_t count;
	size_t mail_count;
	struct traffic_population *made = make(state, 3, 30000);
	const struct traffic_hit *hits = traffic_population_hits(made, &count);
	const struct traffic_mail *mails = traffic_population_mails(made, &mail_count);
	assert_int_equal(mail_count, 30000);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || hits[i - 1].time_us <= hits[i].time_us);
		assert_true(hits[i].mail < mail_count);
		assert_true(hits[i].kind == HIT_OPEN || hits[i].link < mails[hits[i].mail].links);
		assert_in_range(mails[hits[i].mail].links, 1, TRAFFIC_LINKS_MAX);
		assert_true(hits[i].agent.n > 0);
	}
	traffic_population_free(&made);
}

static void test_everything_that_is_described_happens(void **state)
{
	bool happened[TRAFFIC_BEHAVIOUR_COUNT] = {false};
	size_t count;
	struct traffic_population *made = make(state, 1, 60000);
	const struct traffic_hit *hits = traffic_population_hits(made, &count);
	for (size_t i = 0; i < count; i++)
		happened[hits[i].behaviour] = true;
	for (int i = 0; i < TRAFFIC_BEHAVIOUR_COUNT; i++)
		if (!happened[i])
			fail_msg("nobody did '%s'", traffic_behaviour_text((enum traffic_behaviour)i));
	traffic_population_free(&made);
}

/* craft-campaign#546, in a thousand of 836 contacts. */
static void test_sweeps_begin_as_with_the_836_contacts(void **state)
{
	enum { DRAWS = 83600, PARTS = 6 };
	static const struct {
		int64_t to_s;
		double per_mille;
	} WANT[PARTS] = {{10, 5}, {20, 22}, {60, 664}, {300, 283}, {1800, 19}, {86400, 7}};
	int found[PARTS] = {0};
	int below_median = 0;
	struct prng random;
	(void)state;
	prng_init(&random, 836);
	for (int i = 0; i < DRAWS; i++) {
		int64_t start_us = traffic_scanner_sweep_start_us(&random);
		int part = 0;
		while (start_us >= WANT[part].to_s * SECOND)
			part++;
		found[part]++;
		below_median += start_us < 43 * SECOND;
	}
	for (int i = 0; i < PARTS; i++) {
		int want = (int)(WANT[i].per_mille * DRAWS / 1000);
		assert_in_range(found[i], want - want / 20 - 60, want + want / 20 + 60);
	}
	assert_true(abs(below_median - DRAWS / 2) < DRAWS / 100);
}

/* All links within a second, half a minute behind the pixel. */
static void test_a_sweep_takes_all_links_within_a_second(void **state)
{
	size_t count;
	size_t mail_count;
	struct traffic_population *made = make(state, 5, 20000);
	const struct traffic_hit *hits = traffic_population_hits(made, &count);
	const struct traffic_mail *mails = traffic_population_mails(made, &mail_count);
	uint32_t *clicks = mem_alloc_array(mail_count, sizeof *clicks);
	int64_t *first_us = mem_alloc_array(mail_count, sizeof *first_us);
	for (size_t i = 0; i < count; i++) {
		const struct traffic_hit *hit = &hits[i];
		if (hit->behaviour != TRAFFIC_SWEEP || hit->kind != HIT_CLICK)
			continue;
		if (!clicks[hit->mail]++)
			first_us[hit->mail] = hit->time_us;
		assert_true(hit->time_us - first_us[hit->mail] < SECOND);
	}
	size_t sweeps = 0;
	for (size_t i = 0; i < mail_count; i++) {
		assert_true(clicks[i] == 0 || clicks[i] == mails[i].links);
		sweeps += clicks[i] > 0;
	}
	assert_true(sweeps > 0);
	mem_free(clicks);
	mem_free(first_us);
	traffic_population_free(&made);
}

static void test_a_double_click_is_one_act(void **state)
{
	size_t count;
	size_t repeats = 0;
	struct traffic_population *made = make(state, 5, 20000);
	const struct traffic_hit *hits = traffic_population_hits(made, &count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(hits[i].is_repeat, hits[i].behaviour == TRAFFIC_DOUBLE_CLICK);
		repeats += hits[i].is_repeat;
	}
	assert_true(repeats > 0);
	traffic_population_free(&made);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_seed_gives_the_same_hits_again_and_another_others),
	    TEST(test_hits_are_in_order_and_of_links_that_there_are),
	    TEST(test_everything_that_is_described_happens),
	    TEST(test_sweeps_begin_as_with_the_836_contacts),
	    TEST(test_a_sweep_takes_all_links_within_a_second),
	    TEST(test_a_double_click_is_one_act),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
