/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/judge/behaviour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* The reasons of the first of three links that were followed at once, when each hit had these. */
static struct slice reasons_behind(const char *reasons, struct behaviour_hit hits[3])
{
	struct behaviour_mail mail = {.links = 3};
	for (uint8_t i = 0; i < 3; i++)
		hits[i] = (struct behaviour_hit){
		    .id = {{0x01, 0x92, i}},
		    .kind = HIT_CLICK,
		    .time_us = INT64_C(1795240800000000) + i,
		    .link_index = i,
		    .actor = ACTOR_HUMAN,
		    .reasons = slice_from_cstr(reasons),
		};
	behaviour_judge(&mail, hits, 3);
	assert_true(hits[0].is_changed);
	return slice_from_cstr(hits[0].verdict.reasons);
}

static void test_what_a_row_is_stays_in_the_reasons_when_room_is_short(void **state)
{
	struct behaviour_hit hits[3];
	char reasons[REASONS_MAX];
	(void)state;
	(void)snprintf(reasons, sizeof reasons,
		       "provider:sendgrid browser %0150d duplicate:seconds=3600 consent:anonymous", 1);
	struct slice said = reasons_behind(reasons, hits);
	assert_true(slice_equal(said, SLICE("provider:sendgrid browser duplicate:seconds=3600 consent:anonymous "
					    "burst:links=3,of=3,seconds=0.0 no_open")));
}

static void test_all_reasons_stay_when_there_is_room(void **state)
{
	struct behaviour_hit hits[3];
	(void)state;
	struct slice said = reasons_behind("browser no_sec_fetch duplicate:seconds=5", hits);
	assert_true(slice_equal(
	    said, SLICE("browser no_sec_fetch duplicate:seconds=5 burst:links=3,of=3,seconds=0.0 no_open")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_row_is_stays_in_the_reasons_when_room_is_short),
	    cmocka_unit_test(test_all_reasons_stay_when_there_is_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
