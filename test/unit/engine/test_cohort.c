/* SPDX-License-Identifier: Apache-2.0 */
/* The day whose numbers a message belongs to: that of the tenant's clocks when it left, whatever happens later. */
#include "engine/tenant/cohort.h"
#include "world.h"

#include "engine/tenant/tenant_change.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int setup(void **state)
{
	static struct world w;
	struct tenant_policy policy = tenant_policy_default();
	world_open(&w);
	world_set_policy(&w, &policy);
	*state = &w;
	return 0;
}

static int64_t time_of(const char *text)
{
	int64_t time_us;
	if (!time_parse_rfc3339(slice_from_cstr(text), &time_us))
		fail_msg("%s is no time", text);
	return time_us;
}

/* As the command line does it beside a server. */
static void move_to(struct world *w, const char *zone)
{
	struct err err = {0};
	struct tenant_change change = {
	    .tenant = SLICE("default"), .actor = SLICE("test"), .time_zone = slice_from_cstr(zone)};
	if (tenant_change_write(w->session, WORLD_NOW_US, &change, &err) != STATUS_OK)
		fail_msg("%s: %s", zone, err.text);
}

/* Intent and outcome of message n, a second apart. */
static void put_sent(struct world *w, struct world_feed *feed, uint32_t n, int64_t time_us)
{
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf b;
	uint64_t lease = world_lease(w, n);
	struct intent_record intent = {.message = world_message_id(n), .lease = lease, .attempt = 1};
	struct outcome_record outcome = {
	    .message = intent.message, .lease = lease, .attempt = 1, .outcome = OUTCOME_SENT, .reply_code = 250};
	buf_init_fixed(&b, room, sizeof room);
	record_put_intent(&b, &intent);
	world_put_bytes(feed, RECORD_INTENT, time_us, buf_slice(&b));
	buf_clear(&b);
	record_put_outcome(&b, &outcome);
	world_put_bytes(feed, RECORD_OUTCOME, time_us + SECOND, buf_slice(&b));
}

static void send_at(struct world *w, uint32_t n, int64_t time_us)
{
	world_add_message(w, n, true);
	struct world_feed *feed = world_feed_open(w);
	put_sent(w, feed, n, time_us);
	world_feed_close(&feed);
	world_apply_all(w);
}

static void open_at(struct world *w, uint32_t n, int64_t time_us)
{
	struct hit_record hit = world_hit(w, n, HIT_OPEN);
	world_apply_hit(w, time_us, &hit);
}

static void expect_day(struct world *w, uint32_t n, const char *when, const char *date)
{
	char got[DATE_TEXT_SIZE];
	time_format_day(world_message(w, n)->cohort_day * DAY, got);
	if (strcmp(got, date) != 0)
		fail_msg("%s: on %s, should be %s", when, got, date);
}

/* ---- */

static const struct departure {
	const char *zone, *left, *day;
} DEPARTURES[] = {
    {"UTC", "2026-03-28T23:30:00Z", "2026-03-28"},
    {"Europe/London", "2026-03-28T23:30:00Z", "2026-03-28"}, /* 23:30 before a day of 23 hours */
    {"Europe/London", "2026-03-29T00:30:00Z", "2026-03-29"}, /* its 00:30 */
    {"Europe/London", "2026-03-29T22:30:00Z", "2026-03-29"}, /* its 23:30, an hour nearer */
    {"Europe/London", "2026-03-29T23:30:00Z", "2026-03-30"},
    {"Europe/London", "2026-10-24T22:30:00Z", "2026-10-24"}, /* 23:30 before a day of 25 hours */
    {"Europe/London", "2026-10-24T23:30:00Z", "2026-10-25"},
    {"Europe/London", "2026-10-25T23:30:00Z", "2026-10-25"},
    {"Europe/London", "2026-10-26T00:30:00Z", "2026-10-26"},
    {"America/New_York", "2026-11-01T03:59:59Z", "2026-10-31"},
    {"America/New_York", "2026-11-01T04:00:00Z", "2026-11-01"},
    {"America/New_York", "2026-11-02T04:59:59Z", "2026-11-01"},
    {"Asia/Kathmandu", "2026-11-20T18:14:59Z", "2026-11-20"},
    {"Asia/Kathmandu", "2026-11-20T18:15:00Z", "2026-11-21"},
    {"Pacific/Kiritimati", "2026-11-20T10:00:00Z", "2026-11-21"},
};
enum { DEPARTURE_COUNT = sizeof DEPARTURES / sizeof DEPARTURES[0] };

/* How many messages stats_daily has on that day. */
static int64_t sends_on(struct world *w, int32_t from, int32_t to)
{
	char sql[200];
	(void)snprintf(sql, sizeof sql, "SELECT COALESCE(SUM(sends), 0) FROM stats_daily WHERE day >= %d AND day <= %d",
		       from, to);
	return world_sql(w, sql);
}

static int64_t counted_by_hand(int32_t from, int32_t to)
{
	int64_t count = 0;
	for (size_t i = 0; i < DEPARTURE_COUNT; i++) {
		int64_t day = time_of(DEPARTURES[i].day) / DAY;
		count += day >= from && day <= to;
	}
	return count;
}

static void test_a_message_belongs_to_the_day_of_its_tenants_clocks(void **state)
{
	struct world *w = *state;
	for (uint32_t i = 0; i < DEPARTURE_COUNT; i++) {
		move_to(w, DEPARTURES[i].zone);
		send_at(w, i, time_of(DEPARTURES[i].left));
		expect_day(w, i, DEPARTURES[i].left, DEPARTURES[i].day);
	}
	world_check_sums(w);
	for (int32_t from = 20538; from < 20780; from++)
		for (int32_t to = from; to < 20780; to += 7)
			assert_int_equal(sends_on(w, from, to), counted_by_hand(from, to));
}

static void test_a_change_of_zone_leaves_earlier_mail_where_it_was_counted(void **state)
{
	static const int64_t YEARS_US = INT64_C(3) * 366 * DAY;
	struct world *w = *state;
	int64_t evening_us = time_of("2026-11-20T23:30:00Z");
	send_at(w, 0, evening_us);
	move_to(w, "Asia/Tokyo");
	send_at(w, 2, evening_us);
	open_at(w, 0, evening_us + 60 * SECOND);
	move_to(w, "America/Los_Angeles");
	open_at(w, 0, evening_us + YEARS_US);
	open_at(w, 2, evening_us + YEARS_US);
	expect_day(w, 0, "before the change", "2026-11-20");
	expect_day(w, 2, "after it", "2026-11-21");
	assert_int_equal(world_sql(w, "SELECT COUNT(*) FROM stats_daily"), 2);
	assert_int_equal(world_sql(w, "SELECT opens_human FROM stats_daily WHERE day = 20777"), 2);
	assert_int_equal(world_sql(w, "SELECT opens_unique FROM stats_daily WHERE day = 20778"), 1);
	world_check_sums(w);
}

/* Mail that the caller sends by itself: the first hit shows that it left, and the mail's own time when. */
static void test_mail_without_an_intent_gets_its_day_by_the_first_hit(void **state)
{
	struct world *w = *state;
	move_to(w, "Pacific/Auckland");
	world_add_message(w, 0, false);
	open_at(w, 0, WORLD_NOW_US + 90 * DAY);
	expect_day(w, 0, "accepted at 19:00 there", "2026-11-21");
	move_to(w, "Pacific/Pago_Pago");
	world_add_message(w, 2, false);
	open_at(w, 2, WORLD_NOW_US + 90 * DAY);
	expect_day(w, 2, "accepted at 19:00 on the day before", "2026-11-20");
	world_check_sums(w);
}

/* The zone is changed between intent and outcome, while a retry waits. */
static void test_a_retry_does_not_move_a_message_to_another_day(void **state)
{
	struct world *w = *state;
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf b;
	world_add_message(w, 0, true);
	struct intent_record intent = {.message = world_message_id(0), .lease = world_lease(w, 0), .attempt = 1};
	struct world_feed *feed = world_feed_open(w);
	buf_init_fixed(&b, room, sizeof room);
	record_put_intent(&b, &intent);
	world_put_bytes(feed, RECORD_INTENT, time_of("2026-11-20T23:30:00Z"), buf_slice(&b));
	world_feed_sync(feed);
	world_apply_all(w);
	move_to(w, "Asia/Tokyo");
	struct outcome_record outcome = {
	    .message = intent.message, .lease = intent.lease, .attempt = 1, .outcome = OUTCOME_DELIVERED};
	buf_clear(&b);
	record_put_outcome(&b, &outcome);
	world_put_bytes(feed, RECORD_OUTCOME, time_of("2026-11-22T12:00:00Z"), buf_slice(&b));
	world_feed_close(&feed);
	world_apply_all(w);
	expect_day(w, 0, "the first intent", "2026-11-20");
	assert_int_equal(world_sql(w, "SELECT day FROM stats_daily WHERE delivered = 1"), 20777);
	world_check_sums(w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_message_belongs_to_the_day_of_its_tenants_clocks),
	    TEST(test_a_change_of_zone_leaves_earlier_mail_where_it_was_counted),
	    TEST(test_mail_without_an_intent_gets_its_day_by_the_first_hit),
	    TEST(test_a_retry_does_not_move_a_message_to_another_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
