/* SPDX-License-Identifier: Apache-2.0 */
/* One lock and two queues for all workers. A job is something that asks a database, so it takes a hundred times as long
 * as the lock is held; per-worker queues would save nothing and let one job wait behind a slow one while another worker
 * idles. Jobs that are resumed have their work behind them and only want to answer, so they go before new ones;
 * otherwise a flood of new requests would keep finished ones in memory. What is done goes back to its loop by
 * http_loop_post, because only that loop's thread may touch the request. Whether a job was parked is a flag on the
 * worker's own stack, because the job may be somebody else's, and gone, before run() returns.
 *
 * Which worker is a reserved one is not fixed: as long as fewer than the others are at work on slow jobs, any may take
 * any. So nobody idles while something waits, and jobs go in the order in which they came, each kind by itself. */
#include "net/worker_pool.h"
#include "base/mem.h"
#include <pthread.h>
#include <signal.h>

struct job_queue {
	struct worker_job *first; /* oldest */
	struct worker_job **last;
};

enum kind { QUICK, SLOW, KINDS };

struct worker_pool {
	struct worker_pool_config config;
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_cond_t none_parked;
	struct job_queue resumed[KINDS], posted[KINDS];
	size_t waiting;  /* in `posted` */
	unsigned slow;   /* workers at work on slow jobs */
	uint64_t number; /* of the last job that was posted */
	size_t parked;
	bool ending;
	unsigned workers, started;
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

static void queue_init(struct job_queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void queues_init(struct worker_pool *pool)
{
	for (int kind = 0; kind < KINDS; kind++) {
		queue_init(&pool->resumed[kind]);
		queue_init(&pool->posted[kind]);
	}
}

static void queue_put(struct job_queue *q, struct worker_job *job)
{
	job->next = NULL;
	*q->last = job;
	q->last = &job->next;
}

static struct worker_job *queue_take(struct job_queue *q)
{
	struct worker_job *job = q->first;
	if (job)
		q->first = job->next;
	if (!q->first)
		q->last = &q->first;
	return job;
}

static enum kind kind_of(const struct worker_job *job)
{
	return job->is_quick ? QUICK : SLOW;
}

/* The older one of both kinds, or of those that may be taken now; NULL: none. */
static struct worker_job *take_oldest(struct worker_pool *pool, struct job_queue queues[KINDS])
{
	bool may_be_slow = pool->slow < pool->workers - pool->config.reserved;
	const struct worker_job *quick = queues[QUICK].first, *slow = may_be_slow ? queues[SLOW].first : NULL;
	if (!quick && !slow)
		return NULL;
	bool is_quick = quick && (!slow || quick->number < slow->number);
	return queue_take(&queues[is_quick ? QUICK : SLOW]);
}

static struct worker_job *take_now(struct worker_pool *pool)
{
	struct worker_job *job = take_oldest(pool, pool->resumed);
	if (job)
		return job;
	job = take_oldest(pool, pool->posted);
	pool->waiting -= job != NULL;
	return job;
}

/* The oldest job, waited for; NULL when the pool ends. */
static struct worker_job *take(struct worker_pool *pool)
{
	struct worker_job *job = NULL;
	pthread_mutex_lock(&pool->lock);
	while (!pool->ending && !(job = take_now(pool)))
		pthread_cond_wait(&pool->work, &pool->lock);
	pool->slow += job && kind_of(job) == SLOW;
	pthread_mutex_unlock(&pool->lock);
	return job;
}

/* Whoever waits may take a slow one now. */
static void note_ended(struct worker_pool *pool, enum kind kind)
{
	if (kind == QUICK)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->slow--;
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}

static void run_job(struct worker_job *job, void *context)
{
	bool is_parked = false;
	job->is_parked = &is_parked;
	job->run(job, context);
	if (is_parked)
		return;
	job->back.run = run_done;
	/* The loop has ended, and with it whoever wanted the answer. */
	if (!http_loop_post(job->loop, &job->back))
		drop(job);
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
		enum kind kind = kind_of(job); /* it may be gone afterwards */
		run_job(job, context);
		note_ended(pool, kind);
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
	queues_init(pool);
	pool->workers = workers;
	BUG_IF(config->reserved >= workers);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->none_parked, NULL);
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

static void drop_all(struct worker_job *job)
{
	while (job) {
		struct worker_job *next = job->next;
		drop(job);
		job = next;
	}
}

void worker_pool_stop(struct worker_pool **pool)
{
	struct worker_pool *p = *pool;
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	struct worker_job *const left[] = {p->resumed[QUICK].first, p->resumed[SLOW].first, p->posted[QUICK].first,
					   p->posted[SLOW].first};
	p->ending = true;
	queues_init(p);
	p->waiting = 0;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
		drop_all(left[i]);
	for (unsigned i = 0; i < p->started; i++)
		pthread_join(p->threads[i], NULL);
	/* After the threads: a job under way may have been parked at the very end. */
	pthread_mutex_lock(&p->lock);
	while (p->parked)
		pthread_cond_wait(&p->none_parked, &p->lock);
	pthread_mutex_unlock(&p->lock);
	pthread_cond_destroy(&p->none_parked);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	mem_free(p);
	*pool = NULL;
}

bool worker_pool_post(struct worker_pool *pool, struct http_loop *loop, struct worker_job *job)
{
	job->loop = loop;
	pthread_mutex_lock(&pool->lock);
	bool room = !pool->ending && pool->waiting < pool->config.queue_size;
	if (room) {
		job->number = ++pool->number;
		queue_put(&pool->posted[kind_of(job)], job);
		pool->waiting++;
		pthread_cond_signal(&pool->work);
	}
	pthread_mutex_unlock(&pool->lock);
	return room;
}

bool worker_pool_park(struct worker_pool *pool, struct worker_job *job)
{
	pthread_mutex_lock(&pool->lock);
	bool room = pool->parked < pool->config.queue_size;
	pool->parked += room;
	pthread_mutex_unlock(&pool->lock);
	if (room)
		*job->is_parked = true;
	return room;
}

/* The job is dropped before it counts as no longer parked, and that is told under the lock: the pool and the loops are
 * freed as soon as nothing is. */
void worker_pool_resume(struct worker_pool *pool, struct worker_job *job)
{
	pthread_mutex_lock(&pool->lock);
	bool ending = pool->ending;
	if (!ending) {
		queue_put(&pool->resumed[kind_of(job)], job);
		pool->parked--;
		pthread_cond_signal(&pool->work);
	}
	pthread_mutex_unlock(&pool->lock);
	if (!ending)
		return;
	drop(job);
	pthread_mutex_lock(&pool->lock);
	pool->parked--;
	pthread_cond_signal(&pool->none_parked);
	pthread_mutex_unlock(&pool->lock);
}

size_t worker_pool_waiting(struct worker_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	size_t waiting = pool->waiting;
	pthread_mutex_unlock(&pool->lock);
	return waiting;
}
