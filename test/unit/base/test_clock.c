/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/clock.h"

#define S INT64_C(1000000)

static void test_clock_formats_times_before_and_after_1970(void **state)
{
	static const struct {
		int64_t us;
		const char *rfc3339, *rfc5322, *day;
	} cases[] = {
	    {0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 +0000", "1970-01-01"},
	    {-1, "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 +0000", "1969-12-31"},
	    {1795240800 * S + 7999, "2026-11-21T06:00:00.007Z", "Sat, 21 Nov 2026 06:00:00 +0000", "2026-11-21"},
	    {1709164800 * S, "2024-02-29T00:00:00.000Z", "Thu, 29 Feb 2024 00:00:00 +0000", "2024-02-29"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char room[64], day[DATE_TEXT_SIZE];
		struct buf b;
		buf_init_fixed(&b, room, sizeof room);
		time_append_rfc3339(&b, cases[i].us);
		assert_string_equal(room, cases[i].rfc3339);
		buf_clear(&b);
		time_append_rfc5322(&b, cases[i].us);
		assert_string_equal(room, cases[i].rfc5322);
		time_format_day(cases[i].us, day);
		assert_string_equal(day, cases[i].day);
	}
}

static void test_clock_reads_every_form_of_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
	    {"1970-01-01", 0},
	    {"1970-01-01T00:00:00Z", 0},
	    {"1970-01-01t00:00:01z", S},
	    {"1970-01-01 00:00:01Z", S},
	    {"1970-01-01T01:00:00+01:00", 0},
	    {"1969-12-31T19:30:00-04:30", 0},
	    {"1970-01-01T00:00:00.5Z", S / 2},
	    {"1970-01-01T00:00:00.0000019999Z", 1},
	    {"2026-11-21T06:00:00.007Z", 1795240800 * S + 7000},
	    {"2024-02-29", 1709164800 * S},
	    {"2000-02-29T12:00:00Z", 951825600 * S},
	    {"2016-12-31T23:59:60Z", 1483228800 * S}, /* a leap second */
	    {"2016-12-31", 1483142400 * S},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t us = 0;
		assert_true(time_parse_rfc3339(slice_from_cstr(cases[i].text), &us));
		assert_int_equal(us, cases[i].want);
	}
}

static void test_clock_refuses_what_is_no_date(void **state)
{
	static const char *const cases[] = {
	    "",
	    "now",
	    "2026",
	    "2026-1-1",
	    "2026-13-01",
	    "2026-00-01",
	    "2026-01-00",
	    "2026-02-30",
	    "2026-02-29",
	    "2026-02-29T05:00:00Z",
	    "2026-02-30T23:59:60Z",
	    "2026-04-31T12:00:00Z",
	    "1900-02-29",
	    "2026-01-01T",
	    "2026-01-01T24:00:00Z",
	    "2026-01-01T00:60:00Z",
	    "2026-01-01T00:00:61Z",
	    "2026-01-01T00:00:00",
	    "2026-01-01T00:00Z",
	    "2026-01-01T00:00:00.Z",
	    "2026-01-01T00:00:00+1:00",
	    "2026-01-01T00:00:00+01:60",
	    "2026-01-01T00:00:00Zx",
	    "2026-01-01x00:00:00Z",
	    " 2026-01-01",
	    "-026-01-01",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t us = 42;
		if (time_parse_rfc3339(slice_from_cstr(cases[i]), &us))
			fail_msg("'%s' was read as a time", cases[i]);
		assert_int_equal(us, 42);
	}
}

static void test_clock_of_the_machine_goes_forward(void **state)
{
	const struct clock *clock = clock_system();
	int64_t before = clock_monotonic_us(clock);

	(void)state;
	assert_true(clock_monotonic_us(clock) >= before);
	assert_true(clock_now_us(clock) > 1700000000 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clock_formats_times_before_and_after_1970),
	    cmocka_unit_test(test_clock_reads_every_form_of_rfc_3339),
	    cmocka_unit_test(test_clock_refuses_what_is_no_date),
	    cmocka_unit_test(test_clock_of_the_machine_goes_forward),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
