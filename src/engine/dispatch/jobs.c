/* SPDX-License-Identifier: Apache-2.0 */
/* A job is a member of one list by what it waits for, so that a turn of the deliverer touches only what can move:
 *
 *   waiting   to be given to the builder (the store was away, or what was built got old)
 *   built     to be started
 *   settling  in the order of their outcomes' sequence numbers, so that settling looks at the first one only
 *   busy      all others: somebody will call back
 *
 * Nothing is started while the journal cannot keep an intent. What was built more than ten seconds before it can be
 * started is built again: its address may have been suppressed in between. */
#include "engine/dispatch/jobs.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/apply/send_fence.h"
#include "engine/dispatch/failure_log.h"
#include "engine/dispatch/queue_errands.h"

enum {
	PAUSE_MS = 1000,
	FRESH_SECONDS = 10,
	LEASE_MARGIN_SECONDS =
	    10, /* the dot is not sent with less of the lease left: another may be about to take it */
	INTENT_BYTES_MAX = 64,
};

static const int64_t FAILURES_EVERY_US = 60000000;

enum job_step {
	JOB_WAITING,
	JOB_BUILDING, /* `build` is the builder's */
	JOB_BUILT,
	JOB_WITHDRAWING,
	JOB_SENDING,
	JOB_INTENT,
	JOB_PAST_DOT,
	JOB_OUTCOME,
	JOB_SETTLING,
};

struct job {
	struct list_link link;
	struct jobs *jobs;
	enum job_step step;
	bool is_forgotten; /* given up without a word; its lease goes back */
	struct build *build;
	struct lease *lease;
	char id_text[UUID_TEXT_SIZE];
	struct delivery *delivery; /* NULL when none is under way */
	struct durable_record intent;
	struct shared_intent shared_intent;
	bool has_intent; /* one of the two is under way */
	char intent_bytes[INTENT_BYTES_MAX];
	struct durable_record outcome;
	uint64_t outcome_sequence;
};

struct jobs {
	struct jobs_config config;
	struct prng prng;
	struct list_link waiting, built, settling, busy;
	struct job_figures figures;
	struct lease_returns returns;
	struct log_limit *failures; /* what was said of them */
	int64_t next_retry_us;      /* see jobs_take_next_retry */
	bool is_ending;
};

static int64_t monotonic_us(const struct jobs *jobs)
{
	return clock_monotonic_us(jobs->config.clock);
}

void jobs_pause(struct jobs *jobs)
{
	jobs->figures.pause_until_us = monotonic_us(jobs) + (int64_t)PAUSE_MS * 1000;
}

struct job_figures jobs_figures(const struct jobs *jobs)
{
	return jobs->figures;
}

int64_t jobs_take_next_retry(struct jobs *jobs)
{
	int64_t next_us = jobs->next_retry_us;
	jobs->next_retry_us = 0;
	return next_us;
}

static void move_to(struct job *job, struct list_link *list, enum job_step step)
{
	list_remove(&job->link);
	list_append(list, &job->link);
	job->step = step;
}

static void job_free(struct job *job)
{
	struct send_fence *fence = job->jobs->config.fence;
	const struct queue_entry *entry = &job->build->entry;
	if (fence)
		send_fence_end(fence, entry->message, entry->attempt);
	list_remove(&job->link);
	lease_let_go(job->lease);
	build_free(&job->build);
	job->jobs->figures.all--;
	mem_free(job);
}

/* The bytes of the mail are not needed any more; its lease may be. */
static void drop_mail(struct job *job)
{
	if (job->build->result == BUILD_DONE)
		builder_release(job->jobs->config.builder, job->build);
	job->build->result = BUILD_LATER;
}

/* Nothing was recorded of it: the lease goes back. */
static void forget(struct job *job)
{
	drop_mail(job);
	lease_returns_add(&job->jobs->returns, &job->build->entry);
	job_free(job);
}

/* ---- Outcomes */

static void count_outcome(struct job_counts *counts, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_SENT:
	case OUTCOME_DELIVERED: atomic_fetch_add(&counts->sent, 1); break;
	case OUTCOME_RETRY: atomic_fetch_add(&counts->deferred, 1); break;
	case OUTCOME_FAILED: atomic_fetch_add(&counts->failed, 1); break;
	case OUTCOME_UNCERTAIN: atomic_fetch_add(&counts->uncertain, 1); break;
	}
}

static void outcome_settled(struct durable_record *record, enum status status, uint64_t sequence)
{
	struct job *job = LIST_ENTRY(record, struct job, outcome);
	(void)status; /* must_be_kept */
	job->outcome_sequence = sequence;
	job->jobs->figures.open--;
	job->jobs->figures.settling++;
	move_to(job, &job->jobs->settling, JOB_SETTLING);
	drop_mail(job);
}

static void put_outcome(struct job *job)
{
	job->outcome.settled = outcome_settled;
	durable_records_put(job->jobs->config.records, &job->outcome);
}

/* In the job's memory: the record stays until the journal has it. */
static struct slice outcome_bytes(struct job *job, const struct outcome_record *record)
{
	char *room = arena_alloc(job->build->arena, RECORD_PAYLOAD_MAX);
	struct buf payload;
	buf_init_fixed(&payload, room, RECORD_PAYLOAD_MAX);
	record_put_outcome(&payload, record);
	BUG_IF(buf_failed(&payload)); /* words were cut to size */
	return buf_slice(&payload);
}

/* The end of the attempt. An intent that is with the journal must be in front of it there, so it waits for that. */
static void end_attempt(struct job *job, const struct transport_outcome *said)
{
	struct jobs *jobs = job->jobs;
	struct attempt_end end = {.entry = &job->build->entry,
				  .is_past_dot = job->step == JOB_PAST_DOT,
				  .said = said,
				  .now_us = clock_now_us(jobs->config.clock)};
	struct outcome_record record = attempt_end_record(&end, &jobs->config.retry, &jobs->prng, job->build->arena);
	if (record.next_due_us && (jobs->next_retry_us == 0 || record.next_due_us < jobs->next_retry_us))
		jobs->next_retry_us = record.next_due_us;
	count_outcome(jobs->config.counts, record.outcome);
	job->step = JOB_OUTCOME;
	job->outcome.type = RECORD_OUTCOME;
	job->outcome.must_be_kept = true;
	job->outcome.payload = outcome_bytes(job, &record);
	if (!job->has_intent)
		put_outcome(job);
}

/* ---- Intents */

static bool is_handed_over(const struct job *job)
{
	return job->has_intent && (job->intent.is_handed_over || job->shared_intent.is_handed_over);
}

static void take_intent_back(struct job *job)
{
	durable_record_take_back(&job->intent);
	shared_intent_take_back(&job->shared_intent);
	job->has_intent = false;
}

static bool has_lease(const struct job *job)
{
	int64_t margin_us = (int64_t)LEASE_MARGIN_SECONDS * 1000000;
	return monotonic_us(job->jobs) + margin_us < job->lease->until_us;
}

static void intent_settled(struct job *job, enum status status)
{
	job->has_intent = false;
	if (!job->delivery) {
		/* The line broke while the intent was being written; what came of it is only recorded now. */
		put_outcome(job);
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
	if (job->is_forgotten && status != STATUS_CONFLICT)
		jobs_pause(job->jobs);
	transport_abandon(job->delivery);
}

static void record_settled(struct durable_record *record, enum status status, uint64_t sequence)
{
	(void)sequence;
	intent_settled(LIST_ENTRY(record, struct job, intent), status);
}

static void shared_settled(struct shared_intent *intent, enum status status)
{
	intent_settled(LIST_ENTRY(intent, struct job, shared_intent), status);
}

/* False: it was canceled since it was claimed. */
static bool may_leave(struct durable_record *record)
{
	const struct job *job = LIST_ENTRY(record, struct job, intent);
	const struct queue_entry *entry = &job->build->entry;
	struct send_fence *fence = job->jobs->config.fence;
	return !fence || send_fence_begin(fence, entry->message, entry->attempt);
}

static void put_intent_record(struct job *job)
{
	const struct queue_entry *entry = &job->build->entry;
	struct intent_record intent = {entry->message, entry->lease, entry->attempt, job->build->message.dated_us};
	struct buf payload;
	buf_init_fixed(&payload, job->intent_bytes, sizeof job->intent_bytes);
	record_put_intent(&payload, &intent);
	BUG_IF(buf_failed(&payload));
	job->intent.type = RECORD_INTENT;
	job->intent.payload = buf_slice(&payload);
	job->intent.is_wanted = may_leave;
	job->intent.settled = record_settled;
	durable_records_put(job->jobs->config.records, &job->intent);
}

static void at_barrier(void *user, struct delivery *delivery)
{
	struct job *job = user;
	const struct queue_entry *entry = &job->build->entry;
	(void)delivery;
	job->step = JOB_INTENT;
	job->has_intent = true;
	if (!job->jobs->config.intents) {
		put_intent_record(job);
		return;
	}
	job->shared_intent.intent = (struct queue_intent){entry->message, entry->lease, entry->attempt};
	job->shared_intent.date_us = job->build->message.dated_us;
	job->shared_intent.settled = shared_settled;
	shared_intents_put(job->jobs->config.intents, &job->shared_intent);
}

/* ---- Sending */

static void note_failure(const struct job *job, const struct transport_outcome *said)
{
	failure_log(job->jobs->failures, job->build->entry.provider, said, monotonic_us(job->jobs));
}

static void done(void *user, struct delivery *delivery, const struct transport_outcome *outcome)
{
	struct job *job = user;
	(void)delivery;
	job->delivery = NULL;
	atomic_fetch_sub(&job->jobs->config.counts->in_flight, 1);
	if (job->is_forgotten) {
		job->jobs->figures.open--;
		forget(job);
		return;
	}
	/* Nobody has seen an intent that only waits: the outcome says all there is. */
	if (job->has_intent && !is_handed_over(job))
		take_intent_back(job);
	note_failure(job, outcome);
	end_attempt(job, outcome);
}

/* The attempt ends before anything was sent. */
static void refuse(struct job *job, enum status status, const char *words)
{
	struct transport_outcome outcome = {.status = status, .reply = slice_from_cstr(words)};
	if (status != STATUS_REFUSED_PERM) /* which was said with the mail's id */
		note_failure(job, &outcome);
	end_attempt(job, &outcome);
}

/* A fault of the configuration and not of the mail: it is tried again, as after a line that broke. */
static void refuse_without_provider(struct job *job)
{
	struct transport_outcome outcome = {.status = STATUS_NOT_FOUND,
					    .reply = SLICE("no provider of that name is configured here")};
	note_failure(job, &outcome);
	outcome.status = STATUS_IO;
	end_attempt(job, &outcome);
}

static void send_job(struct job *job)
{
	static const struct delivery_events events = {at_barrier, done};
	const struct message *message = &job->build->message;
	struct transport *transport = outlets_find(job->jobs->config.outlets, message->provider);
	struct transport_mail mail = {
	    .id = slice_from_cstr(job->id_text),
	    .envelope_from = message->from_email,
	    .envelope_to = message->to_email,
	    .bytes = buf_slice(&job->build->bytes),
	};
	job->jobs->figures.to_start--;
	job->jobs->figures.open++;
	move_to(job, &job->jobs->busy, JOB_SENDING);
	if (!transport) {
		refuse_without_provider(job);
		return;
	}
	atomic_fetch_add(&job->jobs->config.counts->in_flight, 1);
	job->delivery = transport_start(transport, &mail, &events, job);
}

/* Nothing leaves while its intent could not be kept. */
static bool may_start(const struct jobs *jobs)
{
	int64_t now_us = monotonic_us(jobs);
	return !jobs->is_ending && journal_health(jobs->config.journal) == JOURNAL_HEALTHY &&
	       now_us >= jobs->figures.pause_until_us && now_us >= durable_records_pause_until_us(jobs->config.records);
}

/* ---- Building */

static void build(struct job *job)
{
	move_to(job, &job->jobs->busy, JOB_BUILDING);
	builder_post(job->jobs->config.builder, job->build);
}

static void build_waiting(struct jobs *jobs)
{
	while (!list_is_empty(&jobs->waiting))
		build(LIST_ENTRY(jobs->waiting.next, struct job, link));
}

static void start_built(struct jobs *jobs)
{
	int64_t fresh_us = monotonic_us(jobs) - (int64_t)FRESH_SECONDS * 1000000;
	while (!list_is_empty(&jobs->built) && jobs->figures.open < jobs->config.concurrency) {
		struct job *job = LIST_ENTRY(jobs->built.next, struct job, link);
		if (job->build->built_us < fresh_us) {
			drop_mail(job);
			build(job);
		} else {
			send_job(job);
		}
	}
}

static void withdrawn(void *user, enum status status)
{
	struct job *job = user;
	if (status != STATUS_OK && status != STATUS_CONFLICT)
		jobs_pause(job->jobs); /* the lease runs out, and it will be tried again */
	job->jobs->figures.open--;
	job_free(job);
}

static void withdraw(struct job *job)
{
	struct queue_withdrawal withdrawal = {.entry = &job->build->entry,
					      .reason = job->build->reason,
					      .now_us = clock_now_us(job->jobs->config.clock),
					      .finished = withdrawn,
					      .user = job};
	job->step = JOB_WITHDRAWING;
	queue_errand_withdraw(job->jobs->config.errands, &withdrawal);
}

static void take_built(struct job *job)
{
	struct jobs *jobs = job->jobs;
	const struct err *err = &job->build->err;
	switch (job->build->result) {
	case BUILD_DONE: move_to(job, &jobs->built, JOB_BUILT); return;
	/* The store is away, or there was a stop; not at once again. */
	case BUILD_LATER:
		move_to(job, &jobs->waiting, JOB_WAITING);
		jobs_pause(jobs);
		return;
	case BUILD_NOT_WANTED:
	case BUILD_IMPOSSIBLE: break;
	}
	jobs->figures.to_start--;
	jobs->figures.open++;
	if (job->build->result == BUILD_NOT_WANTED) {
		withdraw(job);
		return;
	}
	log_warn("dispatch.unbuildable", LOG_CSTR("message", job->id_text), LOG_CSTR("error", err->text));
	refuse(job, STATUS_REFUSED_PERM, err->text);
}

static void collect_built(struct jobs *jobs)
{
	struct list_link letters, *letter;
	list_init(&letters);
	builder_collect(jobs->config.builder, &letters);
	while ((letter = list_take_first(&letters)))
		take_built(LIST_ENTRY(letter, struct build, letter)->user);
}

/* ---- All of them */

struct jobs *jobs_new(const struct jobs_config *config)
{
	struct jobs *jobs = MEM_NEW(struct jobs);
	uint64_t seed;
	/* Another one at each start: servers that come up together must not try again together. */
	random_bytes(&seed, sizeof seed);
	prng_init(&jobs->prng, seed);
	jobs->config = *config;
	jobs->failures = log_limit_new(FAILURES_EVERY_US);
	list_init(&jobs->waiting);
	list_init(&jobs->built);
	list_init(&jobs->settling);
	list_init(&jobs->busy);
	return jobs;
}

void jobs_free(struct jobs **jobs)
{
	struct jobs *j = *jobs;
	*jobs = NULL;
	if (!j)
		return;
	struct list_link *const lists[] = {&j->waiting, &j->built, &j->settling, &j->busy};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		while (!list_is_empty(lists[i]))
			job_free(LIST_ENTRY(lists[i]->next, struct job, link));
	lease_returns_done(&j->returns);
	log_limit_free(&j->failures);
	mem_free(j);
}

void jobs_add(struct jobs *jobs, const struct queue_entry *entry, struct lease *lease)
{
	struct job *job = MEM_NEW(struct job);
	job->jobs = jobs;
	job->build = build_new(entry);
	job->build->user = job;
	job->build->result = BUILD_LATER;
	job->lease = lease;
	lease_hold(lease);
	uuid_format(entry->message, job->id_text);
	list_init(&job->link);
	jobs->figures.all++;
	jobs->figures.to_start++;
	move_to(job, &jobs->waiting, JOB_WAITING);
}

static void settle(struct jobs *jobs, uint64_t applied)
{
	while (!list_is_empty(&jobs->settling)) {
		struct job *job = LIST_ENTRY(jobs->settling.next, struct job, link);
		if (job->outcome_sequence > applied)
			return;
		jobs->figures.settling--;
		job_free(job);
	}
}

void jobs_move(struct jobs *jobs, uint64_t applied_sequence)
{
	collect_built(jobs);
	settle(jobs, applied_sequence);
	if (may_start(jobs)) {
		start_built(jobs);
		build_waiting(jobs);
	}
	lease_returns_send(&jobs->returns, jobs->config.errands, monotonic_us(jobs));
}

static void forget_all(struct list_link *list)
{
	while (!list_is_empty(list)) {
		struct job *job = LIST_ENTRY(list->next, struct job, link);
		job->jobs->figures.to_start--;
		forget(job);
	}
}

/* Before the dot the other side cannot have it, and an intent that nobody has seen can be taken back. */
static void abandon_all(struct jobs *jobs)
{
	for (struct list_link *link = jobs->busy.next, *next; link != &jobs->busy; link = next) {
		next = link->next;
		struct job *job = LIST_ENTRY(link, struct job, link);
		if (!job->delivery || job->step == JOB_PAST_DOT || is_handed_over(job))
			continue;
		if (job->has_intent)
			take_intent_back(job);
		job->is_forgotten = true;
		transport_abandon(job->delivery);
	}
}

void jobs_give_up(struct jobs *jobs)
{
	jobs->is_ending = true;
	builder_cancel(jobs->config.builder);
	forget_all(&jobs->waiting);
	forget_all(&jobs->built);
	abandon_all(jobs);
	lease_returns_send(&jobs->returns, jobs->config.errands, monotonic_us(jobs));
}
