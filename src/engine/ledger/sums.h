/* SPDX-License-Identifier: Apache-2.0 */
/* sums: what the transaction under way adds to rows that many messages share: the sums by day of sending and by
 * quarter of an hour, and addresses that get no mail any more. Gathered in memory, so that a thousand hits on one
 * campaign cost one statement, and written by the batch: addresses when it is flushed, because the next command asks
 * for them; sums once, at the end, because whoever has added to one holds up all others who do. What is added is
 * decided in effects.h and nowhere else. Writer's thread. */
#ifndef PUGMARK_ENGINE_SUMS_H
#define PUGMARK_ENGINE_SUMS_H

#include "store/events/stats.h"
#include "store/mail/messages.h"
#include "store/people/suppressions.h"

struct sums;
struct sums *sums_new(void);
void sums_free(struct sums **sums);

/* Whose rows they are: a tenant's, of one campaign, template and sender. */
struct sums_owner {
	uint32_t tenant;
	struct slice campaign_id, template_id, sender; /* empty: none */
};
/* The message's. One for all that have the same; valid until it is flushed or
 * cleared. */
const struct sums_owner *sums_owner_of(struct sums *sums, const struct message *message);

/* `day` is the message's cohort_day, and not 0. */
void sums_add_daily(struct sums *sums, const struct sums_owner *owner, int32_t day, enum statistic stat, int64_t delta);
void sums_add_quarter_hourly(struct sums *sums, const struct sums_owner *owner, const struct stats_quarter_hourly *of,
			     int64_t delta);
/* The quarter of an hour that a time from 1970 on is in, as stats_quarter_hourly counts them. */
int64_t sums_quarter_of(int64_t time_us);
/* No more mail to that address; nothing when it is on the list already. The texts are copied. */
void sums_suppress(struct sums *sums, const struct suppression *suppression, int64_t time_us);

/* ---- Writing. Sums pass three steps: gathered, flushed (a part of the transaction that may yet be taken back), kept.
 */
/* Adds the gathered addresses to the store, in their order; the gathered sums are flushed ones now. */
enum status sums_flush(struct sums *sums, struct store_session *session, struct err *err) MUST_CHECK;
/* What is flushed will not be taken back. */
void sums_keep(struct sums *sums);
/* Forgets what was gathered or flushed since sums_keep. */
void sums_forget(struct sums *sums);
/* Adds the kept sums to the store, rows in the order of their keys; none are left then, whatever it returns. */
enum status sums_write(struct sums *sums, struct store_session *session, struct err *err) MUST_CHECK;
void sums_clear(struct sums *sums);

#endif
