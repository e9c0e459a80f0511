/* SPDX-License-Identifier: Apache-2.0 */
/* One thread and a queue without an end that anybody could reach: who waits here is a connection, of which there are
 * server.connections at most, and the watch answers all who came before its look began together. */
#include "web/edge/key_wait.h"

#include "base/clock.h"
#include "base/mem.h"

enum { QUEUE_MAX = 1 << 20 };

struct key_wait {
	struct key_watch *watch;
	struct worker_pool *pool;
};

struct waiting {
	struct worker_job job; /* first */
	struct key_watch *watch;
	int64_t asked_us;
	void (*answer)(void *user);
	void *user;
};

static void run(struct worker_job *job, void *context)
{
	struct waiting *w = (struct waiting *)job;
	(void)context;
	key_watch_look(w->watch, w->asked_us);
}

static void answer(struct worker_job *job)
{
	struct waiting *w = (struct waiting *)job;
	w->answer(w->user);
	mem_free(w);
}

static void drop(struct worker_job *job)
{
	mem_free(job);
}

bool key_wait_ask(struct key_wait *wait, struct http_loop *loop, void (*to_call)(void *user), void *user)
{
	struct waiting *w = MEM_NEW(struct waiting);
	*w = (struct waiting){.job = {.run = run, .done = answer, .drop = drop},
			      .watch = wait->watch,
			      .asked_us = clock_monotonic_us(clock_system()),
			      .answer = to_call,
			      .user = user};
	if (worker_pool_post(wait->pool, loop, &w->job))
		return true;
	mem_free(w);
	return false;
}

bool key_wait_knows(const struct key_wait *wait, uint8_t id)
{
	return key_watch_knows(wait->watch, id);
}

/* ---- Life */

enum status key_wait_start(struct key_watch *watch, struct key_wait **ret, struct err *err)
{
	struct key_wait *wait = MEM_NEW(struct key_wait);
	struct worker_pool_config pool = {.workers = 1, .queue_size = QUEUE_MAX};
	wait->watch = watch;
	enum status status = worker_pool_start(&pool, &wait->pool, err);
	if (status == STATUS_OK)
		*ret = wait;
	else
		mem_free(wait);
	return status;
}

void key_wait_stop(struct key_wait **wait)
{
	if (!*wait)
		return;
	worker_pool_stop(&(*wait)->pool);
	mem_free(*wait);
	*wait = NULL;
}
