/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of its own, because the main one is what hangs; and _exit, because its handlers would run beside that. */
#include "prog/serve/start_guard.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/stop_signals.h"
#include "prog/show/options.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 50 };

struct start_guard {
	pthread_t thread;
	atomic_bool is_closed;
};

static void *run(void *user)
{
	struct start_guard *guard = user;
	while (!atomic_load(&guard->is_closed)) {
		int number = stop_signals_wait(LOOK_EVERY_MS);
		if (!number)
			continue;
		log_info("serve.stopped", LOG_CSTR("signal", number == SIGINT ? "INT" : "TERM"),
			 LOG_CSTR("during", "start"));
		_exit(EXIT_DONE);
	}
	return NULL;
}

struct start_guard *start_guard_open(void)
{
	struct start_guard *guard = MEM_NEW(struct start_guard);
	if (pthread_create(&guard->thread, NULL, run, guard) == 0) {
		(void)pthread_setname_np(guard->thread, "start_guard"); /* for those who watch; works without */
		return guard;
	}
	mem_free(guard);
	return NULL;
}

void start_guard_close(struct start_guard **guard)
{
	struct start_guard *g = *guard;
	*guard = NULL;
	if (!g)
		return;
	atomic_store(&g->is_closed, true);
	(void)pthread_join(g->thread, NULL);
	mem_free(g);
}
