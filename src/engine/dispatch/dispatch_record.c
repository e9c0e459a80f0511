/* SPDX-License-Identifier: Apache-2.0 */
/* Intents and outcomes on their way into the journal.
 *
 *   to_append -> filling (in the feed's batch) -> writing (with the journal thread) -> durable
 *
 * The lists are in the order of the feed, so the n-th record of a finished batch belongs to the n-th job of `writing`.
 * An intent that the journal refuses ends the attempt: nothing was sent. An outcome is kept and tried again until it is
 * taken, for it cannot be had a second time.
 *
 * With a shared store the intent is a command on the writer instead: another machine may have to see it. */
#include "engine/dispatch/dispatch_private.h"

#include "base/mem.h"
#include "engine/tenant/cohort.h"

enum { RECORD_AGAIN_MS = 500 };

/* ---- Intents in the shared store */

struct intent_command {
	struct dispatch_command base;
	struct job *job;
	struct uuid message;
	uint64_t lease;
	uint32_t attempt;
};

static enum status run_intent(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct intent_command *c = (const struct intent_command *)(void *)command;
	struct message *message;
	enum status status =
	    store_queue_intent(batch_session(batch), c->message, c->lease, c->attempt, batch_now_us(batch), err);
	if (status == STATUS_OK)
		status = batch_message(batch, c->message, &message, err);
	if (status != STATUS_OK)
		return status;
	cohort_need(batch, message, batch_now_us(batch));
	if (message->state < MESSAGE_SENDING)
		message->state = MESSAGE_SENDING;
	if (message->attempts < c->attempt)
		message->attempts = c->attempt;
	batch_touch(batch, message);
	return STATUS_OK;
}

static void intent_finished(struct dispatch_command *command)
{
	struct intent_command *c = (struct intent_command *)command;
	struct job *job = c->job;
	enum status status = command->command.status;
	mem_free(c);
	job->record = 0;
	job_intent_settled(job, status);
}

static void store_intent(struct job *job)
{
	struct intent_command *c = MEM_NEW(struct intent_command);
	c->base.command.run = run_intent;
	c->base.finished = intent_finished;
	c->job = job;
	c->message = job->entry.message;
	c->lease = job->entry.lease;
	c->attempt = job->entry.attempt;
	job->is_handed_over = true;
	dispatch_submit(job->dispatcher, &c->base);
}

/* ---- The journal */

void dispatch_record(struct job *job, enum record_type record)
{
	if (job->record == RECORD_INTENT && job->is_handed_over)
		return; /* job_intent_settled comes back to it */
	list_remove(&job->record_link);
	job->record = record;
	if (record == RECORD_INTENT && store_is_shared(job->dispatcher->sending->store))
		store_intent(job);
	else
		list_append(&job->dispatcher->to_append, &job->record_link);
}

static enum status append(struct job *job)
{
	char room[RECORD_PAYLOAD_MAX];
	struct buf payload;
	buf_init_fixed(&payload, room, sizeof room);
	enum record_type type = RECORD_OUTCOME;
	if (job->record == RECORD_INTENT) {
		type = RECORD_INTENT;
		struct intent_record intent = {job->entry.message, job->entry.lease, job->entry.attempt};
		record_put_intent(&payload, &intent);
	} else {
		record_put_outcome(&payload, &job->outcome);
	}
	BUG_IF(buf_failed(&payload)); /* words were cut to size when the outcome was set */
	return journal_feed_append(job->dispatcher->feed, type, clock_now_us(job->dispatcher->clock),
				   buf_slice(&payload));
}

static void append_waiting(struct dispatcher *d)
{
	if (dispatch_monotonic_us(d) < d->record_again_us)
		return;
	while (!list_is_empty(&d->to_append)) {
		struct job *job = LIST_ENTRY(d->to_append.next, struct job, record_link);
		if (append(job) != STATUS_OK)
			return; /* the batch is full; it is handed over next */
		job->is_handed_over = true;
		list_remove(&job->record_link);
		list_append(&d->filling, &job->record_link);
	}
}

static void hand_over(struct dispatcher *d)
{
	if (journal_feed_pending(d->feed) == 0 || !journal_feed_hand_over(d->feed))
		return;
	struct list_link *link;
	while ((link = list_take_first(&d->filling)))
		list_append(&d->writing, link);
}

static void outcome_settled(struct job *job, enum status status, uint64_t sequence)
{
	struct dispatcher *d = job->dispatcher;
	if (status != STATUS_OK) {
		d->record_again_us = dispatch_monotonic_us(d) + (int64_t)RECORD_AGAIN_MS * 1000;
		list_append(&d->to_append, &job->record_link);
		return;
	}
	job->step = JOB_SETTLING;
	job->outcome_sequence = sequence;
	d->open_count--;
	/* The mail itself is not needed any more, its lease is. */
	buf_done(&job->bytes);
}

static void record_settled(struct job *job, enum status status, uint64_t sequence)
{
	if (job->record == RECORD_OUTCOME) {
		outcome_settled(job, status, sequence);
		return;
	}
	job->record = 0;
	job_intent_settled(job, status);
}

static void collect(struct dispatcher *d)
{
	size_t count;
	uint64_t first;
	enum status status;
	while (journal_feed_collect(d->feed, &count, &first, &status)) {
		for (size_t i = 0; i < count; i++) {
			struct list_link *link = list_take_first(&d->writing);
			BUG_IF(!link);
			record_settled(LIST_ENTRY(link, struct job, record_link), status, first + i);
		}
	}
}

void dispatch_move_records(struct dispatcher *d)
{
	collect(d);
	append_waiting(d);
	hand_over(d);
}

bool dispatch_has_records(const struct dispatcher *d)
{
	return !list_is_empty(&d->to_append) || !list_is_empty(&d->filling) || !list_is_empty(&d->writing);
}

void dispatch_settle(struct dispatcher *d)
{
	uint64_t applied = writer_applied_sequence(d->sending->writer);
	for (struct list_link *link = d->jobs.next, *next; link != &d->jobs; link = next) {
		next = link->next;
		struct job *job = LIST_ENTRY(link, struct job, link);
		if (job->step == JOB_SETTLING && job->outcome_sequence <= applied)
			job_free(&job);
	}
}
