/* SPDX-License-Identifier: Apache-2.0 */
/* A day at a time, so that what is in memory is bounded by what one day can have. */
#include "store/events/stats_rows.h"

#include "store/core/session.h"

enum { SQL_MAX = 4096 };

static enum status read_days(struct store_session *s, const char *sql, uint32_t tenant, struct arena *arena,
			     struct stats_days *ret, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status = rows_open(&r, s, sql, VALUES(value_i64(tenant)), err);
	if (status != STATUS_OK)
		return status;
	while ((status = rows_next(&r, err)) == STATUS_OK)
		*(int32_t *)growing_add(&list, arena, sizeof(int32_t)) = (int32_t)rows_i64(&r);
	*ret = (struct stats_days){list.items, list.n};
	return rows_close(&r, status);
}

enum status store_stats_daily_days(struct store_session *s, uint32_t tenant, struct arena *arena,
				   struct stats_days *ret, struct err *err)
{
	return read_days(s, "SELECT DISTINCT day FROM stats_daily WHERE tenant_id = $1 ORDER BY day", tenant, arena,
			 ret, err);
}

enum status store_stats_quarter_days(struct store_session *s, uint32_t tenant, struct arena *arena,
				     struct stats_days *ret, struct err *err)
{
	return read_days(
	    s, "SELECT DISTINCT quarter / 96 AS day FROM stats_quarter_hourly WHERE tenant_id = $1 ORDER BY day",
	    tenant, arena, ret, err);
}

/* The columns in the order of enum statistic. */
static void put_daily_sql(struct buf *sql)
{
	buf_append_cstr(sql, "SELECT campaign_id, template_id, sender");
	for (int i = 0; i < STAT_COUNT; i++)
		buf_printf(sql, ", %s", stat_name((enum statistic)i));
	buf_append_cstr(sql, " FROM stats_daily WHERE tenant_id = $1 AND day = $2");
}

enum status store_stats_daily_of(struct store_session *s, const struct stats_of_day *of, struct arena *arena,
				 struct stats_daily **ret, size_t *ret_count, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	struct buf sql;
	buf_init(&sql, SQL_MAX);
	put_daily_sql(&sql);
	enum status status =
	    rows_open_once(&r, s, buf_cstr(&sql), VALUES(value_i64(of->tenant), value_i64(of->day)), err);
	buf_done(&sql);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct stats_daily *d = growing_add(&list, arena, sizeof *d);
		d->tenant = of->tenant;
		d->day = of->day;
		d->campaign_id = rows_text(&r);
		d->template_id = rows_text(&r);
		d->sender = rows_text(&r);
		for (int i = 0; i < STAT_COUNT; i++)
			d->values[i] = rows_i64(&r);
	}
	*ret = list.items;
	*ret_count = list.n;
	return rows_close(&r, status);
}

/* A number, because the words of the kinds are another file's. */
#define KIND "CASE kind WHEN 'opens' THEN 0 WHEN 'opens_mpp' THEN 1 WHEN 'clicks' THEN 2 WHEN 'sends' THEN 3 END"
_Static_assert((int)QUARTER_HOURLY_OPENS == 0 && (int)QUARTER_HOURLY_OPENS_MPP == 1 &&
		   (int)QUARTER_HOURLY_CLICKS == 2 && (int)QUARTER_HOURLY_SENDS == 3,
	       "the numbers above");

enum status store_stats_quarters_of(struct store_session *s, const struct stats_of_day *of, struct arena *arena,
				    struct stats_quarter_hourly **ret, size_t *ret_count, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	int64_t first = (int64_t)of->day * STATS_QUARTERS_A_DAY;
	enum status status =
	    rows_open(&r, s,
		      "SELECT quarter, " KIND ", actor, campaign_id, template_id, sender, value FROM "
		      "stats_quarter_hourly WHERE tenant_id = $1 AND quarter >= $2 AND quarter < $3",
		      VALUES(value_i64(of->tenant), value_i64(first), value_i64(first + STATS_QUARTERS_A_DAY)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct stats_quarter_hourly *q = growing_add(&list, arena, sizeof *q);
		q->tenant = of->tenant;
		q->quarter = rows_i64(&r);
		q->kind = (enum quarter_hourly_kind)rows_i64(&r);
		q->actor = (uint8_t)rows_i64(&r);
		q->campaign_id = rows_text(&r);
		q->template_id = rows_text(&r);
		q->sender = rows_text(&r);
		q->value = rows_i64(&r);
	}
	*ret = list.items;
	*ret_count = list.n;
	return rows_close(&r, status);
}

/* 0013-sums-by-quarter-hour, 0020-rates. */
enum status store_stats_exact_since(struct store_session *s, struct stats_exact_since *ret, struct err *err)
{
	static const char sql[] = "SELECT applied_at FROM schema_version WHERE version = $1";
	enum { QUARTERS_STEP = 13, RATES_STEP = 20 };
	enum status status = rows_read_time(s, sql, VALUES(value_i64(QUARTERS_STEP)), &ret->quarters_us, err);
	return status == STATUS_OK ? rows_read_time(s, sql, VALUES(value_i64(RATES_STEP)), &ret->rates_us, err)
				   : status;
}
