/* SPDX-License-Identifier: Apache-2.0 */
/* The deliverer's thread and its turn; its parts know nothing of one another but what their headers say:
 *
 *   claims --> jobs --> builder (a thread), outlets (the network), durable_records or shared_intents, queue_errands
 *     |         |
 *     +---------+--> lease_book, errands (the writer)
 *
 * Everything that happens elsewhere (a command's end, a finished mail, a finished journal batch, a wake, the network)
 * ends the wait in transport_run, and the turn then does whatever has become possible. It sleeps until the next thing
 * that is known to come. */
#include "engine/dispatch/dispatch.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/dispatch/claims.h"
#include "engine/ledger/writer.h"

enum {
	CONCURRENCY = 20,
	ATTEMPTS_MAX = 12,
	RETRY_BASE_MS = 60 * 1000,
	RETRY_CAP_MS = 4 * 3600 * 1000,
	BUILT_BYTES_MAX = 64 * 1024 * 1024,
	SLEEP_MAX_MS = 10000,
	CATCH_UP_POLL_MS = 20, /* at the start only, until the writer has caught up */
	/* Nobody tells when a record was applied. It is looked for while mail that is due waits for the room that
	 * settling mails take, and apply is a few ms behind. */
	SETTLE_POLL_MS = 3,
	RECORD_ROOM = 2048, /* bytes of the feed for each mail under way */
	RECORD_ROOM_MIN = 64 * 1024,
};

struct dispatcher {
	struct dispatch_config config; /* defaults filled in */
	const struct sending *sending;
	const struct clock *clock;
	struct store_session *session; /* reads */
	struct transport_loop *loop;
	struct outlets *outlets;
	struct errands errands;
	struct durable_records *records;
	struct shared_intents intents;
	struct lease_book leases;
	struct builder *builder;
	struct jobs *jobs;
	struct claims *claims;
	pthread_t thread;
	struct job_counts counts;
	atomic_bool is_woken;
	atomic_bool is_stopping;
	atomic_int stop_timeout_ms;
};

static int64_t monotonic_us(const struct dispatcher *d)
{
	return clock_monotonic_us(d->clock);
}

/* Called by the writer's, the journal's and the builder's thread. */
static void wake_loop(void *user)
{
	transport_wake(user);
}

/* ---- The turn */

static int64_t earlier(int64_t a, int64_t b)
{
	return b < a ? b : a;
}

static int wait_ms(const struct dispatcher *d)
{
	struct job_figures jobs = jobs_figures(d->jobs);
	struct claims_times times = claims_times(d->claims);
	int64_t now_us = monotonic_us(d);
	int64_t until_us = now_us + (int64_t)SLEEP_MAX_MS * 1000;
	int64_t due_in_us = times.next_due_us - clock_now_us(d->clock);
	int64_t record_us = durable_records_pause_until_us(d->records);
	/* What is due already and was not claimed waits for room, and room makes itself heard. */
	if (times.next_due_us && due_in_us > 0)
		until_us = earlier(until_us, now_us + due_in_us);
	if (jobs.open == 0 && jobs.to_start == 0 && times.next_look_us > now_us)
		until_us = earlier(until_us, times.next_look_us);
	if (jobs.pause_until_us > now_us)
		until_us = earlier(until_us, jobs.pause_until_us);
	if (record_us > now_us)
		until_us = earlier(until_us, record_us);
	if (jobs.settling && times.waits_for_room)
		until_us = earlier(until_us, now_us + (int64_t)SETTLE_POLL_MS * 1000);
	int64_t ms = (until_us - now_us + 999) / 1000;
	return ms < 0 ? 0 : (int)ms;
}

/* Waits first, so that what has happened since is seen by all that follows. */
static void turn(struct dispatcher *d, int timeout_ms)
{
	transport_run(d->loop, timeout_ms);
	if (atomic_exchange(&d->is_woken, false))
		claims_expect(d->claims);
	errands_finish(&d->errands);
	durable_records_move(d->records);
	jobs_move(d->jobs, writer_applied_sequence(d->sending->writer));
	claims_move(d->claims, !atomic_load(&d->is_stopping));
	shared_intents_move(&d->intents);
	durable_records_move(d->records);
}

/* False when it is to stop before it has begun. */
static bool begin(struct dispatcher *d)
{
	while (!atomic_load(&d->is_stopping) && !writer_caught_up(d->sending->writer))
		transport_run(d->loop, CATCH_UP_POLL_MS);
	while (!atomic_load(&d->is_stopping) && !claims_recovered(d->claims)) {
		if (d->errands.count == 0 && monotonic_us(d) >= jobs_figures(d->jobs).pause_until_us)
			claims_recover(d->claims);
		transport_run(d->loop, CATCH_UP_POLL_MS);
		errands_finish(&d->errands);
	}
	return !atomic_load(&d->is_stopping);
}

static bool is_at_work(const struct dispatcher *d)
{
	struct job_figures jobs = jobs_figures(d->jobs);
	return jobs.open || jobs.to_start || d->errands.count || durable_records_any(d->records);
}

/* Mails past the dot are waited for, and every outcome is brought into the journal. */
static void end(struct dispatcher *d)
{
	int64_t until_us = monotonic_us(d) + (int64_t)atomic_load(&d->stop_timeout_ms) * 1000;
	jobs_give_up(d->jobs);
	while (is_at_work(d)) {
		/* A command points into this dispatcher, a batch that the journal has into the feed, and the builder
		 * has mails of ours: no limit on these; none of them keeps anybody waiting for ever. */
		bool must_wait = d->errands.count || durable_records_busy(d->records) || jobs_figures(d->jobs).to_start;
		if (!must_wait && monotonic_us(d) >= until_us)
			break;
		turn(d, CATCH_UP_POLL_MS);
		jobs_give_up(d->jobs);
	}
}

static void *thread_main(void *user)
{
	struct dispatcher *d = user;
	if (begin(d)) {
		turn(d, 0); /* what was due before it began wakes nobody any more */
		while (!atomic_load(&d->is_stopping))
			turn(d, wait_ms(d));
	}
	end(d);
	return NULL;
}

/* ---- Start and stop */

static void set_defaults(struct dispatch_config *c)
{
	c->concurrency = c->concurrency ? c->concurrency : CONCURRENCY;
	c->attempts_max = c->attempts_max ? c->attempts_max : ATTEMPTS_MAX;
	c->retry_base_ms = c->retry_base_ms ? c->retry_base_ms : RETRY_BASE_MS;
	c->retry_cap_ms = c->retry_cap_ms ? c->retry_cap_ms : RETRY_CAP_MS;
	c->built_bytes_max = c->built_bytes_max ? c->built_bytes_max : BUILT_BYTES_MAX;
	c->providers = NULL; /* the caller's; not looked at again */
}

/* The reverse of the order in which they were made. */
static void dispatcher_free(struct dispatcher *d)
{
	claims_free(&d->claims);
	jobs_free(&d->jobs);
	builder_stop(&d->builder);
	lease_book_done(&d->leases);
	durable_records_free(&d->records);
	errands_done(&d->errands);
	store_session_close(&d->session);
	outlets_close(&d->outlets);
	transport_loop_free(&d->loop);
	mem_free(d);
}

static struct dispatcher *dispatcher_new(const struct dispatch_config *config)
{
	struct dispatcher *d = MEM_NEW(struct dispatcher);
	d->config = *config;
	set_defaults(&d->config);
	d->sending = config->sending;
	d->clock = config->sending->clock;
	d->loop = transport_loop_new();
	errands_init(&d->errands, d->sending->writer, wake_loop, d->loop);
	lease_book_init(&d->leases, (int64_t)LEASE_SECONDS * 1000000);
	shared_intents_init(&d->intents, &d->errands);
	return d;
}

static enum status open_builder(struct dispatcher *d, struct err *err)
{
	struct builder_config config = {.store = d->sending->store,
					.keys = d->sending->keys,
					.clock = d->clock,
					.bytes_max = d->config.built_bytes_max,
					.wake = wake_loop,
					.user = d->loop};
	return builder_start(&config, &d->builder, err);
}

static void make_records(struct dispatcher *d)
{
	size_t bytes = (size_t)d->config.concurrency * RECORD_ROOM;
	d->records = durable_records_new(
	    &(struct durable_records_config){.journal = d->config.journal,
					     .clock = d->clock,
					     .batch_bytes = bytes < RECORD_ROOM_MIN ? RECORD_ROOM_MIN : bytes,
					     .wake = wake_loop,
					     .user = d->loop});
}

static void make_jobs(struct dispatcher *d)
{
	d->jobs = jobs_new(&(struct jobs_config){
	    .clock = d->clock,
	    .journal = d->config.journal,
	    .errands = &d->errands,
	    .records = d->records,
	    .intents = store_is_shared(d->sending->store) ? &d->intents : NULL,
	    .fence = store_is_shared(d->sending->store) ? NULL : d->sending->fence,
	    .builder = d->builder,
	    .outlets = d->outlets,
	    .counts = &d->counts,
	    .retry = {d->config.attempts_max, d->config.retry_base_ms, d->config.retry_cap_ms},
	    .concurrency = d->config.concurrency,
	});
	d->claims = claims_new(&(struct claims_config){
	    .clock = d->clock,
	    .store = d->sending->store,
	    .session = d->session,
	    .journal = d->config.journal,
	    .errands = &d->errands,
	    .leases = &d->leases,
	    .jobs = d->jobs,
	    .retry = {d->config.attempts_max, d->config.retry_base_ms, d->config.retry_cap_ms},
	    .concurrency = d->config.concurrency,
	    .resend_in_doubt = d->config.resend_in_doubt,
	});
}

static enum status start_thread(struct dispatcher *d, struct err *err)
{
	int fault = pthread_create(&d->thread, NULL, thread_main, d);
	return fault ? err_set_errno(err, fault, "cannot start the thread that sends mail") : STATUS_OK;
}

enum status dispatch_start(const struct dispatch_config *config, struct dispatcher **ret, struct err *err)
{
	struct dispatcher *d = dispatcher_new(config);
	enum status status = outlets_open(d->loop, config->providers, config->provider_count, &d->outlets, err);
	if (status == STATUS_OK)
		status = store_session_open(config->sending->store, STORE_READ, &d->session, err);
	if (status == STATUS_OK)
		status = open_builder(d, err);
	if (status == STATUS_OK) {
		make_records(d);
		make_jobs(d);
		status = start_thread(d, err);
	}
	if (status != STATUS_OK) {
		dispatcher_free(d);
		return status;
	}
	*ret = d;
	return STATUS_OK;
}

void dispatch_wake(struct dispatcher *dispatcher)
{
	atomic_store(&dispatcher->is_woken, true);
	transport_wake(dispatcher->loop);
}

void dispatch_stop(struct dispatcher **dispatcher, int timeout_ms)
{
	struct dispatcher *d = *dispatcher;
	*dispatcher = NULL;
	if (!d)
		return;
	atomic_store(&d->stop_timeout_ms, timeout_ms);
	atomic_store(&d->is_stopping, true);
	transport_wake(d->loop);
	(void)pthread_join(d->thread, NULL); /* fails only for a thread that is not there */
	size_t left = outlets_active(d->outlets);
	if (left) {
		/* Their dot is out and no answer has come. Hanging up could not take it back; they stay as they are,
		 * until the process ends, and are in doubt at the next start. */
		log_warn("dispatch.stopped_in_doubt", LOG_INT("mails", left));
		durable_records_free(&d->records);
		builder_stop(&d->builder);
		store_session_close(&d->session);
		return;
	}
	dispatcher_free(d);
}

void dispatch_figures(const struct dispatcher *d, struct dispatch_figures *ret)
{
	*ret = (struct dispatch_figures){
	    .sent = atomic_load(&d->counts.sent),
	    .failed = atomic_load(&d->counts.failed),
	    .deferred = atomic_load(&d->counts.deferred),
	    .uncertain = atomic_load(&d->counts.uncertain),
	    .in_flight = atomic_load(&d->counts.in_flight),
	};
}
