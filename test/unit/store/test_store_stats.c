/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/events/events.h"
#include "store/events/stats.h"
#include "store/mail/messages.h"

static void add(struct fixture *f, int32_t day, const char *campaign, const char *sender, enum statistic stat,
		int64_t value)
{
	struct stats_daily d = {.tenant = 3, .day = day, .template_id = SLICE_EMPTY};
	d.campaign_id = slice_from_cstr(campaign);
	d.sender = slice_from_cstr(sender);
	d.values[stat] = value;
	OK(f, store_stats_daily_add(f->s, &d, &f->err));
}

static int64_t sum(struct fixture *f, struct stats_query query, enum statistic stat)
{
	int64_t values[STAT_COUNT];
	query.tenant = query.tenant ? query.tenant : 3;
	OK(f, store_stats_sum(f->reader, &query, values, &f->err));
	return values[stat];
}

static void test_every_column_keeps_its_own_sum(void **state)
{
	struct fixture *f = *state;
	struct stats_daily d = {.tenant = 3, .day = 20000};
	int64_t got[STAT_COUNT];
	for (int i = 0; i < STAT_COUNT; i++)
		d.values[i] = i + 1;
	OK(f, store_stats_daily_add(f->s, &d, &f->err));
	OK(f, store_stats_daily_add(f->s, &d, &f->err));
	struct stats_query query = {.tenant = 3, .from_day = 20000, .to_day = 20000};
	OK(f, store_stats_sum(f->reader, &query, got, &f->err));
	for (int i = 0; i < STAT_COUNT; i++) {
		char sql[100], want[16];
		assert_int_equal(got[i], 2 * (i + 1));
		/* The column of that name holds it, too. */
		(void)snprintf(sql, sizeof sql, "SELECT %s FROM stats_daily", stat_name((enum statistic)i));
		(void)snprintf(want, sizeof want, "%d", 2 * (i + 1));
		assert_string_equal(fixture_query(f, sql), want);
	}
}

static void test_a_sum_takes_days_and_filters(void **state)
{
	struct fixture *f = *state;
	add(f, 10, "a", "u1", STAT_OPENS_HUMAN, 1);
	add(f, 11, "a", "u2", STAT_OPENS_HUMAN, 10);
	add(f, 11, "", "u2", STAT_OPENS_HUMAN, 100);
	add(f, 12, "b", "u1", STAT_OPENS_HUMAN, 1000);
	add(f, 12, "b", "u1", STAT_OPENS_HUMAN, -1);
	const struct {
		struct stats_query query;
		int64_t want;
	} cases[] = {
	    {{.from_day = 10, .to_day = 12}, 1110},
	    {{.from_day = 11, .to_day = 11}, 110},
	    {{.from_day = 10, .to_day = 12, .campaign_id = TEXT("a")}, 11},
	    {{.from_day = 10, .to_day = 12, .campaign_id = SLICE_EMPTY}, 100},
	    {{.from_day = 10, .to_day = 12, .sender = TEXT("u1")}, 1000},
	    {{.from_day = 10, .to_day = 12, .template_id = TEXT("t")}, 0},
	    {{.from_day = 13, .to_day = 20}, 0},
	    {{.from_day = 10, .to_day = 12, .tenant = 4}, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(sum(f, cases[i].query, STAT_OPENS_HUMAN), cases[i].want);
}

static void test_hours_add_up_by_kind_and_actor(void **state)
{
	struct fixture *f = *state;
	struct stats_hourly h = {.tenant = 3, .hour = 500000, .kind = HOURLY_CLICKS, .actor = 1, .value = 2};
	OK(f, store_stats_hourly_add(f->s, &h, &f->err));
	OK(f, store_stats_hourly_add(f->s, &h, &f->err));
	h.actor = 4;
	OK(f, store_stats_hourly_add(f->s, &h, &f->err));
	assert_string_equal(fixture_query(f, "SELECT value FROM stats_hourly WHERE kind = 'clicks' AND actor = 1"),
			    "4");
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM stats_hourly"), "2");
}

static const int64_t hour_us = INT64_C(3600000000);

static void add_open(struct fixture *f, unsigned n, int64_t after_us, const char *reasons, bool is_duplicate)
{
	struct event e = {
	    .id = id_of(100 + n),
	    .tenant = 3,
	    .type = EVENT_OPEN,
	    .occurred_us = noon_us / hour_us * hour_us + after_us,
	    .message = id_of(1),
	    .judged = true,
	    .actor = ACTOR_PREFETCH,
	    .reasons = slice_from_cstr(reasons),
	    .is_duplicate = is_duplicate,
	    .link_index = -1,
	    .sequence_position = -1,
	};
	OK(f, store_event_add(f->s, &e, 1, &f->err));
}

/* The migration mpp-by-hour, which is the last one here, counts what earlier programs did not. */
static void test_apples_opens_of_earlier_hours_are_counted_from_the_events_that_are_there(void **state)
{
	struct fixture *f = *state;
	struct message m = {.id = id_of(1),
			    .tenant = 3,
			    .created_us = noon_us,
			    .send_at_us = noon_us,
			    .stream = TEXT("bulk"),
			    .provider = TEXT("smtp"),
			    .from_email = TEXT("a@x"),
			    .to_email = TEXT("c@y"),
			    .contact_id = TEXT("c@y"),
			    .campaign_id = TEXT("spring"),
			    .position = -1};
	OK(f, store_message_add(f->s, &m, &f->err));
	add_open(f, 1, 0, "agent:apple_mpp", false);
	add_open(f, 2, hour_us - 1, "provider:sendgrid provider_says:mpp", false);
	add_open(f, 3, hour_us, "agent:apple_mpp", false);
	add_open(f, 4, 0, "agent:apple_mpp duplicate:seconds=5", true);
	add_open(f, 5, 0, "agent:gmail_prefetch", false);
	fixture_sql(f, "DELETE FROM schema_version WHERE name LIKE '%mpp-by-hour%'");
	OK(f, store_migrate(f->store, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM stats_hourly"), "2");
	char sql[200];
	for (int i = 0; i < 2; i++) {
		(void)snprintf(
		    sql, sizeof sql,
		    "SELECT value FROM stats_hourly WHERE kind = 'opens_mpp' AND actor = 3 AND tenant_id = 3 "
		    "AND campaign_id = 'spring' AND template_id = '' AND sender = '' AND hour = %lld",
		    (long long)(noon_us / hour_us + i));
		assert_string_equal(fixture_query(f, sql), i == 0 ? "2" : "1");
	}
}

int main(void)
{
	const struct CMUnitTest store_stats[] = {
	    FIXTURE_TEST(test_every_column_keeps_its_own_sum),
	    FIXTURE_TEST(test_a_sum_takes_days_and_filters),
	    FIXTURE_TEST(test_hours_add_up_by_kind_and_actor),
	    FIXTURE_TEST(test_apples_opens_of_earlier_hours_are_counted_from_the_events_that_are_there),
	};
	return FIXTURE_RUN(store_stats);
}
