/* SPDX-License-Identifier: Apache-2.0 */
/* A few hundred rows a transaction, through the writer and its batch as any other change of a state: the day's numbers
 * follow by themselves. */
#include "engine/upkeep/restored_doubt.h"

#include "engine/ledger/state_move.h"
#include "engine/tenant/cohort.h"
#include "store/mail/queue_admin.h"
#include "store/mail/queue_unsure.h"

enum { ROWS_AT_ONCE = 200 };

struct doubting {
	struct writer_command command; /* first */
	bool resend_transactional;
	const struct queue_entry *entries;
	size_t count;
	struct restored_doubt done; /* by the run that is committed */
};

static enum status hold(struct doubting *d, struct batch *batch, struct uuid id, struct message *message,
			struct err *err)
{
	enum status status = store_queue_hold_unsure(batch_session(batch), id, batch_now_us(batch), err);
	if (status != STATUS_OK)
		return status;
	cohort_need(batch, message, batch_now_us(batch));
	if (state_move(batch, message, MESSAGE_IN_DOUBT))
		message->error = SLICE("it was queued when the backup was made, and may have left since");
	d->done.in_doubt++;
	return STATUS_OK;
}

static enum status decide(struct doubting *d, struct batch *batch, const struct queue_entry *entry, struct err *err)
{
	struct message *message;
	enum status status = batch_message(batch, entry->message, &message, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK; /* nothing can be sent of it */
	if (status != STATUS_OK)
		return status;
	if (!d->resend_transactional || !slice_equal(entry->stream, SLICE("transactional")))
		return hold(d, batch, entry->message, message, err);
	d->done.resent++;
	return store_queue_resend_unsure(batch_session(batch), entry->message, batch_now_us(batch), err);
}

static enum status run_doubting(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct doubting *d = (struct doubting *)command;
	enum status status = STATUS_OK;
	d->done = (struct restored_doubt){0};
	for (size_t i = 0; status == STATUS_OK && i < d->count; i++)
		status = decide(d, batch, &d->entries[i], err);
	return status;
}

static enum status doubt_some(const struct restored_doubt_config *c, const struct doubting *what,
			      struct restored_doubt *sum, struct err *err)
{
	struct doubting d = *what;
	d.command = (struct writer_command){.run = run_doubting};
	d.resend_transactional = c->resend_transactional;
	enum status status = writer_submit_and_wait(c->writer, &d.command, err);
	if (status != STATUS_OK)
		return status;
	sum->in_doubt += d.done.in_doubt;
	sum->resent += d.done.resent;
	if (c->step)
		c->step(c->user, sum->in_doubt + sum->resent);
	return STATUS_OK;
}

/* STATUS_END: there were no more. */
static enum status one_step(const struct restored_doubt_config *c, struct store_session *s,
			    struct queue_unsure_look *look, struct restored_doubt *sum, struct err *err)
{
	struct arena *arena = arena_new();
	struct queue_entry *entries = NULL;
	struct doubting d = {0};
	enum status status = store_queue_unsure(s, look, arena, &entries, &d.count, err);
	d.entries = entries;
	if (status == STATUS_OK && d.count == 0)
		status = STATUS_END;
	if (status == STATUS_OK) {
		status = doubt_some(c, &d, sum, err);
		look->after = entries[d.count - 1].message;
	}
	arena_free(&arena);
	return status;
}

static enum status count_scheduled(struct store_session *s, int64_t now_us, struct restored_doubt *sum, struct err *err)
{
	struct queue_figures figures;
	struct queue_of everybody = {0};
	enum status status = store_queue_count(s, &everybody, now_us, &figures, err);
	if (status == STATUS_OK)
		sum->scheduled = figures.scheduled + figures.deferred;
	return status;
}

enum status restored_doubt_run(const struct restored_doubt_config *config, struct restored_doubt *ret, struct err *err)
{
	struct store_session *s = NULL;
	struct queue_unsure_look look = {.now_us = config->now_us, .limit = ROWS_AT_ONCE};
	struct restored_doubt sum = {0};
	enum status status = store_session_open(config->store, STORE_READ, &s, err);
	while (status == STATUS_OK)
		status = one_step(config, s, &look, &sum, err);
	if (status == STATUS_END)
		status = count_scheduled(s, config->now_us, &sum, err);
	store_session_close(&s);
	if (status == STATUS_OK)
		*ret = sum;
	return status;
}
