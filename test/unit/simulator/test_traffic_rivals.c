/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/traffic_rivals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SENT INT64_C(1795240800000000)
#define PERSON                                                                                                         \
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 "           \
	"Safari/537.36"
#define GMAIL "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
#define EOP "40.107.218.12"
#define HOME "81.105.41.164"

static const struct {
	const char *agent, *client;
	int64_t after_ms;
	bool is_counted[RIVAL_COUNT]; /* no filter, list of agents, two of three */
} ROWS[] = {
    {PERSON, HOME, 60000, {true, true, true}},
    {GMAIL, "66.249.93.55", 60000, {true, false, true}},
    {"Mozilla/5.0", HOME, 60000, {true, true, true}},
    {"python-requests/2.28.2", HOME, 60000, {true, false, true}},
    {"python-requests/2.28.2", HOME, 1900, {true, false, false}},
    {"python-requests/2.28.2", EOP, 60000, {true, false, false}},
    {PERSON, EOP, 60000, {true, true, true}},
    {PERSON, EOP, 1000, {true, true, false}},
};
enum { ROW_COUNT = sizeof ROWS / sizeof ROWS[0] };

static void test_each_rival_knows_what_it_knows(void **state)
{
	struct traffic_hit hits[ROW_COUNT];
	struct traffic_mail mails[ROW_COUNT];
	struct traffic_opinion opinions[ROW_COUNT];
	(void)state;
	for (uint32_t i = 0; i < ROW_COUNT; i++) {
		mails[i] = (struct traffic_mail){.sent_us = SENT};
		hits[i] = (struct traffic_hit){.time_us = SENT + ROWS[i].after_ms * 1000,
					       .mail = i,
					       .kind = HIT_OPEN,
					       .agent = slice_from_cstr(ROWS[i].agent)};
		assert_true(ip_address_parse(slice_from_cstr(ROWS[i].client), &hits[i].client));
	}
	for (int rival = 0; rival < RIVAL_COUNT; rival++) {
		traffic_rival_judge((enum traffic_rival)rival, hits, ROW_COUNT, mails, opinions);
		for (size_t i = 0; i < ROW_COUNT; i++)
			if (actor_is_counted(opinions[i].actor) != ROWS[i].is_counted[rival])
				fail_msg("%s, row %zu", traffic_rival_text((enum traffic_rival)rival), i);
	}
}

static void test_rivals_count_a_double_click_once(void **state)
{
	struct traffic_mail mail = {.sent_us = SENT};
	struct traffic_hit hits[2] = {{.time_us = SENT + 60000000, .kind = HIT_CLICK, .agent = SLICE(PERSON)}};
	struct traffic_opinion opinions[2];
	(void)state;
	hits[1] = hits[0];
	hits[1].time_us += 500000;
	traffic_rival_judge(RIVAL_NO_FILTER, hits, 2, &mail, opinions);
	assert_false(opinions[0].is_duplicate);
	assert_true(opinions[1].is_duplicate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_rival_knows_what_it_knows),
	    cmocka_unit_test(test_rivals_count_a_double_click_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
