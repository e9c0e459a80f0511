/* SPDX-License-Identifier: Apache-2.0 */
/* A savepoint and what belongs to it in memory. What the batch has gathered and the messages that it has read are of
 * the state that is taken back, so they go too; the rest of the transaction reads its messages anew. */
#include "engine/ledger/attempt.h"

enum status attempt_begin(struct batch *batch, struct err *err)
{
	enum status status = batch_flush(batch, err);
	batch_keep(batch);
	return status == STATUS_OK ? store_savepoint(batch_session(batch), err) : status;
}

enum status attempt_end(struct batch *batch, enum status *outcome, struct err *why, struct err *err)
{
	if (*outcome == STATUS_OK)
		*outcome = batch_flush(batch, why);
	if (*outcome == STATUS_OK) {
		batch_keep(batch);
		return store_savepoint_keep(batch_session(batch), err);
	}
	batch_forget(batch);
	batch_forget_contacts(batch);
	return store_savepoint_undo(batch_session(batch), err);
}

bool attempt_is_refusal(enum status outcome)
{
	return outcome == STATUS_BAD_INPUT || outcome == STATUS_TOO_BIG || outcome == STATUS_CONFLICT ||
	       outcome == STATUS_NOT_FOUND;
}
