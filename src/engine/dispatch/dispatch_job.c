/* SPDX-License-Identifier: Apache-2.0 */
/* One mail from its claim to the dot. */
#include "engine/dispatch/dispatch_private.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/apply/withdraw.h"
#include "engine/ledger/state_move.h"
#include "engine/mail/outgoing.h"

/* The dot is not sent when so little of the lease is left: another worker could be about to take it. */
enum { LEASE_MARGIN_SECONDS = 10 };

void job_new(struct dispatcher *d, const struct queue_entry *entry, int64_t lease_deadline_us)
{
	struct job *job = MEM_NEW(struct job);
	job->dispatcher = d;
	job->arena = arena_new();
	job->entry = *entry;
	job->entry.provider = arena_copy(job->arena, entry->provider);
	job->entry.stream = arena_copy(job->arena, entry->stream);
	job->lease_deadline_us = lease_deadline_us;
	uuid_format(entry->message, job->id_text);
	buf_init(&job->bytes, OUTGOING_MAX);
	list_append(&d->jobs, &job->link);
	list_append(&d->ready, &job->record_link);
	d->ready_count++;
}

void job_free(struct job **job)
{
	struct job *j = *job;
	*job = NULL;
	list_remove(&j->link);
	list_remove(&j->record_link);
	buf_done(&j->bytes);
	arena_free(&j->arena);
	mem_free(j);
}

/* ---- Callbacks of the transport */

static void at_barrier(void *user, struct delivery *delivery)
{
	struct job *job = user;
	(void)delivery;
	job->step = JOB_INTENT;
	dispatch_record(job, RECORD_INTENT);
}

static void forget(struct job *job)
{
	if (job->step != JOB_READY)
		job->dispatcher->open_count--;
	else
		job->dispatcher->ready_count--;
	job_free(&job);
}

static void done(void *user, struct delivery *delivery, const struct transport_outcome *outcome)
{
	struct job *job = user;
	(void)delivery;
	job->delivery = NULL;
	atomic_fetch_sub(&job->dispatcher->in_flight, 1);
	if (job->is_forgotten)
		forget(job);
	else
		job_set_outcome(job, outcome);
}

static const struct delivery_events delivery_events = {at_barrier, done};

/* ---- The barrier */

static bool has_lease(const struct job *job)
{
	int64_t margin_us = (int64_t)LEASE_MARGIN_SECONDS * 1000000;
	return dispatch_monotonic_us(job->dispatcher) + margin_us < job->lease_deadline_us;
}

void job_intent_settled(struct job *job, enum status status)
{
	if (!job->delivery) {
		/* The line broke while the intent was being written; what came of it is only recorded now. */
		dispatch_record(job, RECORD_OUTCOME);
		return;
	}
	if (status == STATUS_OK && has_lease(job)) {
		job->step = JOB_PAST_DOT;
		transport_pass_barrier(job->delivery);
		return;
	}
	/* Where an intent is, or may be, an outcome has to follow, or the mail would be in doubt for nothing. */
	job->is_forgotten = status != STATUS_OK && status != STATUS_UNCERTAIN;
	job->step = JOB_SENDING;
	if (job->is_forgotten)
		dispatch_pause(job->dispatcher);
	transport_abandon(job->delivery);
}

/* ---- Starting */

static struct transport *transport_of(const struct job *job)
{
	const struct dispatcher *d = job->dispatcher;
	for (size_t i = 0; i < d->config.provider_count; i++) {
		if (slice_equal(job->message.provider, slice_from_cstr(d->provider_names[i])))
			return d->transports[i];
	}
	return NULL;
}

/* The attempt ends before anything was sent. */
static void refuse(struct job *job, enum status status, const char *words)
{
	struct transport_outcome outcome = {.status = status, .reply = slice_from_cstr(words)};
	job->step = JOB_SENDING;
	job_set_outcome(job, &outcome);
}

struct withdraw_command {
	struct dispatch_command base;
	struct job *job;
	struct withdrawal withdrawal;
};

static enum status run_withdraw(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct withdraw_command *c = (const struct withdraw_command *)(void *)command;
	return withdraw_message(batch, &c->withdrawal, err);
}

static void withdraw_finished(struct dispatch_command *command)
{
	struct withdraw_command *c = (struct withdraw_command *)command;
	struct job *job = c->job;
	enum status status = command->command.status;
	mem_free(c);
	if (status != STATUS_OK && status != STATUS_CONFLICT)
		dispatch_pause(job->dispatcher); /* the lease runs out, and it will be tried again */
	forget(job);
}

static void withdraw(struct job *job, struct slice reason)
{
	struct withdraw_command *c = MEM_NEW(struct withdraw_command);
	c->job = job;
	c->withdrawal = (struct withdrawal){
	    .message = job->entry.message,
	    .lease = job->entry.lease,
	    .reason = reason, /* in the job's arena */
	    .event_id = state_event_id(clock_now_us(job->dispatcher->clock)),
	};
	c->base.command.run = run_withdraw;
	c->base.finished = withdraw_finished;
	job->step = JOB_WITHDRAWN;
	dispatch_submit(job->dispatcher, &c->base);
}

/* Reads the message, its body, and whether it may go. STATUS_NOT_FOUND: the message or its body is gone. *ret_reason is
 * not empty when it is to be withdrawn. */
static enum status read_job(struct job *job, struct slice *ret_body, struct slice *ret_reason, struct err *err)
{
	struct store_session *session = job->dispatcher->session;
	struct message *m = &job->message;
	struct slice reason = SLICE_EMPTY;
	enum status status = store_message_find(session, job->entry.tenant, job->entry.message, job->arena, m, err);
	if (status != STATUS_OK)
		return status;
	if (m->state >= MESSAGE_SENT) {
		*ret_reason = SLICE("already sent"); /* or at another end; the row is all that is left of it */
		return STATUS_OK;
	}
	status = store_suppression_find(session, m->tenant, m->to_email, job->arena, &reason, err);
	if (status == STATUS_OK)
		*ret_reason = reason.n ? reason : SLICE("manual");
	if (status != STATUS_NOT_FOUND)
		return status;
	return store_body_find(session, m->tenant, m->body_id, job->arena, ret_body, err);
}

static enum status build(struct job *job, struct slice body, struct err *err)
{
	struct outgoing outgoing = {&job->message, body, job->dispatcher->sealer, job->arena};
	return outgoing_build(&outgoing, &job->bytes, err);
}

static void send_job(struct job *job)
{
	struct transport *transport = transport_of(job);
	struct transport_mail mail = {
	    .id = slice_from_cstr(job->id_text),
	    .envelope_from = job->message.from_email,
	    .envelope_to = job->message.to_email,
	    .bytes = buf_slice(&job->bytes),
	};
	if (!transport) {
		refuse(job, STATUS_IO, "no provider of that name is configured here");
		return;
	}
	job->step = JOB_SENDING;
	atomic_fetch_add(&job->dispatcher->in_flight, 1);
	job->delivery = transport_start(transport, &mail, &delivery_events, job);
}

/* False when the store did not answer: the job stays ready. */
static bool start(struct job *job)
{
	struct slice body, reason = SLICE_EMPTY;
	struct err err = {0};
	enum status status = read_job(job, &body, &reason, &err);
	if (status == STATUS_IO || status == STATUS_FULL || status == STATUS_TIMEOUT)
		return false;
	list_remove(&job->record_link);
	job->dispatcher->ready_count--;
	job->dispatcher->open_count++;
	if (status == STATUS_OK && reason.n) {
		withdraw(job, reason);
		return true;
	}
	if (status == STATUS_OK)
		status = build(job, body, &err);
	if (status != STATUS_OK) {
		log_warn("dispatch.unbuildable", LOG_CSTR("message", job->id_text), LOG_ERR(&err));
		refuse(job, STATUS_REFUSED_PERM,
		       status == STATUS_NOT_FOUND ? "its text is not there any more" : err.text);
		return true;
	}
	send_job(job);
	return true;
}

/* Nothing leaves while its intent could not be kept. */
static bool may_start(struct dispatcher *d)
{
	return !atomic_load(&d->is_stopping) && d->open_count < d->config.concurrency &&
	       journal_health(d->config.journal) == JOURNAL_HEALTHY && dispatch_monotonic_us(d) >= d->paused_until_us &&
	       dispatch_monotonic_us(d) >= d->record_again_us;
}

void job_start_ready(struct dispatcher *d)
{
	while (!list_is_empty(&d->ready) && may_start(d)) {
		struct job *job = LIST_ENTRY(d->ready.next, struct job, record_link);
		if (start(job))
			continue;
		dispatch_recover_session(d);
		dispatch_pause(d);
	}
}

/* ---- A stop */

static void give_up(struct job *job)
{
	if (job->step == JOB_READY) {
		forget(job);
	} else if (job->delivery && !job->is_handed_over) {
		list_remove(&job->record_link);
		job->is_forgotten = true;
		transport_abandon(job->delivery);
	}
}

void job_give_up_all(struct dispatcher *d)
{
	for (struct list_link *link = d->jobs.next, *next; link != &d->jobs; link = next) {
		next = link->next;
		struct job *job = LIST_ENTRY(link, struct job, link);
		give_up(job);
	}
}
