/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of its own, because the one that stops the parts is the one that hangs. _exit and not exit: handlers would
 * run beside threads that are still at work, and wait for what they hold. */
#include "prog/serve/stop_deadline.h"

#include "base/log.h"
#include "base/mem.h"
#include "prog/show/options.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

struct stop_deadline {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t closed;
	bool is_closed; /* under lock */
	struct timespec at;
	const char *_Atomic part;
};

static void *run(void *user)
{
	struct stop_deadline *d = user;
	int waited = 0;
	pthread_mutex_lock(&d->lock);
	while (!d->is_closed && waited != ETIMEDOUT)
		waited = pthread_cond_timedwait(&d->closed, &d->lock, &d->at);
	bool is_over = !d->is_closed;
	pthread_mutex_unlock(&d->lock);
	if (!is_over)
		return NULL;
	log_warn("serve.stop_cut_off", LOG_CSTR("part", atomic_load(&d->part)),
		 LOG_CSTR("cost", "none: what is not done is taken up at the next start"));
	_exit(EXIT_FAILED);
}

static void init_clock(struct stop_deadline *d, uint32_t ms)
{
	pthread_condattr_t monotonic;
	BUG_IF(pthread_mutex_init(&d->lock, NULL) != 0);
	BUG_IF(pthread_condattr_init(&monotonic) != 0 || pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) != 0 ||
	       pthread_cond_init(&d->closed, &monotonic) != 0);
	(void)pthread_condattr_destroy(&monotonic);
	(void)clock_gettime(CLOCK_MONOTONIC, &d->at);
	d->at.tv_nsec += (long)(ms % 1000) * 1000000L;
	d->at.tv_sec += ms / 1000 + d->at.tv_nsec / 1000000000L;
	d->at.tv_nsec %= 1000000000L;
}

static void free_deadline(struct stop_deadline *d)
{
	(void)pthread_cond_destroy(&d->closed);
	(void)pthread_mutex_destroy(&d->lock);
	mem_free(d);
}

struct stop_deadline *stop_deadline_open(uint32_t ms)
{
	struct stop_deadline *d = MEM_NEW(struct stop_deadline);
	init_clock(d, ms);
	atomic_store(&d->part, "");
	if (pthread_create(&d->thread, NULL, run, d) == 0)
		return d;
	free_deadline(d);
	return NULL;
}

void stop_deadline_enter(struct stop_deadline *deadline, const char *part)
{
	if (deadline)
		atomic_store(&deadline->part, part);
}

void stop_deadline_close(struct stop_deadline **deadline)
{
	struct stop_deadline *d = *deadline;
	*deadline = NULL;
	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->is_closed = true;
	pthread_cond_signal(&d->closed);
	pthread_mutex_unlock(&d->lock);
	(void)pthread_join(d->thread, NULL);
	free_deadline(d);
}
