/* SPDX-License-Identifier: Apache-2.0 */
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
enum { PAUSE_FACTOR = 4 };
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

static enum status run_pass(struct retention *r, const struct retention_request *request, uint64_t *ret_count,
			    struct err *err)
{
	struct event_retention same_for_all = {.days = request->days, .is_for_all = true};
	struct event_sweep *sweep = NULL;
	struct event_sweep_config config = {
	    .store = r->config.store,
	    .writer = request->only_count ? NULL : r->config.writer,
	    .clock = r->config.clock,
	    .retention = request->days ? &same_for_all : &r->config.events,
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

enum status retention_run(struct retention *r, const struct retention_request *request, uint64_t *ret_count,
			  struct err *err)
{
	if (request->only_count)
		return run_pass(r, request, ret_count, err);
	pthread_mutex_lock(&r->pass_lock);
	atomic_store(&r->is_running, true);
	enum status status = run_pass(r, request, ret_count, err);
	atomic_store(&r->is_running, false);
	pthread_mutex_unlock(&r->pass_lock);
	return status;
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
				   .unused_since_us =
				       clock_now_us(r->config.clock) - r->config.bodies_days * INT64_C(86400000000)};
	enum status status = store_session_open(r->config.store, STORE_READ, &sweep.session, &err);
	if (status == STATUS_OK)
		status = walk_bodies(r, &sweep, &count, &err);
	if (status != STATUS_OK)
		log_warn("bodies.not_pruned", LOG_INT("count", count), LOG_ERR(&err));
	else
		log_info("bodies.pruned", LOG_INT("count", count), LOG_INT("days", r->config.bodies_days));
	store_session_close(&sweep.session);
}

/* ---- Once a day */

/* How long to wait for the next one. */
static int64_t daily_pass(struct retention *r)
{
	const struct retention_request as_configured = {0};
	struct err err = {0};
	uint64_t count;
	int64_t began_us = clock_monotonic_us(r->config.clock);
	enum status status = retention_run(r, &as_configured, &count, &err);
	int64_t took_us = clock_monotonic_us(r->config.clock) - began_us;
	if (status == STATUS_OK) {
		atomic_store(&r->finished_us, clock_now_us(r->config.clock));
		log_info("events.pruned", LOG_INT("count", count), LOG_INT("days", r->config.events.days),
			 LOG_INT("took_ms", took_us / 1000));
		return took_us < PASS_EVERY_US ? PASS_EVERY_US - took_us : 0;
	}
	if (status != STATUS_AGAIN) /* then it was stopped */
		log_warn("events.not_pruned", LOG_INT("count", count), LOG_ERR(&err));
	return RETRY_AFTER_US;
}

static void *run(void *user)
{
	struct retention *r = user;
	int64_t wait_us = 0;
	while (!writer_caught_up(r->config.writer))
		if (!wait_for(r, LOOK_EVERY_US))
			return NULL;
	while (wait_for(r, wait_us)) {
		wait_us = daily_pass(r);
		prune_bodies(r);
	}
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
