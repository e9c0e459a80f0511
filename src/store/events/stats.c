/* SPDX-License-Identifier: Apache-2.0 */
/* The two tables of sums. A row is created and added to by one statement, so that appliers of several nodes can add to
 * the same row.
 *
 * Where lists can be parameters (PostgreSQL), all rows of a batch are one statement, so that the server begins and ends
 * one for a batch and not for each of the rows that a hit adds to. They are locked in the order of the list. */
#include "store/events/stats.h"

#include "base/arena.h"
#include "store/core/clean_text.h"
#include "store/core/row_list.h"
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
    [STAT_OPENABLE_DELIVERED] = "openable_delivered",
    [STAT_OPENED_DELIVERED] = "opened_delivered",
    [STAT_OPENED_STRICT_DELIVERED] = "opened_strict_delivered",
    [STAT_OPENED_ALL_DELIVERED] = "opened_all_delivered",
    [STAT_CLICKABLE_DELIVERED] = "clickable_delivered",
    [STAT_CLICKED_DELIVERED] = "clicked_delivered",
    [STAT_CLICKED_ALL_DELIVERED] = "clicked_all_delivered",
    [STAT_OPENABLE_IN_FLIGHT] = "openable_in_flight",
    [STAT_OPENED_IN_FLIGHT] = "opened_in_flight",
    [STAT_OPENED_STRICT_IN_FLIGHT] = "opened_strict_in_flight",
    [STAT_OPENED_ALL_IN_FLIGHT] = "opened_all_in_flight",
    [STAT_CLICKABLE_IN_FLIGHT] = "clickable_in_flight",
    [STAT_CLICKED_IN_FLIGHT] = "clicked_in_flight",
    [STAT_CLICKED_ALL_IN_FLIGHT] = "clicked_all_in_flight",
};

const char *stat_name(enum statistic stat)
{
	return names[stat];
}

/* None is '' and not NULL in these keys: NULLs are never equal, so each of them would make a row of its own. */
static struct slice never_null(struct slice s)
{
	return s.p ? s : SLICE_EMPTY;
}

/* Texts that are cleaned on their way in (session.h) may become the same, and PostgreSQL refuses a statement that would
 * add to one row twice. */
static bool are_clean(struct slice campaign_id, struct slice template_id, struct slice sender)
{
	return text_is_clean(campaign_id) && text_is_clean(template_id) && text_is_clean(sender);
}

/* ---- By day of sending */

enum { DAILY_KEYS = 5, DAILY_COLUMNS = DAILY_KEYS + STAT_COUNT };

// clang-format off
#define RATED_NAMES(where) \
	"openable_" #where ", opened_" #where ", opened_strict_" #where ", opened_all_" #where ", clickable_" #where \
	", clicked_" #where ", clicked_all_" #where
#define DAILY_NAMES \
	"tenant_id, day, campaign_id, template_id, sender, sends, delivered, bounced, failed, in_flight, in_doubt, " \
	"opens_human, opens_proxy, opens_mpp, opens_prefetch, opens_scanner, opens_preview, opens_crawler, " \
	"opens_unknown, opens_unique, opens_unique_strict, opens_unique_all, clicks_human, clicks_machine, " \
	"clicks_unique, clicks_unique_all, unsubscribes, complaints, " RATED_NAMES(delivered) ", " RATED_NAMES(in_flight)
#define DAILY_INTO "INSERT INTO stats_daily (" DAILY_NAMES ") "
#define ADD(name) #name " = stats_daily." #name " + excluded." #name
#define RATED_ADD(where) \
	ADD(openable_##where) ", " ADD(opened_##where) ", " ADD(opened_strict_##where) ", " ADD(opened_all_##where) ", " \
	ADD(clickable_##where) ", " ADD(clicked_##where) ", " ADD(clicked_all_##where)
#define DAILY_ADD \
	" ON CONFLICT (tenant_id, day, campaign_id, template_id, sender) DO UPDATE SET " \
	ADD(sends) ", " ADD(delivered) ", " ADD(bounced) ", " ADD(failed) ", " ADD(in_flight) ", " ADD(in_doubt) ", " \
	ADD(opens_human) ", " ADD(opens_proxy) ", " ADD(opens_mpp) ", " ADD(opens_prefetch) ", " ADD(opens_scanner) ", " \
	ADD(opens_preview) ", " ADD(opens_crawler) ", " ADD(opens_unknown) ", " ADD(opens_unique) ", " \
	ADD(opens_unique_strict) ", " ADD(opens_unique_all) ", " ADD(clicks_human) ", " ADD(clicks_machine) ", " \
	ADD(clicks_unique) ", " ADD(clicks_unique_all) ", " ADD(unsubscribes) ", " ADD(complaints) ", " \
	RATED_ADD(delivered) ", " RATED_ADD(in_flight)

/* Placeholders follow enum statistic from $6 on. */
static const char daily_add[] =
	DAILY_INTO "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, "
	"$21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42)"
	DAILY_ADD;
#define SUM(nth) "$" #nth "::bigint[]"
static const char daily_add_all[] =
	DAILY_INTO "SELECT " DAILY_NAMES " FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], "
	SUM(6) ", " SUM(7) ", " SUM(8) ", " SUM(9) ", " SUM(10) ", " SUM(11) ", " SUM(12) ", " SUM(13) ", " SUM(14) ", "
	SUM(15) ", " SUM(16) ", " SUM(17) ", " SUM(18) ", " SUM(19) ", " SUM(20) ", " SUM(21) ", " SUM(22) ", " SUM(23) ", "
	SUM(24) ", " SUM(25) ", " SUM(26) ", " SUM(27) ", " SUM(28) ", " SUM(29) ", " SUM(30) ", " SUM(31) ", " SUM(32) ", "
	SUM(33) ", " SUM(34) ", " SUM(35) ", " SUM(36) ", " SUM(37) ", " SUM(38) ", " SUM(39) ", " SUM(40) ", " SUM(41) ", "
	SUM(42)
	") WITH ORDINALITY AS d (" DAILY_NAMES ", place) ORDER BY place" DAILY_ADD;
_Static_assert(DAILY_COLUMNS == 42, "the statements above have as many values as there are columns");
// clang-format on

static void bind_daily(struct value in[DAILY_COLUMNS], const struct stats_daily *d)
{
	const struct value keys[DAILY_KEYS] = {
	    value_i64(d->tenant), value_i64(d->day), value_text(never_null(d->campaign_id)),
	    value_text(never_null(d->template_id)), value_text(never_null(d->sender))};
	memcpy(in, keys, sizeof keys);
	for (int i = 0; i < STAT_COUNT; i++)
		in[DAILY_KEYS + i] = value_i64(d->values[i]);
}

enum status store_stats_daily_add(struct store_session *s, const struct stats_daily *const *rows, size_t n,
				  struct err *err)
{
	if (n == 0)
		return STATUS_OK;
	struct arena *arena = arena_new();
	struct row_list list;
	bool is_clean = true;
	for (size_t i = 0; i < n; i++)
		is_clean = is_clean && are_clean(rows[i]->campaign_id, rows[i]->template_id, rows[i]->sender);
	const struct row_list_plan plan = {daily_add, is_clean ? daily_add_all : NULL, DAILY_COLUMNS, n};
	row_list_begin(&list, s, &plan, arena);
	for (size_t i = 0; i < n; i++)
		bind_daily(row_list_next(&list), rows[i]);
	enum status status = row_list_end(&list, err);
	arena_free(&arena);
	return status;
}

/* ---- By quarter of an hour */

static const char *const kind_names[] = {
    [QUARTER_HOURLY_OPENS] = "opens",
    [QUARTER_HOURLY_OPENS_MPP] = "opens_mpp",
    [QUARTER_HOURLY_CLICKS] = "clicks",
    [QUARTER_HOURLY_SENDS] = "sends",
};

#define QUARTER_HOURLY_INTO                                                                                            \
	"INSERT INTO stats_quarter_hourly (tenant_id, quarter, kind, actor, campaign_id, template_id, sender, value) "
#define QUARTER_HOURLY_ADD                                                                                             \
	" ON CONFLICT (tenant_id, quarter, kind, actor, campaign_id, template_id, sender) "                            \
	"DO UPDATE SET value = stats_quarter_hourly.value + excluded.value"
enum { QUARTER_HOURLY_COLUMNS = 8 };

static const char quarters_add[] = QUARTER_HOURLY_INTO "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)" QUARTER_HOURLY_ADD;
static const char quarters_add_all[] = QUARTER_HOURLY_INTO
    "SELECT tenant_id, quarter, kind, actor, campaign_id, template_id, sender, value FROM "
    "unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[]) "
    "WITH ORDINALITY AS q (tenant_id, quarter, kind, actor, campaign_id, template_id, sender, value, place) "
    "ORDER BY place" QUARTER_HOURLY_ADD;

static void bind_quarter(struct value in[QUARTER_HOURLY_COLUMNS], const struct stats_quarter_hourly *h)
{
	const struct value values[QUARTER_HOURLY_COLUMNS] = {
	    value_i64(h->tenant),
	    value_i64(h->quarter),
	    value_text(slice_from_cstr(kind_names[h->kind])),
	    value_i64(h->actor),
	    value_text(never_null(h->campaign_id)),
	    value_text(never_null(h->template_id)),
	    value_text(never_null(h->sender)),
	    value_i64(h->value),
	};
	memcpy(in, values, sizeof values);
}

enum status store_stats_quarter_hourly_add(struct store_session *s, const struct stats_quarter_hourly *const *rows,
					   size_t n, struct err *err)
{
	if (n == 0)
		return STATUS_OK;
	struct arena *arena = arena_new();
	struct row_list list;
	bool is_clean = true;
	for (size_t i = 0; i < n; i++)
		is_clean = is_clean && are_clean(rows[i]->campaign_id, rows[i]->template_id, rows[i]->sender);
	const struct row_list_plan plan = {quarters_add, is_clean ? quarters_add_all : NULL, QUARTER_HOURLY_COLUMNS, n};
	row_list_begin(&list, s, &plan, arena);
	for (size_t i = 0; i < n; i++)
		bind_quarter(row_list_next(&list), rows[i]);
	enum status status = row_list_end(&list, err);
	arena_free(&arena);
	return status;
}

/* ---- Reading */

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
