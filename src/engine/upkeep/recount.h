/* SPDX-License-Identifier: Apache-2.0 */
/* recount: counts everything again from the events, and says where the numbers that are kept differ: the counters and
 * first times of messages, the sums by day of sending and those by quarter of an hour.
 *
 * It reads what one transaction sees, so a server may go on; SQLite's write-ahead log grows meanwhile. In memory are a
 * page of messages, some hundred bytes for each day of a tenant, and one day's rows.
 *
 * Events past their time are gone while their numbers stay. A message whose first event is gone can only be found to
 * have fewer than its events say, and so can the sums of its day, and those by quarter of an hour of that time.
 */
#ifndef PUGMARK_ENGINE_RECOUNT_H
#define PUGMARK_ENGINE_RECOUNT_H

#include "store/core/store.h"

struct recount_difference {
	uint32_t tenant;
	struct uuid message; /* zero: it is a sum */
	int32_t day;         /* of a sum: days since 1970; by_quarter: in UTC, else the tenant's day of sending */
	bool by_quarter;
	/* The same in all, and yet another in the rows: a campaign, template, sender or quarter of an hour has what is
	 * another's. */
	bool is_elsewhere;
	const char *what; /* "opens_human", "first_click_at"; valid during the call */
	int64_t kept, counted;
};

struct recount_progress {
	uint64_t messages, events;
	uint64_t pruned; /* messages whose first event is gone */
	uint64_t differences;
};

struct recount_config {
	struct store *store;
	bool is_unpruned; /* nothing was ever pruned: every message is held to all of its events */
	void (*differs)(void *user, const struct recount_difference *difference);
	/* After each page; false: give up, with STATUS_AGAIN. May be NULL. */
	bool (*step)(void *user, const struct recount_progress *progress);
	void *user;
};

/* STATUS_OK also when numbers differ: *ret says how many. Blocks. */
enum status recount_run(const struct recount_config *config, struct recount_progress *ret, struct err *err) MUST_CHECK;

#endif
