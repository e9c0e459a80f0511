/* SPDX-License-Identifier: Apache-2.0 */
/* Settling, as a part of a round: the list of what is due is in the store, so a start needs no memory of it. */
#include "engine/ledger/writer_private.h"

#include "base/log.h"
#include "engine/judge/settle.h"

static const int64_t ASK_EVERY_US = 1000000;

bool writer_settling_is_due(struct writer *w, int64_t until_us)
{
	int64_t now_us = clock_monotonic_us(w->config.clock);
	int64_t due_us = 0;
	struct err ignored;
	if (!w->settles_more && w->settle_asked_us && now_us - w->settle_asked_us < ASK_EVERY_US)
		return false;
	w->settle_asked_us = now_us;
	w->settles_more = false;
	/* A store that does not answer is noticed by whoever has something to write. */
	return store_settling_next(w->session, &due_us, &ignored) == STATUS_OK && due_us != 0 && due_us <= until_us;
}

static enum status settle_one(struct writer *w, const struct settling *settling, struct err *err)
{
	struct err refusal = {0};
	enum status status = store_savepoint(w->session, err);
	if (status != STATUS_OK)
		return status;
	status = settle_message(w->batch, apply_fan_out(w->apply), settling, &refusal);
	if (status == STATUS_OK)
		status = batch_flush(w->batch, &refusal);
	if (status == STATUS_OK)
		return store_savepoint_keep(w->session, err);
	/* A row that cannot be read: the messages around it can. A damaged file fails the next statement too. */
	if (!writer_is_refusal(status) && status != STATUS_CORRUPT) {
		*err = refusal;
		return status;
	}
	char id[UUID_TEXT_SIZE];
	uuid_format(settling->message, id);
	log_error("settle.refused", LOG_CSTR("message", id), LOG_ERR(&refusal));
	batch_forget(w->batch);
	return store_savepoint_undo(w->session, err);
}

enum status writer_settle(struct writer *w, int64_t until_us, uint32_t limit, struct err *err)
{
	struct settling_list due = {0};
	enum status status = batch_flush(w->batch, err);
	if (status == STATUS_OK)
		status = store_settling_take(w->session, until_us, limit, batch_arena(w->batch), &due, err);
	for (size_t i = 0; status == STATUS_OK && i < due.n; i++)
		status = settle_one(w, &due.at[i], err);
	w->settles_more = status == STATUS_OK && due.n == limit;
	return status;
}
