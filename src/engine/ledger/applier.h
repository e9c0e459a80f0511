/* SPDX-License-Identifier: Apache-2.0 */
/* applier: what the writer must be able to ask of whoever knows what records mean.
 *
 * The writer owns transactions, order, time and retries and knows nothing of hits and verdicts; apply (engine/apply)
 * is the other half. Whoever joins the parts hands one to the other. All calls come from the writer's thread, but for
 * `open`, which comes from the thread that starts it. */
#ifndef PUGMARK_ENGINE_APPLIER_H
#define PUGMARK_ENGINE_APPLIER_H

#include "engine/ledger/batch.h"
#include "engine/ledger/neighbours.h"
#include "journal/journal.h"

struct applier {
	/* Reads what must be known before the first record, and gives the batch what everybody needs who writes through
	 * it. What cannot be read keeps the writer from starting. */
	enum status (*open)(void *self, struct batch *batch, struct err *err);
	/* Outside of a transaction, before each and after each commit, before anybody hears of that commit: takes what
	 * may have changed since (lists of networks, settings of tenants), so that one transaction is judged by one
	 * state of them. */
	void (*refresh)(void *self, struct store_session *session);
	/* Outside of a transaction, on a store that several may write: who does from now on. Before the first record,
	 * and when it changes; `now_us` is the wall clock's. */
	void (*neighbours)(void *self, enum neighbours who, int64_t now_us);
	/* The message that a record is about, so that many are read at once; false: none, or it cannot be read. */
	bool (*message_of)(const struct journal_record *record, struct uuid *ret);
	/* STATUS_OK also when the record was passed over. Anything else is the store's: the transaction cannot be
	 * kept. */
	enum status (*record)(void *self, struct batch *batch, const struct journal_record *record, struct err *err);
	/* The store refuses what this record does, each time it is asked: it is passed over, and this counts it. */
	void (*refused)(void *self, const struct journal_record *record);
};

#endif
