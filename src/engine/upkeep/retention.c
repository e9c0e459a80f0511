/* SPDX-License-Identifier: Apache-2.0 */
/* A thread, because a pass lasts for hours and waits most of the time. Two locks: one is held for a whole pass, so that
 * the daily one and one that somebody asks for never run at once; the other only guards the wish to stop, for which
 * nobody may wait that long. */
#include "engine/upkeep/retention.h"
#include "engine/ledger/writer.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/upkeep/body_sweep.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static const int64_t PASS_EVERY_US = INT64_C(86400000000);
static const int64_t RETRY_AFTER_US = INT64_C(300000000);
static const int64_t LOOK_EVERY_US = 500000; /* for the writer to catch up */
/* A step and a pause of four times its length: a fifth of the writer's time at most (retention.h). */
enum { PAUSE_FACTOR = 4 };
enum { DAY_SECONDS = 86400 };
/* Of several servers one prunes: the others would look through the same events for nothing. */
static const struct writer_duty WHILE_PRUNING = {"prune", 0};
static const struct writer_duty UNTIL_TOMORROW = {"prune", DAY_SECONDS};
static const int64_t PAUSE_MIN_US = 1000;
static const int64_t PAUSE_MAX_US = 200000;

struct retention {
	struct retention_config config;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t pass_lock; /* held for a whole pass */
	pthread_mutex_t lock;      /* of what follows */
	pthread_cond_t stopping;
	bool is_stopping;
	atomic_bool is_running;
	_Atomic uint64_t events;
	_Atomic int64_t finished_us;
};

/* ---- Waiting. By the machine's clock, whatever clock tells when things are due. */

static struct timespec moment_in(int64_t wait_us)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += wait_us / 1000000;
	t.tv_nsec += (wait_us % 1000000) * 1000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

/* False: it is time to stop. */
static bool wait_for(struct retention *r, int64_t wait_us)
{
	struct timespec until = moment_in(wait_us);
	pthread_mutex_lock(&r->lock);
	while (!r->is_stopping && pthread_cond_timedwait(&r->stopping, &r->lock, &until) != ETIMEDOUT)
		;
	bool goes_on = !r->is_stopping;
	pthread_mutex_unlock(&r->lock);
	return goes_on;
}

static int64_t pause_after(int64_t step_us)
{
	int64_t pause_us = step_us * PAUSE_FACTOR;
	return pause_us < PAUSE_MIN_US ? PAUSE_MIN_US : pause_us > PAUSE_MAX_US ? PAUSE_MAX_US : pause_us;
}

/* ---- A pass */

static bool may_go_on(struct retention *r, const struct retention_request *request,
		      const struct event_sweep_progress *progress)
{
	if (request->step && !request->step(request->user, progress))
		return false;
	return wait_for(r, request->is_hasty || request->only_count ? 0 : pause_after(progress->step_us));
}

static enum status walk(struct retention *r, const struct retention_request *request, struct event_sweep *sweep,
			struct err *err)
{
	enum status status;
	uint64_t counted = 0;
	while ((status = event_sweep_step(sweep, err)) == STATUS_OK) {
		struct event_sweep_progress progress = event_sweep_progress(sweep);
		if (!request->only_count)
			atomic_fetch_add(&r->events, progress.count - counted);
		counted = progress.count;
		if (!may_go_on(r, request, &progress))
			return err_set(err, STATUS_AGAIN, "it was ended before it was through");
	}
	return status == STATUS_END ? STATUS_OK : status;
}

/* Somebody who asks for a pass gets one, whoever's duty it is; the daily one is for the whole store. */
static enum status run_pass(struct retention *r, const struct retention_request *request,
			    const struct writer_duty *duty, uint64_t *ret_count, struct err *err)
{
	struct event_retention same_for_all = {.days = request->days, .is_for_all = true};
	struct event_sweep *sweep = NULL;
	struct event_sweep_config config = {
	    .store = r->config.store,
	    .writer = request->only_count ? NULL : r->config.writer,
	    .clock = r->config.clock,
	    .retention = request->days ? &same_for_all : &r->config.events,
	    .duty = duty,
	    .now_us = clock_now_us(r->config.clock),
	};
	*ret_count = 0;
	enum status status = event_sweep_begin(&config, &sweep, err);
	if (status != STATUS_OK)
		return status;
	status = walk(r, request, sweep, err);
	*ret_count = event_sweep_progress(sweep).count;
	event_sweep_free(&sweep);
	return status;
}

static enum status run_alone(struct retention *r, const struct retention_request *request,
			     const struct writer_duty *duty, uint64_t *ret_count, struct err *err)
{
	pthread_mutex_lock(&r->pass_lock);
	atomic_store(&r->is_running, true);
	enum status status = run_pass(r, request, duty, ret_count, err);
	atomic_store(&r->is_running, false);
	pthread_mutex_unlock(&r->pass_lock);
	return status;
}

enum status retention_run(struct retention *r, const struct retention_request *request, uint64_t *ret_count,
			  struct err *err)
{
	/* Who only counts writes nothing and waits for nobody's pass. */
	return request->only_count ? run_pass(r, request, NULL, ret_count, err)
				   : run_alone(r, request, NULL, ret_count, err);
}

/* ---- Bodies */

static enum status walk_bodies(struct retention *r, struct body_sweep *sweep, uint64_t *ret_count, struct err *err)
{
	enum status status;
	uint64_t count = 0;
	while ((status = body_sweep_step(sweep, &count, err)) == STATUS_OK) {
		*ret_count += count;
		if (!wait_for(r, pause_after(sweep->step_us)))
			return STATUS_OK;
	}
	return status == STATUS_END ? STATUS_OK : status;
}

static void prune_bodies(struct retention *r)
{
	struct err err = {0};
	uint64_t count = 0;
	struct body_sweep sweep = {.writer = r->config.writer,
				   .clock = r->config.clock,
				   .duty = &WHILE_PRUNING,
				   .unused_since_us =
				       clock_now_us(r->config.clock) - r->config.bodies_days * INT64_C(86400000000)};
	enum status status = store_session_open(r->config.store, STORE_READ, &sweep.session, &err);
	if (status == STATUS_OK)
		status = store_session_set_patience(sweep.session, STORE_HISTORY_SECONDS, &err);
	if (status == STATUS_OK)
		status = walk_bodies(r, &sweep, &count, &err);
	/* DENIED: the duty is another server's by now, which goes on with it. */
	if (status != STATUS_OK && status != STATUS_DENIED)
		log_warn("bodies.not_pruned", LOG_INT("count", count), LOG_ERR(&err));
	else if (status == STATUS_OK)
		log_info("bodies.pruned", LOG_INT("count", count), LOG_INT("days", r->config.bodies_days));
	store_session_close(&sweep.session);
}

/* ---- Once a day */

struct duty_command {
	struct writer_command command; /* first */
	const struct retention *retention;
	const struct writer_duty *duty;
};

static enum status run_duty(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct duty_command *c = (const struct duty_command *)command;
	return writer_hold_duty(c->retention->config.writer, batch, c->duty, err);
}

static enum status hold(struct retention *r, const struct writer_duty *duty, struct err *err)
{
	struct duty_command c = {.command = {.run = run_duty}, .retention = r, .duty = duty};
	return writer_submit_and_wait(r->config.writer, &c.command, err);
}

static enum status prune_events(struct retention *r, struct err *err)
{
	const struct retention_request as_configured = {0};
	uint64_t count = 0;
	int64_t began_us = clock_monotonic_us(r->config.clock);
	enum status status = run_alone(r, &as_configured, &WHILE_PRUNING, &count, err);
	int64_t took_us = clock_monotonic_us(r->config.clock) - began_us;
	if (status == STATUS_OK) {
		atomic_store(&r->finished_us, clock_now_us(r->config.clock));
		log_info("events.pruned", LOG_INT("count", count), LOG_INT("days", r->config.events.days),
			 LOG_INT("took_ms", took_us / 1000));
	} else if (status != STATUS_AGAIN && status != STATUS_DENIED) { /* not stopped, nobody else's */
		log_warn("events.not_pruned", LOG_INT("count", count), LOG_ERR(err));
	}
	return status;
}

/* How long to wait for the next one. A server whose duty it is not looks again soon: the one that has it may die. */
static int64_t daily_pass(struct retention *r)
{
	struct err err = {0};
	int64_t began_us = clock_monotonic_us(r->config.clock);
	enum status status = hold(r, &WHILE_PRUNING, &err);
	if (status == STATUS_OK)
		status = prune_events(r, &err);
	if (status == STATUS_OK) {
		prune_bodies(r);
		status = hold(r, &UNTIL_TOMORROW, &err);
	}
	int64_t took_us = clock_monotonic_us(r->config.clock) - began_us;
	if (status != STATUS_OK)
		return RETRY_AFTER_US;
	return took_us < PASS_EVERY_US ? PASS_EVERY_US - took_us : 0;
}

static void *run(void *user)
{
	struct retention *r = user;
	int64_t wait_us = 0;
	while (!writer_caught_up(r->config.writer))
		if (!wait_for(r, LOOK_EVERY_US))
			return NULL;
	while (wait_for(r, wait_us))
		wait_us = daily_pass(r);
	return NULL;
}

struct retention *retention_new(const struct retention_config *config)
{
	pthread_condattr_t monotonic;
	struct retention *r = MEM_NEW(struct retention);
	r->config = *config;
	BUG_IF(pthread_mutex_init(&r->pass_lock, NULL) != 0 || pthread_mutex_init(&r->lock, NULL) != 0);
	BUG_IF(pthread_condattr_init(&monotonic) != 0 || pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) != 0 ||
	       pthread_cond_init(&r->stopping, &monotonic) != 0);
	(void)pthread_condattr_destroy(&monotonic);
	return r;
}

enum status retention_start(struct retention *r, struct err *err)
{
	int failed = pthread_create(&r->thread, NULL, run, r);
	if (failed)
		return err_set_errno(err, failed, "cannot start the thread that prunes");
	r->has_thread = true;
	(void)pthread_setname_np(r->thread, "retention"); /* for those who watch; works without */
	return STATUS_OK;
}

void retention_end_passes(struct retention *r)
{
	pthread_mutex_lock(&r->lock);
	r->is_stopping = true;
	pthread_cond_broadcast(&r->stopping);
	pthread_mutex_unlock(&r->lock);
}

void retention_free(struct retention **retention)
{
	struct retention *r = *retention;
	if (!r)
		return;
	retention_end_passes(r);
	if (r->has_thread)
		(void)pthread_join(r->thread, NULL);
	(void)pthread_mutex_destroy(&r->pass_lock);
	(void)pthread_mutex_destroy(&r->lock);
	(void)pthread_cond_destroy(&r->stopping);
	mem_free(r);
	*retention = NULL;
}

struct retention_figures retention_figures(const struct retention *r)
{
	return (struct retention_figures){.events = atomic_load(&r->events),
					  .finished_us = atomic_load(&r->finished_us),
					  .is_running = atomic_load(&r->is_running)};
}
