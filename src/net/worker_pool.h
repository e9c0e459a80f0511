/* SPDX-License-Identifier: Apache-2.0 */
/* worker_pool: threads that do what a loop must not wait for, each with a context of its own (a database connection).
 *
 * A loop posts a job; run() is called on a worker with its context, then done() on the loop it came from, where the
 * request can be answered. The queue has an end: a full pool says so at once, and the caller answers 503.
 * Jobs belong to the caller and are embedded in something bigger; the pool allocates nothing for them.
 *
 * A job that has to wait for another thread does not hold its worker: it is parked, and resumed by that thread.
 *
 * Some workers can be kept for jobs that are quick, so that a few that ask for much, or wait for something that
 * somebody else holds, do not stop those that ask for little.
 */
#ifndef PUGMARK_NET_WORKER_POOL_H
#define PUGMARK_NET_WORKER_POOL_H

#include "net/http_server.h"

struct worker_pool;

struct worker_pool_config {
	unsigned workers;  /* threads; 0 takes 4 */
	unsigned reserved; /* of these, take quick jobs only; fewer than all */
	size_t queue_size; /* jobs waiting at most, and as many parked; 0 takes 256 */
	/* On each worker's thread, first and last. NULL: the context is NULL. A context that cannot be made is the
	 * caller's to model: it is handed to run() as it is. */
	void *(*context_new)(void *user);
	void (*context_free)(void *user, void *context);
	void *user;
};

struct worker_job {
	void (*run)(struct worker_job *job, void *context); /* on a worker; may block; must not touch the loop */
	void (*done)(struct worker_job *job);               /* on the loop, once run() returned */
	/* Instead of run() and done(), or of done() alone, when the pool or the loop ended before: releases memory and
	 * touches neither loop nor request. On any thread. NULL does nothing. */
	void (*drop)(struct worker_job *job);
	bool is_quick;           /* asks for little */
	struct http_loop *loop;  /* set by worker_pool_post, as the rest */
	struct worker_job *next; /* */
	struct http_job back;    /* */
	bool *is_parked;         /* */
	uint64_t number;         /* */
};

enum status worker_pool_start(const struct worker_pool_config *config, struct worker_pool **ret,
			      struct err *err) MUST_CHECK;
/* Lets jobs under way finish, drops the waiting ones, waits for the parked ones to be resumed and drops them, ends the
 * threads. Blocks as long as the longest job and the longest wait: whoever resumes must still run. *pool may be NULL
 * and is NULL afterwards. The loops must still be in memory: http_server_shut_down, then this, then http_server_free.
 */
void worker_pool_stop(struct worker_pool **pool);

/* Any thread. run, done and drop are set. False: the queue is full or the pool is ending, and nothing of the job will
 * be called. */
bool worker_pool_post(struct worker_pool *pool, struct http_loop *loop, struct worker_job *job) MUST_CHECK;
/* Within run(), as the last thing before the job is handed to whoever will resume it, perhaps before run() returns:
 * the pool leaves it alone from here on. False: too many are parked; then nothing has happened. */
bool worker_pool_park(struct worker_pool *pool, struct worker_job *job) MUST_CHECK;
/* Any thread: run() is called again, which may be another function by now, before jobs that are new; then done() as
 * always. Never refused; when the pool is ending the job is dropped. Does not block. */
void worker_pool_resume(struct worker_pool *pool, struct worker_job *job);
/* Jobs waiting now. */
size_t worker_pool_waiting(struct worker_pool *pool);

#endif
