/* SPDX-License-Identifier: Apache-2.0 */
/* Days of time zones: by a table of places where they are odd, by what must hold for every instant, and against
 * Python's zoneinfo, which reads the same zone data with other code. */
#include "engine/tenant/time_zone.h"

#include "base/clock.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

static struct time_zone *load(const char *name)
{
	struct err err = {0};
	struct time_zone *zone = NULL;
	if (time_zone_load(slice_from_cstr(name), &zone, &err) != STATUS_OK)
		fail_msg("%s: %s", name, err.text);
	return zone;
}

static int64_t time_of(const char *text)
{
	int64_t time_us;
	if (!time_parse_rfc3339(slice_from_cstr(text), &time_us))
		fail_msg("%s is no time", text);
	return time_us;
}

static int32_t day_number(const char *date)
{
	return (int32_t)(time_of(date) / DAY);
}

/* ---- Places */

static const struct place {
	const char *name, *zone, *day;
	const char *begin; /* its first instant */
	int minutes;       /* how long it is */
} PLACES[] = {
    {"an ordinary day in summer", "Europe/London", "2026-07-01", "2026-06-30T23:00:00Z", 1440},
    {"23 hours when clocks go forward", "Europe/London", "2026-03-29", "2026-03-29T00:00:00Z", 1380},
    {"25 hours when clocks go back", "Europe/London", "2026-10-25", "2026-10-24T23:00:00Z", 1500},
    {"a day behind UTC", "America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", 1500},
    {"UTC", "UTC", "2026-11-21", "2026-11-21T00:00:00Z", 1440},
    {"five and three quarter hours ahead", "Asia/Kathmandu", "2026-11-21", "2026-11-20T18:15:00Z", 1440},
    {"half an hour of summer time", "Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", 1410},
    {"and back", "Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", 1470},
    {"midnight is left out: the day begins at 01:00", "America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", 1380},
    {"midnight comes twice: the day before is longer", "America/Santiago", "2026-04-04", "2026-04-04T03:00:00Z", 1500},
    {"and the day after begins with the second one", "America/Santiago", "2026-04-05", "2026-04-05T04:00:00Z", 1440},
    {"clocks go back for a month of fasting", "Africa/Casablanca", "2026-02-15", "2026-02-14T23:00:00Z", 1500},
    {"and forward again", "Africa/Casablanca", "2026-03-22", "2026-03-22T00:00:00Z", 1380},
    {"the day before the one that Samoa left out", "Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", 1440},
    {"the day that Samoa left out", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0},
    {"the day after it", "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 1440},
    {"clocks go back at 00:01: the new day does not end", "America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z",
     1500},
    {"and the day before is no longer for it", "America/St_Johns", "2010-11-06", "2010-11-06T02:30:00Z", 1440},
    {"summer time in years of which no table tells", "Europe/Berlin", "2060-03-28", "2060-03-27T23:00:00Z", 1380},
    {"a zone that is an offset", "Etc/GMT+5", "2026-01-01", "2026-01-01T05:00:00Z", 1440},
};

static void expect_time(const char *what, const char *name, int64_t got, int64_t want)
{
	if (got != want)
		fail_msg("%s: %s is %" PRId64 " s off", name, what, (got - want) / SECOND);
}

static void check_place(const struct place *place)
{
	struct time_zone *zone = load(place->zone);
	int32_t day = day_number(place->day);
	int64_t begin = time_of(place->begin);
	int64_t end = begin + place->minutes * 60 * SECOND;
	expect_time("the beginning", place->name, time_zone_day_begin(zone, day), begin);
	expect_time("the end", place->name, time_zone_day_begin(zone, day + 1), end);
	bool is_left_out = begin == end;
	if (!is_left_out && (time_zone_day_of(zone, begin) != day || time_zone_day_of(zone, end - 1) != day))
		fail_msg("%s: its first or last instant is of another day", place->name);
	if (time_zone_day_of(zone, end) <= day || time_zone_day_of(zone, begin - 1) >= day)
		fail_msg("%s: an instant outside belongs to it", place->name);
	time_zone_free(&zone);
	assert_null(zone);
}

static void test_days_begin_and_end_with_the_clocks_of_the_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++)
		check_place(&PLACES[i]);
}

/* ---- Names */

static void test_what_is_no_name_is_refused_with_what_to_do(void **state)
{
	static const char *const NAMES[] = {
	    "",
	    "Europe/Atlantis",
	    "europe/london",
	    "Europe",
	    "Europe/",
	    "Europe//London",
	    "/usr/share/zoneinfo/Europe/London",
	    "Europe/../Europe/London",
	    "../../../../etc/passwd",
	    "right/Europe/London",
	    "posix/Europe/London",
	    "localtime",
	    "tzdata.zi",
	    "+05:30",
	    "UTC+3",
	    "ABC5",
	    "EST5EDT,M3.2.0,M11.1.0",
	    "Europe/London\n",
	    "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		struct err err = {0};
		struct time_zone *zone = NULL;
		if (time_zone_load(slice_from_cstr(NAMES[i]), &zone, &err) != STATUS_NOT_FOUND || zone)
			fail_msg("'%s' was taken", NAMES[i]);
		if (!strstr(err.text, "give an IANA name like Europe/London"))
			fail_msg("'%s': %s", NAMES[i], err.text);
		assert_int_equal(time_zone_check(slice_from_cstr(NAMES[i]), &err), STATUS_NOT_FOUND);
	}
}

static void test_without_zone_data_there_is_utc_and_nothing_else(void **state)
{
	struct err err = {0};
	(void)state;
	assert_int_equal(setenv("TZDIR", "/nonexistent", 1), 0);
	assert_int_equal(time_zone_check(SLICE("Europe/London"), &err), STATUS_NOT_FOUND);
	assert_non_null(strstr(err.text, "tzdata"));
	assert_int_equal(time_zone_check(SLICE("UTC"), &err), STATUS_OK);
	assert_string_equal(time_zone_name(time_zone_utc()), "UTC");
	assert_int_equal(time_zone_day_of(time_zone_utc(), -1), -1);
	assert_int_equal(time_zone_day_begin(time_zone_utc(), 20000), 20000 * DAY);
	assert_int_equal(unsetenv("TZDIR"), 0);
}

/* ---- What holds for every instant */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void check_instant(const struct time_zone *zone, int64_t time_us)
{
	int32_t day = time_zone_day_of(zone, time_us);
	if (time_zone_day_begin(zone, day) > time_us || time_us >= time_zone_day_begin(zone, day + 1))
		fail_msg("%s: day %d does not hold %" PRId64, time_zone_name(zone), day, time_us);
	if (time_zone_day_of(zone, time_us + HOUR) < day)
		fail_msg("%s: days go back after %" PRId64, time_zone_name(zone), time_us);
}

static void test_every_instant_lies_in_its_day(void **state)
{
	static const char *const NAMES[] = {
	    "UTC",
	    "Europe/London",
	    "America/New_York",
	    "Asia/Kathmandu",
	    "Pacific/Apia",
	    "Africa/Casablanca",
	    "Australia/Lord_Howe",
	    "America/Santiago",
	    "America/St_Johns",
	    "Asia/Gaza",
	    "Pacific/Kiritimati",
	    "America/Nuuk",
	    "Asia/Tehran",
	    "Antarctica/Troll",
	    "Pacific/Kwajalein",
	    "America/Sao_Paulo",
	    "Asia/Kolkata",
	    "Pacific/Chatham",
	    "Europe/Dublin",
	    "Etc/GMT-14",
	};
	uint64_t seed = 20261121;
	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		struct time_zone *zone = load(NAMES[i]);
		for (int k = 0; k < 20000; k++)
			check_instant(zone, (int64_t)(next_random(&seed) % (UINT64_C(5000000000) * SECOND)));
		time_zone_free(&zone);
	}
}

/* ---- The oracle */

static void check_sample(const char *line, struct time_zone **zone)
{
	char name[TIME_ZONE_NAME_MAX + 1];
	int64_t time_s, begin_s;
	int32_t day;
	if (sscanf(line, "%64s %" SCNd64 " %" SCNd32 " %" SCNd64, name, &time_s, &day, &begin_s) != 4)
		fail_msg("no sample: %s", line);
	if (!*zone || strcmp(time_zone_name(*zone), name) != 0) {
		time_zone_free(zone);
		*zone = load(name);
	}
	int32_t got = time_zone_day_of(*zone, time_s * SECOND);
	int64_t begin = time_zone_day_begin(*zone, day);
	if (got != day || begin != begin_s * SECOND)
		fail_msg("day %d beginning at %" PRId64 ", should be: %s", got, begin / SECOND, line);
}

static void test_days_of_all_zones_are_those_of_pythons_zoneinfo(void **state)
{
	char line[200];
	size_t count = 0;
	struct time_zone *zone = NULL;
	(void)state;
	FILE *samples = popen("python3 '" PUGMARK_SOURCE_ROOT "/test/unit/engine/time_zone_oracle.py'", "r");
	assert_non_null(samples);
	for (; fgets(line, sizeof line, samples); count++)
		check_sample(line, &zone);
	time_zone_free(&zone);
	assert_int_equal(pclose(samples), 0);
	assert_in_range(count, 10000, SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_days_begin_and_end_with_the_clocks_of_the_place),
	    cmocka_unit_test(test_what_is_no_name_is_refused_with_what_to_do),
	    cmocka_unit_test(test_without_zone_data_there_is_utc_and_nothing_else),
	    cmocka_unit_test(test_every_instant_lies_in_its_day),
	    cmocka_unit_test(test_days_of_all_zones_are_those_of_pythons_zoneinfo),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
