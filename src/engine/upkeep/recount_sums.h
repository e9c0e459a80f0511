/* SPDX-License-Identifier: Apache-2.0 */
/* recount_sums: the sums of one tenant as its messages and events add up to them, and those that are kept beside it. Of
 * each day, because of each campaign, template and sender would be more than memory has; that each number stands in its
 * own row is seen by a second sum, in which a row has a weight of its own. Part of recount.h. */
#ifndef PUGMARK_ENGINE_RECOUNT_SUMS_H
#define PUGMARK_ENGINE_RECOUNT_SUMS_H

#include "engine/upkeep/recount.h"
#include "store/events/events.h"
#include "store/events/stats_rows.h"

struct recount_sums;
/* What `since` says is of before is held to less: rates to nothing, sums by quarter to those of the day. */
struct recount_sums *recount_sums_new(uint32_t tenant, const struct stats_exact_since *since);
void recount_sums_free(struct recount_sums **sums);

/* One more in a column of the message's day; nothing when it has none. */
void recount_sums_daily(struct recount_sums *sums, const struct message *message, enum statistic stat);
void recount_sums_quarter(struct recount_sums *sums, const struct message *message, const struct event *event,
			  enum quarter_hourly_kind kind);
/* This message's events are not all there. */
void recount_sums_pruned(struct recount_sums *sums, const struct message *message);

/* Reads what is kept, and calls `differs` for each day's number that is another one. */
enum status recount_sums_compare(struct recount_sums *sums, struct store_session *session,
				 const struct recount_config *config, struct recount_progress *progress,
				 struct err *err) MUST_CHECK;

#endif
