/* SPDX-License-Identifier: Apache-2.0 */
/* The two tables of sums. A row is created and added to by one statement, so that appliers of several nodes can add to
 * the same row.
 *
 * Where lists can be parameters (PostgreSQL), all rows of a batch are one statement, so that the server begins and ends
 * one for a batch and not for each of the rows that a hit adds to. They are locked in the order of the list. */
#include "store/events/stats.h"

#include "base/arena.h"
#include "store/core/clean_text.h"
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

#define DAILY_INTO                                                                                                     \
	"INSERT INTO stats_daily (tenant_id, day, campaign_id, template_id, sender, sends, delivered, bounced, "       \
	"failed, in_flight, in_doubt, opens_human, opens_proxy, opens_mpp, opens_prefetch, opens_scanner, "            \
	"opens_preview, opens_crawler, opens_unknown, opens_unique, opens_unique_strict, opens_unique_all, "           \
	"clicks_human, clicks_machine, clicks_unique, clicks_unique_all, unsubscribes, complaints) "
#define ADD(name) #name " = stats_daily." #name " + excluded." #name
// clang-format off
#define DAILY_ADD \
	" ON CONFLICT (tenant_id, day, campaign_id, template_id, sender) DO UPDATE SET " \
	ADD(sends) ", " ADD(delivered) ", " ADD(bounced) ", " ADD(failed) ", " ADD(in_flight) ", " ADD(in_doubt) ", " \
	ADD(opens_human) ", " ADD(opens_proxy) ", " ADD(opens_mpp) ", " ADD(opens_prefetch) ", " ADD(opens_scanner) ", " \
	ADD(opens_preview) ", " ADD(opens_crawler) ", " ADD(opens_unknown) ", " ADD(opens_unique) ", " \
	ADD(opens_unique_strict) ", " ADD(opens_unique_all) ", " ADD(clicks_human) ", " ADD(clicks_machine) ", " \
	ADD(clicks_unique) ", " ADD(clicks_unique_all) ", " ADD(unsubscribes) ", " ADD(complaints)

/* Placeholders follow enum statistic from $6 on. */
static const char daily_add[] =
	DAILY_INTO "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, "
	"$21, $22, $23, $24, $25, $26, $27, $28)" DAILY_ADD;

/* The values of all rows are one list, STAT_COUNT of them for each. A list for each column takes the server as long. */
#define VALUE(nth) "($6::bigint[])[(d.place - 1) * 23 + " #nth "]"
static const char daily_add_all[] =
	DAILY_INTO "SELECT d.tenant_id, d.day, d.campaign_id, d.template_id, d.sender, "
	VALUE(1) ", " VALUE(2) ", " VALUE(3) ", " VALUE(4) ", " VALUE(5) ", " VALUE(6) ", " VALUE(7) ", " VALUE(8) ", "
	VALUE(9) ", " VALUE(10) ", " VALUE(11) ", " VALUE(12) ", " VALUE(13) ", " VALUE(14) ", " VALUE(15) ", "
	VALUE(16) ", " VALUE(17) ", " VALUE(18) ", " VALUE(19) ", " VALUE(20) ", " VALUE(21) ", " VALUE(22) ", " VALUE(23)
	" FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY "
	"AS d (tenant_id, day, campaign_id, template_id, sender, place) ORDER BY d.place" DAILY_ADD;
_Static_assert(STAT_COUNT == 23, "the statements above have as many values as there are statistics");
// clang-format on

static enum status daily_one_by_one(struct store_session *s, const struct stats_daily *const *rows, size_t n,
				    struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t row = 0; status == STATUS_OK && row < n; row++) {
		const struct stats_daily *d = rows[row];
		struct value in[5 + STAT_COUNT] = {
		    value_i64(d->tenant), value_i64(d->day), value_text(never_null(d->campaign_id)),
		    value_text(never_null(d->template_id)), value_text(never_null(d->sender))};
		for (int i = 0; i < STAT_COUNT; i++)
			in[5 + i] = value_i64(d->values[i]);
		status = session_run(s, daily_add, (struct values){in, 5 + STAT_COUNT}, err);
	}
	return status;
}

static enum status daily_at_once(struct store_session *s, const struct stats_daily *const *rows, size_t n,
				 struct err *err)
{
	struct arena *arena = arena_new();
	int64_t *tenants = arena_alloc_array(arena, n, sizeof *tenants);
	int64_t *days = arena_alloc_array(arena, n, sizeof *days);
	struct slice *campaigns = arena_alloc_array(arena, n, sizeof *campaigns);
	struct slice *templates = arena_alloc_array(arena, n, sizeof *templates);
	struct slice *senders = arena_alloc_array(arena, n, sizeof *senders);
	int64_t(*values)[STAT_COUNT] = arena_alloc_array(arena, n, sizeof *values);
	for (size_t i = 0; i < n; i++) {
		tenants[i] = rows[i]->tenant;
		days[i] = rows[i]->day;
		campaigns[i] = never_null(rows[i]->campaign_id);
		templates[i] = never_null(rows[i]->template_id);
		senders[i] = never_null(rows[i]->sender);
		memcpy(values[i], rows[i]->values, sizeof values[i]);
	}
	enum status status =
	    session_run(s, daily_add_all,
			VALUES(value_i64_array(tenants, n), value_i64_array(days, n), value_text_array(campaigns, n),
			       value_text_array(templates, n), value_text_array(senders, n),
			       value_i64_array(values[0], n * STAT_COUNT)),
			err);
	arena_free(&arena);
	return status;
}

enum status store_stats_daily_add(struct store_session *s, const struct stats_daily *const *rows, size_t n,
				  struct err *err)
{
	bool at_once = n > 0 && session_has_arrays(s);
	for (size_t i = 0; at_once && i < n; i++)
		at_once = are_clean(rows[i]->campaign_id, rows[i]->template_id, rows[i]->sender);
	return (at_once ? daily_at_once : daily_one_by_one)(s, rows, n, err);
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

static enum status quarters_one_by_one(struct store_session *s, const struct stats_quarter_hourly *const *rows,
				       size_t n, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t row = 0; status == STATUS_OK && row < n; row++) {
		const struct stats_quarter_hourly *h = rows[row];
		status =
		    session_run(s, QUARTER_HOURLY_INTO "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)" QUARTER_HOURLY_ADD,
				VALUES(value_i64(h->tenant), value_i64(h->quarter),
				       value_text(slice_from_cstr(kind_names[h->kind])), value_i64(h->actor),
				       value_text(never_null(h->campaign_id)), value_text(never_null(h->template_id)),
				       value_text(never_null(h->sender)), value_i64(h->value)),
				err);
	}
	return status;
}

static const char quarters_add_all[] = QUARTER_HOURLY_INTO
    "SELECT tenant_id, quarter, kind, actor, campaign_id, template_id, sender, value FROM "
    "unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[]) "
    "WITH ORDINALITY AS q (tenant_id, quarter, kind, actor, campaign_id, template_id, sender, value, place) "
    "ORDER BY place" QUARTER_HOURLY_ADD;

static enum status quarters_at_once(struct store_session *s, const struct stats_quarter_hourly *const *rows, size_t n,
				    struct err *err)
{
	struct arena *arena = arena_new();
	int64_t *tenants = arena_alloc_array(arena, n, sizeof *tenants);
	int64_t *quarters = arena_alloc_array(arena, n, sizeof *quarters);
	struct slice *kinds = arena_alloc_array(arena, n, sizeof *kinds);
	int64_t *actors = arena_alloc_array(arena, n, sizeof *actors);
	struct slice *campaigns = arena_alloc_array(arena, n, sizeof *campaigns);
	struct slice *templates = arena_alloc_array(arena, n, sizeof *templates);
	struct slice *senders = arena_alloc_array(arena, n, sizeof *senders);
	int64_t *values = arena_alloc_array(arena, n, sizeof *values);
	for (size_t i = 0; i < n; i++) {
		tenants[i] = rows[i]->tenant;
		quarters[i] = rows[i]->quarter;
		kinds[i] = slice_from_cstr(kind_names[rows[i]->kind]);
		actors[i] = rows[i]->actor;
		campaigns[i] = never_null(rows[i]->campaign_id);
		templates[i] = never_null(rows[i]->template_id);
		senders[i] = never_null(rows[i]->sender);
		values[i] = rows[i]->value;
	}
	enum status status = session_run(s, quarters_add_all,
					 VALUES(value_i64_array(tenants, n), value_i64_array(quarters, n),
						value_text_array(kinds, n), value_i64_array(actors, n),
						value_text_array(campaigns, n), value_text_array(templates, n),
						value_text_array(senders, n), value_i64_array(values, n)),
					 err);
	arena_free(&arena);
	return status;
}

enum status store_stats_quarter_hourly_add(struct store_session *s, const struct stats_quarter_hourly *const *rows,
					   size_t n, struct err *err)
{
	bool at_once = n > 0 && session_has_arrays(s);
	for (size_t i = 0; at_once && i < n; i++)
		at_once = are_clean(rows[i]->campaign_id, rows[i]->template_id, rows[i]->sender);
	return (at_once ? quarters_at_once : quarters_one_by_one)(s, rows, n, err);
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
