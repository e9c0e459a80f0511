/* SPDX-License-Identifier: Apache-2.0 */
/* attempt: a part of the writer's transaction that may fail without taking the rest along: a command, a timer, a record
 * that the store has refused before. Writer's thread; one at a time.
 *
 *	status = attempt_begin(batch, err);
 *	if (status == STATUS_OK) {
 *		outcome = …;
 *		status = attempt_end(batch, &outcome, &why, err);
 *	}
 */
#ifndef PUGMARK_ENGINE_ATTEMPT_H
#define PUGMARK_ENGINE_ATTEMPT_H

#include "engine/ledger/batch.h"

/* Writes what was gathered before, so that taking the part back takes back nothing else. Not STATUS_OK: the transaction
 * is dead; so for attempt_end. */
enum status attempt_begin(struct batch *batch, struct err *err) MUST_CHECK;
/* `outcome` is how the part went. After STATUS_OK its effects are written and kept, unless that fails, which is then
 * the outcome (`why` gets the words). After anything else, all that the part did is taken back. */
enum status attempt_end(struct batch *batch, enum status *outcome, struct err *why, struct err *err) MUST_CHECK;
/* Whether the store, asked the same again, would refuse the same again. Otherwise it is away or busy, and whoever may
 * not lose the part must give up the transaction. */
bool attempt_is_refusal(enum status outcome);

#endif
