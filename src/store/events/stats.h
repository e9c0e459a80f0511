/* SPDX-License-Identifier: Apache-2.0 */
/* stats: additive counters by cohort (day of sending) and by quarter of an hour of occurrence. Part of the store (see
 * store.h). */
#ifndef PUGMARK_STORE_STATS_H
#define PUGMARK_STORE_STATS_H

#include "store/core/store.h"

/* The columns of stats_daily. In the order of the array; all are sums of deltas, which may be negative. */
enum statistic {
	STAT_SENDS, /* left, or ended in failing: delivered + bounced + failed + in_flight + in_doubt */
	STAT_DELIVERED,
	STAT_BOUNCED,
	STAT_FAILED,
	STAT_IN_FLIGHT,
	STAT_IN_DOUBT,
	STAT_OPENS_HUMAN,
	STAT_OPENS_PROXY,
	STAT_OPENS_MPP, /* Apple's prefetches; not in STAT_OPENS_PREFETCH */
	STAT_OPENS_PREFETCH,
	STAT_OPENS_SCANNER,
	STAT_OPENS_PREVIEW,
	STAT_OPENS_CRAWLER,
	STAT_OPENS_UNKNOWN,
	STAT_OPENS_UNIQUE,        /* messages opened by a person or an image proxy */
	STAT_OPENS_UNIQUE_STRICT, /* by a person */
	STAT_OPENS_UNIQUE_ALL,    /* by anybody */
	STAT_CLICKS_HUMAN,
	STAT_CLICKS_MACHINE,
	STAT_CLICKS_UNIQUE,
	STAT_CLICKS_UNIQUE_ALL,
	STAT_UNSUBSCRIBES,
	STAT_COMPLAINTS,
	/* What rates are of, and of the same messages (doc/decisions/0035): those that were delivered, and those that
	 * are in flight. */
	STAT_OPENABLE_DELIVERED, /* an open by a person would be counted: tracked, and not anonymously */
	STAT_OPENED_DELIVERED,   /* of these: opened by a person or an image proxy */
	STAT_OPENED_STRICT_DELIVERED,
	STAT_OPENED_ALL_DELIVERED,
	STAT_CLICKABLE_DELIVERED,
	STAT_CLICKED_DELIVERED,
	STAT_CLICKED_ALL_DELIVERED,
	STAT_OPENABLE_IN_FLIGHT, /* in the same order */
	STAT_OPENED_IN_FLIGHT,
	STAT_OPENED_STRICT_IN_FLIGHT,
	STAT_OPENED_ALL_IN_FLIGHT,
	STAT_CLICKABLE_IN_FLIGHT,
	STAT_CLICKED_IN_FLIGHT,
	STAT_CLICKED_ALL_IN_FLIGHT,
	STAT_COUNT,
};
const char *stat_name(enum statistic stat); /* the column's name, "opens_human" */

struct stats_daily {
	uint32_t tenant;
	int32_t day;                                   /* days since 1970-01-01 in the tenant's zone */
	struct slice campaign_id, template_id, sender; /* empty: none */
	int64_t values[STAT_COUNT];
};
/* Adds the values to their rows, creating them, in this order: writers whose rows are in the same order do not wait for
 * one another crosswise. Each key once. */
enum status store_stats_daily_add(struct store_session *s, const struct stats_daily *const *rows, size_t n,
				  struct err *err) MUST_CHECK;

/* stats_quarter_hourly: opens and clicks by quarter of an hour of occurrence and by actor; sends by that of sending.
 * All clocks of today stand on a quarter of an hour, so hours and days of any zone are sums of whole rows
 * (doc/decisions/0031-a-message-keeps-the-day-on-which-it-left.md). */
enum quarter_hourly_kind {
	QUARTER_HOURLY_OPENS,
	QUARTER_HOURLY_OPENS_MPP, /* those of QUARTER_HOURLY_OPENS that are Apple's; among its prefetches, too */
	QUARTER_HOURLY_CLICKS,
	QUARTER_HOURLY_SENDS,
};
struct stats_quarter_hourly {
	uint32_t tenant;
	int64_t quarter; /* quarters of an hour since 1970-01-01T00Z */
	enum quarter_hourly_kind kind;
	uint8_t actor; /* enum actor; 0 for sends */
	struct slice campaign_id, template_id, sender;
	int64_t value;
};
/* As store_stats_daily_add. */
enum status store_stats_quarter_hourly_add(struct store_session *s, const struct stats_quarter_hourly *const *rows,
					   size_t n, struct err *err) MUST_CHECK;

struct stats_query {
	uint32_t tenant;
	int32_t from_day, to_day;                      /* both included */
	struct slice campaign_id, template_id, sender; /* p == NULL: any */
};
/* One sum over the range. */
enum status store_stats_sum(struct store_session *s, const struct stats_query *query, int64_t ret_values[STAT_COUNT],
			    struct err *err) MUST_CHECK;

#endif
