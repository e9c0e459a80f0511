/* SPDX-License-Identifier: Apache-2.0 */
/* The two tables of sums. A row is created and added to by one statement, so that appliers of several nodes can add to
 * the same row. */
#include "store/events/stats.h"

#include "store/core/session.h"
#include "store/core/where.h"

static const char *const names[STAT_COUNT] = {
    [STAT_SENDS] = "sends",
    [STAT_DELIVERED] = "delivered",
    [STAT_BOUNCED] = "bounced",
    [STAT_FAILED] = "failed",
    [STAT_IN_FLIGHT] = "in_flight",
    [STAT_IN_DOUBT] = "in_doubt",
    [STAT_OPENS_HUMAN] = "opens_human",
    [STAT_OPENS_PROXY] = "opens_proxy",
    [STAT_OPENS_MPP] = "opens_mpp",
    [STAT_OPENS_PREFETCH] = "opens_prefetch",
    [STAT_OPENS_SCANNER] = "opens_scanner",
    [STAT_OPENS_PREVIEW] = "opens_preview",
    [STAT_OPENS_CRAWLER] = "opens_crawler",
    [STAT_OPENS_UNKNOWN] = "opens_unknown",
    [STAT_OPENS_UNIQUE] = "opens_unique",
    [STAT_OPENS_UNIQUE_STRICT] = "opens_unique_strict",
    [STAT_OPENS_UNIQUE_ALL] = "opens_unique_all",
    [STAT_CLICKS_HUMAN] = "clicks_human",
    [STAT_CLICKS_MACHINE] = "clicks_machine",
    [STAT_CLICKS_UNIQUE] = "clicks_unique",
    [STAT_CLICKS_UNIQUE_ALL] = "clicks_unique_all",
    [STAT_UNSUBSCRIBES] = "unsubscribes",
    [STAT_COMPLAINTS] = "complaints",
};

const char *stat_name(enum statistic stat)
{
	return names[stat];
}

/* Placeholders follow enum statistic from $6 on. */
#define ADD(name) #name " = stats_daily." #name " + excluded." #name
static const char daily_add[] = "INSERT INTO stats_daily (tenant_id, day, campaign_id, template_id, sender, sends, "
				"delivered, bounced, failed, "
				"in_flight, in_doubt, opens_human, opens_proxy, opens_mpp, opens_prefetch, "
				"opens_scanner, opens_preview, "
				"opens_crawler, opens_unknown, opens_unique, opens_unique_strict, opens_unique_all, "
				"clicks_human, clicks_machine, "
				"clicks_unique, clicks_unique_all, unsubscribes, complaints) VALUES ($1, $2, $3, $4, "
				"$5, $6, $7, $8, $9, $10, $11, "
				"$12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28) "
				"ON CONFLICT (tenant_id, day, campaign_id, template_id, sender) DO UPDATE SET " ADD(sends) ", " ADD(delivered) ", " ADD(bounced) ", " ADD(failed) ", " ADD(in_flight) ", " ADD(
				    in_doubt) ", " ADD(opens_human) ", " ADD(opens_proxy) ", " ADD(opens_mpp) ", " ADD(opens_prefetch) ", " ADD(opens_scanner) ", " ADD(opens_preview) ", " ADD(opens_crawler) ", " ADD(opens_unknown) ", " ADD(opens_unique) ", " ADD(opens_unique_strict) ", " ADD(opens_unique_all) ", " ADD(clicks_human) ", " ADD(clicks_machine) ", " ADD(clicks_unique) ", " ADD(clicks_unique_all) ", " ADD(unsubscribes) ", " ADD(complaints);

/* None is '' and not NULL in these keys: NULLs are never equal, so each of them would make a row of its own. */
static struct slice never_null(struct slice s)
{
	return s.p ? s : SLICE_EMPTY;
}

enum status store_stats_daily_add(struct store_session *s, const struct stats_daily *d, struct err *err)
{
	struct value in[5 + STAT_COUNT] = {value_i64(d->tenant), value_i64(d->day),
					   value_text(never_null(d->campaign_id)),
					   value_text(never_null(d->template_id)), value_text(never_null(d->sender))};
	for (int i = 0; i < STAT_COUNT; i++)
		in[5 + i] = value_i64(d->values[i]);
	return session_run(s, daily_add, (struct values){in, 5 + STAT_COUNT}, err);
}

static const char *const kind_names[] = {
    [QUARTER_HOURLY_OPENS] = "opens",
    [QUARTER_HOURLY_OPENS_MPP] = "opens_mpp",
    [QUARTER_HOURLY_CLICKS] = "clicks",
    [QUARTER_HOURLY_SENDS] = "sends",
};

enum status store_stats_quarter_hourly_add(struct store_session *s, const struct stats_quarter_hourly *h,
					   struct err *err)
{
	return session_run(s,
			   "INSERT INTO stats_quarter_hourly (tenant_id, quarter, kind, actor, campaign_id, "
			   "template_id, sender, value) "
			   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
			   "ON CONFLICT (tenant_id, quarter, kind, actor, campaign_id, template_id, sender) "
			   "DO UPDATE SET value = stats_quarter_hourly.value + excluded.value",
			   VALUES(value_i64(h->tenant), value_i64(h->quarter),
				  value_text(slice_from_cstr(kind_names[h->kind])), value_i64(h->actor),
				  value_text(never_null(h->campaign_id)), value_text(never_null(h->template_id)),
				  value_text(never_null(h->sender)), value_i64(h->value)),
			   err);
}

/* Cast, because PostgreSQL makes a numeric of a sum of bigint. */
static void append_sums(struct buf *b)
{
	for (int i = 0; i < STAT_COUNT; i++)
		buf_printf(b, "%sCAST(COALESCE(SUM(%s), 0) AS BIGINT)", i > 0 ? ", " : "", names[i]);
}

/* In the order of enum statistic, as append_sums asked for them. */
static void read_values(struct rows *r, int64_t values[STAT_COUNT])
{
	for (int i = 0; i < STAT_COUNT; i++)
		values[i] = rows_i64(r);
}

/* Days come in as numbers: whose they are was settled when the rows were written (messages.cohort_day), so no zone is
 * asked here, and a range is a walk over one piece of the primary key. */
static void add_range(struct where *w, const struct stats_query *q)
{
	where_add(w, "tenant_id = ?", value_i64(q->tenant));
	where_add(w, "day >= ?", value_i64(q->from_day));
	where_add(w, "day <= ?", value_i64(q->to_day));
	where_add_text(w, "campaign_id = ?", q->campaign_id);
	where_add_text(w, "template_id = ?", q->template_id);
	where_add_text(w, "sender = ?", q->sender);
}

/* Its text depends on which filters there are, so it is not kept prepared (rows_open_once): a page asks it a few times.
 */
enum status store_stats_sum(struct store_session *s, const struct stats_query *query, int64_t ret_values[STAT_COUNT],
			    struct err *err)
{
	struct where w;
	struct rows r;
	where_init(&w, "SELECT ");
	append_sums(&w.sql);
	buf_append_cstr(&w.sql, " FROM stats_daily WHERE");
	add_range(&w, query);
	enum status status = rows_open_once(&r, s, buf_cstr(&w.sql), where_values(&w), err);
	if (status == STATUS_OK) {
		status = rows_next(&r, err);
		if (status == STATUS_OK)
			read_values(&r, ret_values);
		status = rows_close(&r, status);
	}
	where_done(&w);
	return status;
}
