/* SPDX-License-Identifier: Apache-2.0 */
/* One lock and one condition for all workers. A job is something that asks a database, so it takes a hundred times as
 * long as the lock is held; per-worker queues would save nothing and let one job wait behind a slow one while another
 * worker idles. What is done goes back to its loop by http_loop_post, because only that loop's thread may touch the
 * request. */
#include "net/worker_pool.h"
#include "base/mem.h"
#include <pthread.h>
#include <signal.h>

struct worker_pool {
	struct worker_pool_config config;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct worker_job *first; /* oldest */
	struct worker_job **last;
	size_t waiting;
	bool ending;
	unsigned started;
	pthread_t threads[];
};

static void drop(struct worker_job *job)
{
	if (job->drop)
		job->drop(job);
}

static void run_done(struct http_job *back)
{
	struct worker_job *job = (struct worker_job *)(void *)((char *)back - offsetof(struct worker_job, back));
	job->done(job);
}

/* The oldest job, waited for; NULL when the pool ends. */
static struct worker_job *take(struct worker_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (!pool->first && !pool->ending)
		pthread_cond_wait(&pool->work, &pool->lock);
	struct worker_job *job = pool->ending ? NULL : pool->first;
	if (job) {
		pool->first = job->next;
		if (!pool->first)
			pool->last = &pool->first;
		pool->waiting--;
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void *work(void *self)
{
	struct worker_pool *pool = self;
	const struct worker_pool_config *config = &pool->config;
	struct worker_job *job;
	sigset_t all;
	sigfillset(&all); /* signals are the main thread's */
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	void *context = config->context_new ? config->context_new(config->user) : NULL;
	while ((job = take(pool))) {
		job->run(job, context);
		job->back.run = run_done;
		if (!http_loop_post(job->loop, &job->back))
			drop(job);
	}
	if (config->context_free)
		config->context_free(config->user, context);
	return NULL;
}

enum status worker_pool_start(const struct worker_pool_config *config, struct worker_pool **ret, struct err *err)
{
	unsigned workers = config->workers ? config->workers : 4;
	struct worker_pool *pool = mem_alloc(sizeof *pool + workers * sizeof *pool->threads);
	pool->config = *config;
	if (!pool->config.queue_size)
		pool->config.queue_size = 256;
	pool->last = &pool->first;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	for (; pool->started < workers; pool->started++) {
		int failed = pthread_create(&pool->threads[pool->started], NULL, work, pool);
		if (failed) {
			worker_pool_stop(&pool);
			return err_set_errno(err, failed, "cannot start a worker");
		}
	}
	*ret = pool;
	return STATUS_OK;
}

void worker_pool_stop(struct worker_pool **pool)
{
	struct worker_pool *p = *pool;
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	struct worker_job *job = p->first, *next;
	p->ending = true;
	p->first = NULL;
	p->last = &p->first;
	p->waiting = 0;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (; job; job = next) {
		next = job->next;
		drop(job);
	}
	for (unsigned i = 0; i < p->started; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	mem_free(p);
	*pool = NULL;
}

bool worker_pool_post(struct worker_pool *pool, struct http_loop *loop, struct worker_job *job)
{
	job->loop = loop;
	job->next = NULL;
	pthread_mutex_lock(&pool->lock);
	bool room = !pool->ending && pool->waiting < pool->config.queue_size;
	if (room) {
		*pool->last = job;
		pool->last = &job->next;
		pool->waiting++;
		pthread_cond_signal(&pool->work);
	}
	pthread_mutex_unlock(&pool->lock);
	return room;
}

size_t worker_pool_waiting(struct worker_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	size_t waiting = pool->waiting;
	pthread_mutex_unlock(&pool->lock);
	return waiting;
}
