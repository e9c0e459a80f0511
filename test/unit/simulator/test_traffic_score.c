/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/traffic_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NEAR(a, b) assert_true((a) - (b) < 1e-9 && (b) - (a) < 1e-9)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Three mails. People open two of them and click in one, twice; the second is a double click. */
static const struct traffic_hit HITS[] = {
    {.mail = 0, .kind = HIT_OPEN, .behaviour = TRAFFIC_GMAIL_PROXY},
    {.mail = 0, .kind = HIT_OPEN, .behaviour = TRAFFIC_GMAIL_PROXY},
    {.mail = 0, .kind = HIT_CLICK, .behaviour = TRAFFIC_CLICK},
    {.mail = 0, .kind = HIT_CLICK, .behaviour = TRAFFIC_DOUBLE_CLICK, .is_repeat = true},
    {.mail = 1, .kind = HIT_OPEN, .behaviour = TRAFFIC_WEBMAIL},
    {.mail = 2, .kind = HIT_OPEN, .behaviour = TRAFFIC_SWEEP},
    {.mail = 2, .kind = HIT_CLICK, .behaviour = TRAFFIC_SWEEP},
};
enum { MAILS = 3 };

/* The webmail is missed, the sweep's pixel is taken for a person. */
static const struct traffic_opinion OPINIONS[COUNT(HITS)] = {
    {ACTOR_PROXY_HUMAN, false}, {ACTOR_PROXY_HUMAN, false}, {ACTOR_HUMAN, false},   {ACTOR_HUMAN, true},
    {ACTOR_UNKNOWN, false},     {ACTOR_HUMAN, false},       {ACTOR_SCANNER, false},
};

static struct traffic_score score_of_case(void)
{
	struct traffic_score score = {0};
	for (size_t i = 0; i < COUNT(HITS); i++)
		traffic_score_add(&score, &HITS[i], OPINIONS[i].actor);
	return score;
}

static void test_precision_and_recall_of_a_small_case(void **state)
{
	struct traffic_score score = score_of_case();
	struct traffic_class_score s = traffic_score_of(&score, CLASS_HEADLINE_OPENS);
	(void)state;
	assert_true(s.actual == 3 && s.judged == 3 && s.right == 2);
	NEAR(traffic_precision(&s), 2.0 / 3);
	NEAR(traffic_recall(&s), 2.0 / 3);
	s = traffic_score_of(&score, CLASS_OPENS);
	assert_true(s.actual == 1 && s.judged == 1 && s.right == 0);
	s = traffic_score_of(&score, CLASS_PROXIES);
	assert_true(s.actual == 2 && s.judged == 2 && s.right == 2);
	s = traffic_score_of(&score, CLASS_CLICKS);
	assert_true(s.actual == 2 && s.judged == 2 && s.right == 2);
	s = traffic_score_of(&score, CLASS_SCANNERS);
	assert_true(s.actual == 2 && s.judged == 1 && s.right == 1);
}

static void test_nothing_judged_and_nothing_there_is_no_fault(void **state)
{
	struct traffic_class_score none = {0};
	(void)state;
	NEAR(traffic_precision(&none), 1);
	NEAR(traffic_recall(&none), 1);
}

static void test_the_truth_counts_acts_and_mails(void **state)
{
	struct traffic_headline truth = traffic_headline_truth(HITS, COUNT(HITS), MAILS);
	(void)state;
	assert_true(truth.opens == 3 && truth.unique_opens == 2);
	assert_true(truth.clicks == 1 && truth.unique_clicks == 1);
}

static void test_opinions_count_what_is_no_duplicate(void **state)
{
	struct traffic_headline counted = traffic_headline_of(HITS, OPINIONS, COUNT(HITS), MAILS);
	(void)state;
	assert_true(counted.opens == 3 && counted.unique_opens == 2);
	assert_true(counted.clicks == 1 && counted.unique_clicks == 1);
}

static void test_errors_are_in_per_cent_of_the_truth(void **state)
{
	(void)state;
	NEAR(traffic_error_percent(101, 100), 1);
	NEAR(traffic_error_percent(97, 100), -3);
	NEAR(traffic_error_percent(0, 0), 0);
	NEAR(traffic_error_percent(1, 0), 100);
}

static void test_the_bar_asks_for_each_number(void **state)
{
	struct traffic_headline truth = {.opens = 1000, .unique_opens = 800, .clicks = 200, .unique_clicks = 100};
	struct traffic_contender good = {.headline = truth};
	(void)state;
	good.score.hits[TRAFFIC_CLICK][1][ACTOR_HUMAN] = 200;
	assert_true(traffic_report_meets_bar(&good, &truth));
	struct traffic_contender off = good;
	off.headline.unique_clicks = 102;
	assert_false(traffic_report_meets_bar(&off, &truth));
	off = good;
	off.headline.opens = 989;
	assert_false(traffic_report_meets_bar(&off, &truth));
	off = good;
	off.score.hits[TRAFFIC_SANDBOX][1][ACTOR_HUMAN] = 3;
	assert_false(traffic_report_meets_bar(&off, &truth));
	off = good;
	off.score.hits[TRAFFIC_FAST][1][ACTOR_SCANNER] = 3;
	assert_false(traffic_report_meets_bar(&off, &truth));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_precision_and_recall_of_a_small_case),
	    cmocka_unit_test(test_nothing_judged_and_nothing_there_is_no_fault),
	    cmocka_unit_test(test_the_truth_counts_acts_and_mails),
	    cmocka_unit_test(test_opinions_count_what_is_no_duplicate),
	    cmocka_unit_test(test_errors_are_in_per_cent_of_the_truth),
	    cmocka_unit_test(test_the_bar_asks_for_each_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
