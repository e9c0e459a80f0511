/* SPDX-License-Identifier: Apache-2.0 */
/* Sandboxes that look at each link of a mail from somewhere else. */
#include "codec/judge/behaviour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DELIVERED INT64_C(1795240800000000)
#define SECOND INT64_C(1000000)

enum { LINKS_MAX = 6 };

static struct behaviour_hit click(uint32_t link, int64_t after_s, uint64_t network)
{
	return (struct behaviour_hit){
	    .id = {{0x01, 0x92, (uint8_t)(link + 1)}},
	    .kind = HIT_CLICK,
	    .time_us = DELIVERED + after_s * SECOND,
	    .link_index = link,
	    .source = {network, network ? network + 100 : 0},
	    .actor = ACTOR_HUMAN,
	    .reasons = SLICE("browser"),
	};
}

/* Clicks on one link after the other, three seconds apart, from those networks; how many of them changed. */
static size_t judge(const uint64_t *networks, uint32_t clicks, uint32_t links, struct behaviour_hit *hits)
{
	struct behaviour_mail mail = {.delivered_us = DELIVERED, .links = links};
	size_t changed = 0;
	for (uint32_t i = 0; i < clicks; i++)
		hits[i] = click(i % links, 300 + 3 * (int64_t)i, networks[i]);
	behaviour_judge(&mail, hits, clicks);
	for (uint32_t i = 0; i < clicks; i++)
		changed += hits[i].is_changed;
	return changed;
}

static void test_all_links_each_from_elsewhere_within_a_minute_are_nobodys(void **state)
{
	static const uint64_t NETWORKS[] = {11, 12, 12, 13};
	struct behaviour_hit hits[LINKS_MAX];
	(void)state;
	assert_int_equal(judge(NETWORKS, 4, 4, hits), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(hits[i].verdict.actor, ACTOR_UNKNOWN);
		assert_true(slice_contains(slice_from_cstr(hits[i].verdict.reasons),
					   SLICE("coverage:links=4,of=4,networks=3")));
	}
}

/* Else a look in between would have said what one at the end denies. */
static void test_what_comes_behind_takes_nothing_back(void **state)
{
	static const uint64_t NETWORKS[] = {11, 12, 12, 13, 11};
	struct behaviour_hit hits[LINKS_MAX];
	(void)state;
	assert_int_equal(judge(NETWORKS, 5, 4, hits), 5);
}

static void test_a_link_that_comes_again_before_all_were_followed_is_a_persons(void **state)
{
	static const uint64_t NETWORKS[] = {11, 12, 13};
	static const uint32_t LINKS[] = {0, 1, 1, 2};
	struct behaviour_mail mail = {.delivered_us = DELIVERED, .links = 3};
	struct behaviour_hit hits[4];
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		hits[i] = click(LINKS[i], 300 + 3 * (int64_t)i, NETWORKS[i % 3]);
	behaviour_judge(&mail, hits, 4);
	for (size_t i = 0; i < 4; i++)
		assert_false(hits[i].is_changed);
}

static void test_people_do_not_cover_a_mail_so(void **state)
{
	static const uint64_t COLLEAGUES[] = {11, 12, 11, 12};
	static const uint64_t NOBODY_KNOWS[] = {0, 0, 0, 0};
	static const uint64_t NOT_ALL[] = {11, 12, 13};
	struct behaviour_hit hits[LINKS_MAX];
	(void)state;
	assert_int_equal(judge(COLLEAGUES, 4, 4, hits), 0);
	assert_int_equal(judge(NOBODY_KNOWS, 4, 4, hits), 0);
	assert_int_equal(judge(NOT_ALL, 3, 4, hits), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_links_each_from_elsewhere_within_a_minute_are_nobodys),
	    cmocka_unit_test(test_what_comes_behind_takes_nothing_back),
	    cmocka_unit_test(test_a_link_that_comes_again_before_all_were_followed_is_a_persons),
	    cmocka_unit_test(test_people_do_not_cover_a_mail_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
