/* SPDX-License-Identifier: Apache-2.0 */
/* stats_rows: the rows of sums as they are, day by day, for whoever counts again. Part of the store (see store.h). */
#ifndef PUGMARK_STORE_STATS_ROWS_H
#define PUGMARK_STORE_STATS_ROWS_H

#include "store/events/stats.h"

enum { STATS_QUARTERS_A_DAY = 96 };

struct stats_days {
	const int32_t *at; /* ascending, each once */
	size_t n;
};
/* The days of which a tenant has rows; of sums by quarter of an hour the days in UTC. In the arena. */
enum status store_stats_daily_days(struct store_session *s, uint32_t tenant, struct arena *arena,
				   struct stats_days *ret, struct err *err) MUST_CHECK;
enum status store_stats_quarter_days(struct store_session *s, uint32_t tenant, struct arena *arena,
				     struct stats_days *ret, struct err *err) MUST_CHECK;

/* The rows of one day; texts in the arena. */
struct stats_of_day {
	uint32_t tenant;
	int32_t day;
};
enum status store_stats_daily_of(struct store_session *s, const struct stats_of_day *of, struct arena *arena,
				 struct stats_daily **ret, size_t *ret_count, struct err *err) MUST_CHECK;
enum status store_stats_quarters_of(struct store_session *s, const struct stats_of_day *of, struct arena *arena,
				    struct stats_quarter_hourly **ret, size_t *ret_count, struct err *err) MUST_CHECK;

/* Numbers of before a step of the schema could not be divided as those behind it are (store/migrations); 0: there are
 * none of before. */
struct stats_exact_since {
	int64_t quarters_us; /* by quarter of an hour; before by hour, in its first quarter */
	int64_t rates_us;    /* STAT_OPENABLE_DELIVERED and those behind it, by when the message was made */
};
enum status store_stats_exact_since(struct store_session *s, struct stats_exact_since *ret, struct err *err) MUST_CHECK;

#endif
