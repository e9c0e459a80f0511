/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider tells of opens and clicks, alone and beside what we saw. Every test ends by counting all sums again.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define LATER (WORLD_NOW_US + 3000 * SECOND)
#define CHROME                                                                                                         \
	SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "     \
	      "Safari/537.36")

static int setup(void **state)
{
	return world_set_up(state, 2);
}

/* ---- Beside a hit of ours */

struct pair {
	const char *name;
	enum hit_kind kind;
	int64_t report_after_us; /* of the hit */
	bool is_one;
};
static const struct pair PAIRS[] = {
    {"an open, told in time", HIT_OPEN, 2 * SECOND, true},     {"at the border", HIT_OPEN, 10 * MINUTE, true},
    {"behind it", HIT_OPEN, 10 * MINUTE + 1, false},           {"at the border before", HIT_OPEN, -10 * MINUTE, true},
    {"before it", HIT_OPEN, -10 * MINUTE - 1, false},          {"a click, at once", HIT_CLICK, 0, true},
    {"a click at the border", HIT_CLICK, 10 * MINUTE, true},   {"a click behind it", HIT_CLICK, 10 * MINUTE + 1, false},
    {"a click before it", HIT_CLICK, -10 * MINUTE - 1, false},
};
enum order { HIT_FIRST, REPORT_FIRST, IN_ONE_BATCH, REPORT_FIRST_IN_ONE_BATCH, ORDER_COUNT };

static void apply_both(struct world *w, const struct hit_record *hit, const struct provider_hit_record *report,
		       enum order order)
{
	struct world_feed *feed = world_feed_open(w);
	bool is_report_first = order == REPORT_FIRST || order == REPORT_FIRST_IN_ONE_BATCH;
	for (int i = 0; i < 2; i++) {
		if ((i == 0) == is_report_first)
			world_put_report(feed, LATER, report);
		else
			world_put_hit(feed, WORLD_NOW_US, hit);
		if (order == HIT_FIRST || order == REPORT_FIRST) { /* and a start between them */
			world_feed_close(&feed);
			world_apply_all(w);
			world_reopen(w);
			feed = world_feed_open(w);
		}
	}
	world_feed_close(&feed);
	world_apply_all(w);
}

static void check_pair(struct world *w, const struct pair *pair, enum order order)
{
	const struct event *e;
	size_t n = world_hits(w, &e);
	bool is_open = pair->kind == HIT_OPEN;
	const struct message_counters *c = &world_message(w, 0)->counters;
	int64_t want = pair->is_one ? 1 : 2;
	if (n != 2 || world_counted(w) != want || (is_open ? c->opens_human : c->clicks_human) != want ||
	    world_stat(w, is_open ? STAT_OPENS_HUMAN : STAT_CLICKS_HUMAN) != want ||
	    world_stat(w, is_open ? STAT_OPENS_UNIQUE : STAT_CLICKS_UNIQUE) != 1)
		fail_msg("%s, order %d: %zu rows, %lld counted", pair->name, (int)order, n,
			 (long long)world_counted(w));
	for (size_t i = 0; i < n; i++) {
		bool is_report = slice_starts_with(e[i].reasons, SLICE("provider:"));
		assert_int_equal(e[i].is_duplicate, is_report && pair->is_one);
		assert_int_equal(slice_contains(e[i].reasons, SLICE("duplicate:provider")), e[i].is_duplicate);
		assert_true(!e[i].is_duplicate || !e[i].is_unique);
	}
}

static void test_one_open_or_click_that_both_saw_counts_once_in_any_order(void **state)
{
	for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++)
		for (int order = 0; order < ORDER_COUNT; order++) {
			struct world *w = *state;
			struct hit_record hit = world_hit(w, 0, PAIRS[i].kind);
			struct provider_hit_record report = world_report(w, 0, PAIRS[i].kind);
			report.occurred_us += PAIRS[i].report_after_us;
			apply_both(w, &hit, &report, (enum order)order);
			check_pair(w, &PAIRS[i], (enum order)order);
			assert_int_equal(world_tear_down_counted(state), 0);
			assert_int_equal(setup(state), 0);
		}
}

static void test_the_time_can_be_set(void **state)
{
	struct world *w = *state;
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
	struct tenant_policy policy = tenant_policy_default();
	policy.provider_dedupe_minutes = 30;
	world_set_policy(w, &policy);
	report.occurred_us += 30 * MINUTE;
	apply_both(w, &hit, &report, HIT_FIRST);
	assert_int_equal(world_counted(w), 1);
	report = world_report(w, 0, HIT_OPEN);
	report.occurred_us += 31 * MINUTE;
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_counted(w), 2);
}

static void test_another_link_message_or_the_pixel_is_another_visit(void **state)
{
	for (int order = 0; order < ORDER_COUNT; order++) {
		struct world *w = *state;
		struct hit_record hit = world_hit(w, 0, HIT_CLICK);
		struct provider_hit_record report = world_report(w, 0, HIT_CLICK);
		struct provider_hit_record other = world_report(w, 1, HIT_CLICK);
		struct provider_hit_record open = world_report(w, 0, HIT_OPEN);
		hit.link_index = 4; /* with the same destination */
		apply_both(w, &hit, &report, (enum order)order);
		world_apply_report(w, LATER, &other);
		world_apply_report(w, LATER, &open);
		assert_int_equal(world_counted(w), 4);
		assert_int_equal(world_tear_down_counted(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

static void test_a_report_without_a_number_is_matched_by_its_url(void **state)
{
	struct world *w = *state;
	struct hit_record hit = world_hit(w, 0, HIT_CLICK);
	struct provider_hit_record report = world_report(w, 0, HIT_CLICK);
	report.url = SLICE("https://example.com/sale");
	apply_both(w, &hit, &report, REPORT_FIRST);
	assert_int_equal(world_counted(w), 1);
	report = world_report(w, 0, HIT_CLICK);
	report.url = SLICE("https://example.com/other");
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_counted(w), 2);
}

static void test_every_report_of_the_time_gives_way_to_a_hit(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	struct world_feed *feed = world_feed_open(w);
	static const int64_t AFTER[] = {-3 * MINUTE, 2 * MINUTE, 25 * MINUTE};
	for (size_t i = 0; i < 3; i++) {
		struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
		report.occurred_us += AFTER[i];
		world_put_report(feed, LATER, &report);
	}
	world_feed_close(&feed);
	world_apply_all(w);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 3);
	world_apply_hit(w, WORLD_NOW_US, &hit);
	assert_int_equal(world_hits(w, &e), 4);
	assert_true(e[0].is_duplicate && e[1].is_duplicate && !e[2].is_duplicate && !e[3].is_duplicate);
	assert_int_equal(world_message(w, 0)->counters.opens_human, 2);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE), 1);
	assert_int_equal(world_stat(w, STAT_OPENS_UNIQUE_ALL), 1);
}

static void test_what_is_taken_back_is_told(void **state)
{
	struct world *w = *state;
	const struct event *e;
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
	apply_both(w, &hit, &report, REPORT_FIRST);
	assert_int_equal(world_events(w, 0, &e), 3);
	const struct event *correction = e[1].type == EVENT_CORRECTED ? &e[1] : &e[2];
	assert_int_equal(correction->type, EVENT_CORRECTED);
	assert_true(uuid_equal(correction->corrects, e[0].id));
	assert_true(correction->is_duplicate && !correction->is_unique);
	assert_true(slice_contains(correction->previous, SLICE("\"is_duplicate\":false")));
	assert_true(world_message(w, 0)->counters.first_open_us == WORLD_NOW_US);
}

/* ---- Who is who */

static void test_a_machine_and_a_person_are_two_in_any_order(void **state)
{
	static const struct {
		struct slice hit_agent, report_agent;
		enum provider_sign sign;
		int64_t counted;
	} CASES[] = {
	    {{0}, APPLE, PROVIDER_SIGN_MPP, 2},     /* the phone's prefetch, the reader at the desk */
	    {APPLE, {0}, PROVIDER_SIGN_NONE, 1},    /* the provider does not say who, we know */
	    {{0}, {0}, PROVIDER_SIGN_NONE, 1},      /* the same with a person */
	    {APPLE, APPLE, PROVIDER_SIGN_MPP, 1},   /* one prefetch */
	    {APPLE, CHROME, PROVIDER_SIGN_NONE, 2}, /* the reader whose pixel request never came to us */
	    {{0}, {0}, PROVIDER_SIGN_MACHINE, 2},   {GMAIL, GMAIL, PROVIDER_SIGN_MACHINE, 1},
	};
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		for (int order = 0; order < ORDER_COUNT; order++) {
			struct world *w = *state;
			struct hit_record hit = world_hit(w, 0, HIT_OPEN);
			struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
			if (CASES[i].hit_agent.n)
				hit.user_agent = CASES[i].hit_agent;
			report.user_agent = CASES[i].report_agent;
			report.sign = CASES[i].sign;
			report.occurred_us += 5 * MINUTE;
			report.client.bytes[15]++;
			apply_both(w, &hit, &report, (enum order)order);
			if (world_counted(w) != CASES[i].counted)
				fail_msg("case %zu, order %d: %lld counted", i, order, (long long)world_counted(w));
			assert_int_equal(world_tear_down_counted(state), 0);
			assert_int_equal(setup(state), 0);
		}
}

/* The webhook comes when the hits have long been settled as a scanner's. */
static void test_a_late_report_of_a_scanner_makes_no_person(void **state)
{
	struct world *w = *state;
	struct world_feed *feed = world_feed_open(w);
	struct provider_hit_record report = world_report(w, 0, HIT_CLICK);
	for (uint32_t link = 2; link < 5; link++) {
		struct hit_record hit = world_hit(w, 0, HIT_CLICK);
		hit.user_agent = CHROME;
		hit.link_index = link;
		world_put_hit(feed, WORLD_NOW_US + link * 1000, &hit);
	}
	world_feed_close(&feed);
	world_apply_all(w);
	world_settle(w, LATER);
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 3);
	report.user_agent = CHROME;
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_stat(w, STAT_CLICKS_HUMAN), 0);
	assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 3);
	assert_int_equal(world_counted(w), 3);
}

static void test_a_click_on_the_link_that_no_person_sees_is_one_by_a_machine(void **state)
{
	for (int order = 0; order < ORDER_COUNT; order++) {
		struct world *w = *state;
		struct hit_record hit = world_hit(w, 0, HIT_CLICK);
		hit.link_index = LINK_TOKEN_HONEYPOT;
		hit.destination = SLICE_EMPTY;
		struct provider_hit_record report = world_report_of(w, &hit);
		report.user_agent = SLICE_EMPTY;
		apply_both(w, &hit, &report, (enum order)order);
		assert_int_equal(world_counted(w), 1);
		assert_int_equal(world_stat(w, STAT_CLICKS_MACHINE), 1);
		assert_int_equal(world_tear_down_counted(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

static int64_t apples_of_quarter(struct world *w, int64_t time_us)
{
	char sql[120];
	(void)snprintf(
	    sql, sizeof sql,
	    "SELECT coalesce(sum(value), 0) FROM stats_quarter_hourly WHERE kind = 'opens_mpp' AND quarter = %lld",
	    (long long)(time_us / (15 * MINUTE)));
	return world_sql(w, sql);
}

static void test_apples_opens_are_apart_in_every_number_and_corrections_move_them(void **state)
{
	struct world *w = *state;
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	struct provider_hit_record report = world_report(w, 0, HIT_OPEN);
	const int64_t quarter_before_us = WORLD_NOW_US - 2 * MINUTE;
	hit.user_agent = APPLE;
	report.user_agent = APPLE;
	report.sign = PROVIDER_SIGN_MPP;
	report.occurred_us = quarter_before_us;
	world_apply_report(w, LATER, &report);
	assert_int_equal(world_message(w, 0)->counters.opens_mpp, 1);
	assert_int_equal(world_message(w, 0)->counters.opens_prefetch, 0);
	assert_int_equal(world_stat(w, STAT_OPENS_MPP), 1);
	assert_int_equal(apples_of_quarter(w, quarter_before_us), 1);
	world_apply_hit(w, WORLD_NOW_US, &hit);
	assert_int_equal(world_message(w, 0)->counters.opens_mpp, 1);
	assert_int_equal(world_stat(w, STAT_OPENS_MPP), 1);
	assert_int_equal(apples_of_quarter(w, quarter_before_us), 0);
	assert_int_equal(apples_of_quarter(w, WORLD_NOW_US), 1);
}

static void test_the_window_of_our_own_hits_knows_nothing_of_reports(void **state)
{
	struct world *w = *state;
	struct provider_hit_record report = world_report(w, 0, HIT_CLICK);
	struct hit_record hit = world_hit(w, 0, HIT_CLICK);
	const struct event *e;
	world_apply_report(w, LATER, &report);
	world_reopen(w); /* the window is read from the store */
	world_apply_hit(w, WORLD_NOW_US + SECOND, &hit);
	assert_int_equal(world_hits(w, &e), 2);
	assert_true(e[0].is_duplicate && !e[1].is_duplicate);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down_counted)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_one_open_or_click_that_both_saw_counts_once_in_any_order),
	    TEST(test_the_time_can_be_set),
	    TEST(test_another_link_message_or_the_pixel_is_another_visit),
	    TEST(test_a_report_without_a_number_is_matched_by_its_url),
	    TEST(test_every_report_of_the_time_gives_way_to_a_hit),
	    TEST(test_what_is_taken_back_is_told),
	    TEST(test_a_machine_and_a_person_are_two_in_any_order),
	    TEST(test_a_late_report_of_a_scanner_makes_no_person),
	    TEST(test_a_click_on_the_link_that_no_person_sees_is_one_by_a_machine),
	    TEST(test_apples_opens_are_apart_in_every_number_and_corrections_move_them),
	    TEST(test_the_window_of_our_own_hits_knows_nothing_of_reports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
