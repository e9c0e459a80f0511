/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/events/events.h"
#include "store/events/stats.h"

static void add_daily(struct fixture *f, const struct stats_daily *d)
{
	OK(f, store_stats_daily_add(f->s, &d, 1, &f->err));
}

static void add_quarter(struct fixture *f, const struct stats_quarter_hourly *q)
{
	OK(f, store_stats_quarter_hourly_add(f->s, &q, 1, &f->err));
}

static void add(struct fixture *f, int32_t day, const char *campaign, const char *sender, enum statistic stat,
		int64_t value)
{
	struct stats_daily d = {.tenant = 3, .day = day, .template_id = SLICE_EMPTY};
	d.campaign_id = slice_from_cstr(campaign);
	d.sender = slice_from_cstr(sender);
	d.values[stat] = value;
	add_daily(f, &d);
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
	add_daily(f, &d);
	add_daily(f, &d);
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

static void test_quarters_add_up_by_kind_and_actor(void **state)
{
	struct fixture *f = *state;
	struct stats_quarter_hourly q = {
	    .tenant = 3, .quarter = 2000000, .kind = QUARTER_HOURLY_CLICKS, .actor = 1, .value = 2};
	add_quarter(f, &q);
	add_quarter(f, &q);
	q.actor = 4;
	add_quarter(f, &q);
	q.quarter++;
	add_quarter(f, &q);
	assert_string_equal(
	    fixture_query(f, "SELECT value FROM stats_quarter_hourly WHERE kind = 'clicks' AND actor = 1"), "4");
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM stats_quarter_hourly"), "3");
}

/* The rows of a table as text, in the order of that text. */
static const char *rows_of(struct fixture *f, const char *row, const char *table)
{
	char sql[500];
	(void)snprintf(sql, sizeof sql, "SELECT %s FROM (SELECT %s AS line FROM %s ORDER BY line) t",
		       f->postgres ? "string_agg(line, ' ' ORDER BY line)" : "group_concat(line, ' ')", row, table);
	return fixture_query(f, sql);
}

/* Some are there already, some are new; some have no texts, in either way of saying so. */
static void test_a_list_of_days_adds_to_each_row_its_own(void **state)
{
	struct fixture *f = *state;
	const struct stats_daily rows[] = {
	    {.tenant = 3, .day = 10, .values = {[STAT_SENDS] = 1, [STAT_COMPLAINTS] = -4}},
	    {.tenant = 3, .day = 10, .campaign_id = TEXT("a"), .sender = SLICE_EMPTY, .values = {[STAT_SENDS] = -2}},
	    {.tenant = 3, .day = 11, .template_id = TEXT("{t,\"}"), .values = {[STAT_BOUNCED] = 8}},
	    {.tenant = 4, .day = 10, .sender = TEXT("NULL"), .values = {[STAT_COMPLAINTS] = INT64_MAX}},
	};
	const struct stats_daily *all[] = {&rows[0], &rows[1], &rows[2], &rows[3]};
	struct stats_daily there = {.tenant = 3, .day = 10, .values = {[STAT_SENDS] = 100, [STAT_COMPLAINTS] = 100}};
	add_daily(f, &there);
	there.campaign_id = TEXT("a");
	add_daily(f, &there);
	OK(f, store_stats_daily_add(f->s, all, 4, &f->err));
	assert_string_equal(rows_of(f,
				    "tenant_id || '/' || day || '/' || campaign_id || '/' || template_id || '/' || "
				    "sender || '=' || sends || ',' || bounced || ',' || complaints",
				    "stats_daily"),
			    "3/10///=101,0,96 3/10/a//=98,0,100 3/11//{t,\"}/=0,8,0 "
			    "4/10///NULL=0,0,9223372036854775807");
}

static void test_a_list_keeps_every_column_apart(void **state)
{
	struct fixture *f = *state;
	struct stats_daily rows[2] = {{.tenant = 3, .day = 20000}, {.tenant = 3, .day = 20001}};
	const struct stats_daily *all[] = {&rows[0], &rows[1]};
	for (int i = 0; i < STAT_COUNT; i++) {
		rows[0].values[i] = i + 1;
		rows[1].values[i] = 1000 + i;
	}
	OK(f, store_stats_daily_add(f->s, all, 2, &f->err));
	OK(f, store_stats_daily_add(f->s, all, 2, &f->err));
	for (int i = 0; i < STAT_COUNT; i++) {
		struct stats_query first = {.from_day = 20000, .to_day = 20000};
		struct stats_query second = {.from_day = 20001, .to_day = 20001};
		assert_int_equal(sum(f, first, (enum statistic)i), 2 * (i + 1));
		assert_int_equal(sum(f, second, (enum statistic)i), 2 * (1000 + i));
	}
}

static void test_a_list_of_quarters_adds_to_each_row_its_own(void **state)
{
	struct fixture *f = *state;
	const struct stats_quarter_hourly rows[] = {
	    {.tenant = 3, .quarter = 7, .kind = QUARTER_HOURLY_OPENS, .actor = 1, .value = -2},
	    {.tenant = 3, .quarter = 7, .kind = QUARTER_HOURLY_SENDS, .campaign_id = TEXT("a"), .value = 5},
	    {.tenant = 3, .quarter = 8, .kind = QUARTER_HOURLY_CLICKS, .actor = 255, .sender = TEXT("s"), .value = 0},
	};
	const struct stats_quarter_hourly *all[] = {&rows[0], &rows[1], &rows[2]};
	struct stats_quarter_hourly there = rows[0];
	there.value = 9;
	there.template_id = SLICE_EMPTY;
	add_quarter(f, &there);
	OK(f, store_stats_quarter_hourly_add(f->s, all, 3, &f->err));
	assert_string_equal(rows_of(f,
				    "quarter || kind || actor || '/' || campaign_id || '/' || template_id || '/' || "
				    "sender || '=' || value",
				    "stats_quarter_hourly"),
			    "7opens1///=7 7sends0/a//=5 8clicks255///s=0");
}

static void test_an_empty_list_adds_nothing(void **state)
{
	struct fixture *f = *state;
	OK(f, store_stats_daily_add(f->s, NULL, 0, &f->err));
	OK(f, store_stats_quarter_hourly_add(f->s, NULL, 0, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM stats_daily"), "0");
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM stats_quarter_hourly"), "0");
}

/* Two campaigns whose bytes are no UTF-8 are one when they are stored. */
static void test_texts_that_become_the_same_are_added_together(void **state)
{
	struct fixture *f = *state;
	const struct stats_daily days[] = {
	    {.tenant = 3, .day = 10, .campaign_id = {"a\xfe", 2}, .values = {[STAT_SENDS] = 1}},
	    {.tenant = 3, .day = 10, .campaign_id = {"a\xff", 2}, .values = {[STAT_SENDS] = 2}},
	};
	const struct stats_quarter_hourly quarters[] = {
	    {.tenant = 3, .quarter = 7, .sender = {"a\0", 2}, .value = 1},
	    {.tenant = 3, .quarter = 7, .sender = {"a\xff", 2}, .value = 2},
	};
	const struct stats_daily *all_days[] = {&days[0], &days[1]};
	const struct stats_quarter_hourly *all_quarters[] = {&quarters[0], &quarters[1]};
	OK(f, store_stats_daily_add(f->s, all_days, 2, &f->err));
	OK(f, store_stats_quarter_hourly_add(f->s, all_quarters, 2, &f->err));
	assert_string_equal(fixture_query(f, "SELECT campaign_id || sends FROM stats_daily"), "a?3");
	assert_string_equal(fixture_query(f, "SELECT sender || value FROM stats_quarter_hourly"), "a?3");
}

static const int64_t hour_us = INT64_C(3600000000);

/* An open as the program of the eighth version kept it. */
static void add_old_open(struct fixture *f, unsigned n, int64_t after_us, const char *reasons, bool is_duplicate)
{
	char sql[600], at[64];
	int64_t time_us = noon_us / hour_us * hour_us + after_us;
	(void)snprintf(at, sizeof at, f->postgres ? "to_timestamp(%lld / 1000000.0)" : "%lld", (long long)time_us);
	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO email_events (position, id, tenant_id, message_id, event_type, occurred_at, "
		       "is_unique, is_duplicate, bot_filtered, actor, confidence_percent, settled, reasons) SELECT %u, "
		       "%s, 3, id, 'open', %s, FALSE, %s, TRUE, 3, 95, TRUE, '%s' FROM messages",
		       n, f->postgres ? "gen_random_uuid()" : "randomblob(16)", at, is_duplicate ? "TRUE" : "FALSE",
		       reasons);
	fixture_sql(f, sql);
}

/* The migration mpp-by-hour counts what earlier programs did not; sums-by-quarter-hour gives it its quarters. */
static void test_apples_opens_of_earlier_hours_are_counted_from_the_events_that_are_there(void **state)
{
	struct fixture *f = *state;
	fixture_old_store(f, 8);
	fixture_sql(f, f->postgres
			   ? "INSERT INTO messages SELECT (jsonb_populate_record(NULL::messages, '{\"id\":"
			     "\"01234567-89ab-7cde-8fff-0123456789ab\",\"tenant_id\":3,\"state\":\"sent\","
			     "\"created_at\":\"2026-09-21T00:00:00Z\",\"send_at\":\"2026-09-21T00:00:00Z\","
			     "\"stream\":\"bulk\",\"provider\":\"smtp\",\"from_email\":\"a@x\",\"to_email\":"
			     "\"c@y\",\"contact_id\":\"c\",\"campaign_id\":\"spring\",\"track_opens\":\"full\","
			     "\"track_clicks\":\"full\",\"key_id\":1,\"attempts\":1,\"opens_human\":0,"
			     "\"opens_proxy\":0,\"opens_mpp\":4,\"opens_prefetch\":0,\"opens_scanner\":0,"
			     "\"opens_preview\":0,\"opens_crawler\":0,\"opens_unknown\":0,\"clicks_human\":0,"
			     "\"clicks_machine\":0}')).*"
			   : "INSERT INTO messages (id, tenant_id, state, created_at, send_at, stream, provider, "
			     "from_email, to_email, contact_id, campaign_id, track_opens, track_clicks, key_id, "
			     "attempts, opens_human, opens_proxy, opens_mpp, opens_prefetch, opens_scanner, "
			     "opens_preview, opens_crawler, opens_unknown, clicks_human, clicks_machine) VALUES "
			     "(X'0123456789ab7cde8fff0123456789ab', 3, 'sent', 1790000000000000, "
			     "1790000000000000, 'bulk', 'smtp', 'a@x', 'c@y', 'c', 'spring', 'full', 'full', 1, 1, "
			     "0, 0, 4, 0, 0, 0, 0, 0, 0, 0)");
	add_old_open(f, 1, 0, "agent:apple_mpp", false);
	add_old_open(f, 2, hour_us - 1, "provider:sendgrid provider_says:mpp", false);
	add_old_open(f, 3, hour_us, "agent:apple_mpp", false);
	add_old_open(f, 4, 0, "agent:apple_mpp duplicate:seconds=5", true);
	add_old_open(f, 5, 0, "agent:gmail_prefetch", false);
	OK(f, store_migrate(f->store, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM stats_quarter_hourly"), "2");
	char sql[200];
	for (int i = 0; i < 2; i++) {
		(void)snprintf(
		    sql, sizeof sql,
		    "SELECT value FROM stats_quarter_hourly WHERE kind = 'opens_mpp' AND actor = 3 AND tenant_id = 3 "
		    "AND campaign_id = 'spring' AND template_id = '' AND sender = '' AND quarter = %lld",
		    (long long)(noon_us / hour_us + i) * 4);
		assert_string_equal(fixture_query(f, sql), i == 0 ? "2" : "1");
	}
}

/* The migration sums-by-quarter-hour. Hour 5 gets the key that hour 20 has. */
static void test_hours_of_earlier_programs_become_their_first_quarters(void **state)
{
	struct fixture *f = *state;
	fixture_old_store(f, 12);
	fixture_sql(f, "INSERT INTO stats_hourly VALUES (3, 20, 'opens', 1, 'spring', 't', 'u1', 7), "
		       "(3, 5, 'opens', 1, 'spring', 't', 'u1', 8), (3, 5, 'sends', 0, '', '', '', 9)");
	OK(f, store_migrate(f->store, &f->err));
	static const char *const queries[][2] = {
	    {"SELECT COUNT(*) FROM stats_quarter_hourly WHERE tenant_id = 3", "3"},
	    {"SELECT value FROM stats_quarter_hourly WHERE quarter = 80 AND kind = 'opens' AND actor = 1", "7"},
	    {"SELECT value FROM stats_quarter_hourly WHERE quarter = 20 AND campaign_id = 'spring' AND "
	     "template_id = 't' AND sender = 'u1'",
	     "8"},
	    {"SELECT value FROM stats_quarter_hourly WHERE quarter = 20 AND kind = 'sends' AND actor = 0", "9"},
	};
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
		assert_string_equal(fixture_query(f, queries[i][0]), queries[i][1]);
	/* A program that counts by hour finds no table to write to. */
	assert_string_equal(fixture_query(f, f->postgres
						 ? "SELECT COUNT(*) FROM pg_tables WHERE tablename = 'stats_hourly'"
						 : "SELECT COUNT(*) FROM sqlite_master WHERE name = 'stats_hourly'"),
			    "0");
}

int main(void)
{
	const struct CMUnitTest store_stats[] = {
	    FIXTURE_TEST(test_every_column_keeps_its_own_sum),
	    FIXTURE_TEST(test_a_sum_takes_days_and_filters),
	    FIXTURE_TEST(test_quarters_add_up_by_kind_and_actor),
	    FIXTURE_TEST(test_a_list_of_days_adds_to_each_row_its_own),
	    FIXTURE_TEST(test_a_list_keeps_every_column_apart),
	    FIXTURE_TEST(test_a_list_of_quarters_adds_to_each_row_its_own),
	    FIXTURE_TEST(test_an_empty_list_adds_nothing),
	    FIXTURE_TEST(test_texts_that_become_the_same_are_added_together),
	    FIXTURE_TEST(test_apples_opens_of_earlier_hours_are_counted_from_the_events_that_are_there),
	    FIXTURE_TEST(test_hours_of_earlier_programs_become_their_first_quarters),
	};
	return FIXTURE_RUN(store_stats);
}
