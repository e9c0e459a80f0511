/* SPDX-License-Identifier: Apache-2.0 */
/* A report on its way over the control socket, and what people and programs read of it. */
#include "prog/show/rejudge_lines.h"
#include "prog/show/rejudge_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 8192 };

static struct rejudge_report report(void)
{
	struct rejudge_report r = {.messages = 17,
				   .hits = 120,
				   .changed = 11,
				   .before = {100, 40, 20, 9},
				   .after = {93, 38, 24, 9},
				   .reason_count = 2};
	r.opens[ACTOR_HUMAN][ACTOR_HUMAN] = 90;
	r.opens[ACTOR_HUMAN][ACTOR_SCANNER] = 7;
	r.opens[ACTOR_PREFETCH][ACTOR_PREFETCH] = 3;
	r.clicks[ACTOR_SCANNER][ACTOR_HUMAN] = 4;
	r.left[LEFT_NOT_KEPT] = 2;
	r.left[LEFT_INCOMPLETE] = 1;
	r.reasons[0] = (struct rejudge_reason){"burst", 7, 0};
	r.reasons[1] = (struct rejudge_reason){"robot_list:nonsense", 1, 4};
	return r;
}

static void test_a_report_survives_the_socket(void **state)
{
	(void)state;
	struct rejudge_report sent = report();
	struct rejudge_report got = {0};
	struct buf b;
	char room[ROOM];
	buf_init_fixed(&b, room, sizeof room);
	rejudge_lines_append(&b, &sent);
	struct slice rest = buf_slice(&b);
	assert_true(rest.n && !buf_failed(&b));
	while (rest.n)
		assert_true(rejudge_lines_take(slice_cut(&rest, '\n'), &got));
	assert_memory_equal(&sent, &got, sizeof sent);
}

static void test_other_lines_are_not_taken(void **state)
{
	static const char *const LINES[] = {"",
					    "done 3",
					    "progress 3 100",
					    "judged 1 2",
					    "judged 1 2 3 4",
					    "judged 1 2 x",
					    "opens human nobody 3",
					    "opens human scanner",
					    "left because 3",
					    "left",
					    "reason",
					    "reason a-name-that-is-far-too-long-for-any-reason-there-will-be 1 2",
					    "before 1 2 3"};
	(void)state;
	for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
		struct rejudge_report got = {0};
		struct rejudge_report nothing = {0};
		assert_false(rejudge_lines_take(slice_from_cstr(LINES[i]), &got));
		assert_memory_equal(&got, &nothing, sizeof got);
	}
}

static void test_no_server_can_overrun_a_report(void **state)
{
	(void)state;
	struct rejudge_report got = {0};
	for (int i = 0; i < REJUDGE_REASONS_MAX; i++)
		assert_true(rejudge_lines_take(SLICE("reason burst 1 2"), &got));
	assert_false(rejudge_lines_take(SLICE("reason burst 1 2"), &got));
}

static const char TABLE[] =
    "Since 2026-11-01T00:00:00.000Z: 120 hits of 17 mails judged; 11 would get another verdict.\n"
    "\n"
    "opens: was | is          human     prefetch      scanner\n"
    "  human                     90            .            7\n"
    "  prefetch                   .            3            .\n"
    "\n"
    "clicks: was | is         human\n"
    "  scanner                    4\n"
    "\n"
    "headline                before        after\n"
    "  opens                    100           93           -7\n"
    "  opened                    40           38           -2\n"
    "  clicks                    20           24           +4\n"
    "  clicked                    9            9\n"
    "\n"
    "reasons of changed hits                came         went\n"
    "  burst                                   7            0\n"
    "  robot_list:nonsense                     1            4\n"
    "\n"
    "hits left alone\n"
    "            2  too little of them was kept\n"
    "            1  events of their mail are gone\n"
    "\n"
    "Nothing was changed; --apply does it.\n";

static void test_people_read_a_table(void **state)
{
	(void)state;
	struct rejudge_report r = report();
	struct rejudge_result result = {.report = &r, .since_us = INT64_C(1793491200000000)};
	char room[ROOM];
	struct buf b;
	buf_init_fixed(&b, room, sizeof room);
	rejudge_table_append(&b, &result);
	assert_string_equal(buf_cstr(&b), TABLE);
}

static void expect_first_line(const struct rejudge_report *report, bool is_applied, const char *want)
{
	struct rejudge_result result = {
	    .report = report, .since_us = INT64_C(1793491200000000), .is_applied = is_applied};
	char room[ROOM];
	struct buf b;
	buf_init_fixed(&b, room, sizeof room);
	rejudge_table_append(&b, &result);
	struct slice rest = buf_slice(&b);
	assert_true(slice_equal(slice_cut(&rest, '\n'), slice_from_cstr(want)));
	assert_false(report->changed == 0 && slice_contains(rest, SLICE("--apply")));
}

static void test_the_first_line_says_what_there_was(void **state)
{
	(void)state;
	struct rejudge_report r = {0};
	expect_first_line(&r, false, "Since 2026-11-01T00:00:00.000Z there is nothing to judge.");
	r.hits = r.messages = 1;
	expect_first_line(&r, false, "Since 2026-11-01T00:00:00.000Z: 1 hit of 1 mail judged; it keeps its verdict.");
	r.hits = 3;
	expect_first_line(&r, true,
			  "Since 2026-11-01T00:00:00.000Z: 3 hits of 1 mail judged; all keep their verdicts.");
	r.changed = 2;
	expect_first_line(&r, true, "Since 2026-11-01T00:00:00.000Z: 3 hits of 1 mail judged; 2 got another verdict.");
}

static void test_programs_read_json(void **state)
{
	static const char WANT[] =
	    "{\"since\":\"2026-11-01T00:00:00.000Z\",\"applied\":true,\"rules\":\"" VERDICT_RULES "\",\"messages\":17,"
	    "\"hits\":120,\"changed\":11,\"opens\":{\"human\":{\"human\":90,\"scanner\":7},\"prefetch\":{\"prefetch\":"
	    "3}},"
	    "\"clicks\":{\"scanner\":{\"human\":4}},"
	    "\"before\":{\"opens\":100,\"opens_unique\":40,\"clicks\":20,\"clicks_unique\":9},"
	    "\"after\":{\"opens\":93,\"opens_unique\":38,\"clicks\":24,\"clicks_unique\":9},"
	    "\"reasons\":[{\"reason\":\"burst\",\"came\":7,\"went\":0},"
	    "{\"reason\":\"robot_list:nonsense\",\"came\":1,\"went\":4}],"
	    "\"left_alone\":{\"not_kept\":2,\"incomplete\":1,\"crowded\":0,\"erased\":0,\"no_message\":0,"
	    "\"unreadable\":0}}\n";
	(void)state;
	struct rejudge_report r = report();
	struct rejudge_result result = {.report = &r, .since_us = INT64_C(1793491200000000), .is_applied = true};
	char room[ROOM];
	struct buf b;
	buf_init_fixed(&b, room, sizeof room);
	rejudge_table_append_json(&b, &result);
	assert_string_equal(buf_cstr(&b), WANT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_report_survives_the_socket),       cmocka_unit_test(test_other_lines_are_not_taken),
	    cmocka_unit_test(test_no_server_can_overrun_a_report),     cmocka_unit_test(test_people_read_a_table),
	    cmocka_unit_test(test_the_first_line_says_what_there_was), cmocka_unit_test(test_programs_read_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
