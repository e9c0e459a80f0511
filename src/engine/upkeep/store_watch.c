/* SPDX-License-Identifier: Apache-2.0 */
/* Looking beats being told. With a NOTIFY in each commit eight writers made 0.43 of the commits a second (all commits
 * of a PostgreSQL server that notify stand in one line), and LISTEN does not survive a pooler of transactions. One row
 * four times a second costs nothing that can be measured, and only while a browser shows the live page.
 *
 * A session of its own, that reads: what fails here fails alone, and the next look tries again. */
#include "engine/upkeep/store_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/events/events.h"
#include "store/house/replication.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { LOOK_EVERY_MS = 250 };
static const int64_t COPIES_EVERY_US = 60000000;

struct store_watch {
	struct store_watch_config config;
	struct store_session *session;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopping;
	bool is_stopping;   /* under lock */
	int64_t copies_us;  /* monotonic; when they were asked for last */
	bool has_copies;    /* known at all */
	_Atomic int copies; /* enum store_copies */
};

/* ---- Waiting. By the machine's clock: a test's does not move by itself. */

static struct timespec next_look(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += LOOK_EVERY_MS * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000L;
	t.tv_nsec %= 1000000000L;
	return t;
}

/* False: it is time to stop. */
static bool wait_for_next_look(struct store_watch *w)
{
	struct timespec until = next_look();
	pthread_mutex_lock(&w->lock);
	while (!w->is_stopping && pthread_cond_timedwait(&w->stopping, &w->lock, &until) != ETIMEDOUT)
		;
	bool goes_on = !w->is_stopping;
	pthread_mutex_unlock(&w->lock);
	return goes_on;
}

/* ---- Looking */

static void say_copies(enum store_copies copies)
{
	switch (copies) {
	case STORE_COPIES_ONE:
		log_warn("store.one_copy", LOG_CSTR("cost", "what the database loses is lost"),
			 LOG_CSTR("do", "give PostgreSQL a synchronous standby (doc/scale.md)"));
		break;
	case STORE_COPIES_LATE:
		log_warn("store.late_standby",
			 LOG_CSTR("cost", "after a failover, mail can be lost or sent twice; hits are replayed"),
			 LOG_CSTR("do", "set synchronous_standby_names (doc/scale.md)"));
		break;
	case STORE_COPIES_TWO: log_info("store.synchronous_standby"); break;
	}
}

static enum status look_at_copies(struct store_watch *w, struct err *err)
{
	enum store_copies copies;
	int64_t now_us = clock_monotonic_us(clock_system());
	if (w->has_copies && now_us - w->copies_us < COPIES_EVERY_US)
		return STATUS_OK;
	enum status status = store_copies_read(w->session, &copies, err);
	if (status != STATUS_OK)
		return status;
	if (!w->has_copies || (int)copies != atomic_load(&w->copies))
		say_copies(copies);
	w->copies_us = now_us;
	w->has_copies = true;
	atomic_store(&w->copies, copies);
	return STATUS_OK;
}

/* live_publish takes whoever is ahead: this process's own commits, or what another's are seen here. */
static enum status look_at_events(struct store_watch *w, struct err *err)
{
	uint64_t horizon = 0;
	if (!live_is_heard(w->config.live))
		return STATUS_OK;
	enum status status = store_event_horizon(w->session, &horizon, err);
	if (status == STATUS_OK && horizon > live_horizon(w->config.live))
		live_publish(w->config.live, horizon);
	return status;
}

static void *run(void *user)
{
	struct store_watch *w = user;
	struct err ignored;
	do {
		enum status status = look_at_copies(w, &ignored);
		if (status == STATUS_OK)
			status = look_at_events(w, &ignored);
		/* The writer says loudly enough that the store is away. */
		if (status != STATUS_OK)
			status = store_session_recover(w->session, &ignored);
	} while (wait_for_next_look(w));
	return NULL;
}

/* ---- Life */

static void free_watch(struct store_watch *w)
{
	store_session_close(&w->session);
	(void)pthread_mutex_destroy(&w->lock);
	(void)pthread_cond_destroy(&w->stopping);
	mem_free(w);
}

enum status store_watch_start(const struct store_watch_config *config, struct store_watch **ret, struct err *err)
{
	pthread_condattr_t monotonic;
	struct store_watch *w = MEM_NEW(struct store_watch);
	w->config = *config;
	BUG_IF(pthread_mutex_init(&w->lock, NULL) != 0);
	BUG_IF(pthread_condattr_init(&monotonic) != 0 || pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) != 0 ||
	       pthread_cond_init(&w->stopping, &monotonic) != 0);
	(void)pthread_condattr_destroy(&monotonic);
	enum status status = store_session_open(config->store, STORE_READ, &w->session, err);
	/* Before anybody asks whether we are ready. */
	if (status == STATUS_OK)
		status = look_at_copies(w, err);
	int failed = status == STATUS_OK ? pthread_create(&w->thread, NULL, run, w) : 0;
	if (failed)
		status = err_set_errno(err, failed, "cannot start the thread that watches the store");
	if (status != STATUS_OK) {
		free_watch(w);
		return status;
	}
	(void)pthread_setname_np(w->thread, "store_watch"); /* for those who watch; works without */
	*ret = w;
	return STATUS_OK;
}

void store_watch_stop(struct store_watch **watch)
{
	struct store_watch *w = *watch;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->is_stopping = true;
	pthread_cond_broadcast(&w->stopping);
	pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	free_watch(w);
	*watch = NULL;
}

const char *store_watch_objection(const struct store_watch *w)
{
	if (!w || !w->config.delivers || w->config.accepts_late || atomic_load(&w->copies) != STORE_COPIES_LATE)
		return NULL;
	return "a standby follows with a delay, so a failover can lose mail or send it twice: set "
	       "synchronous_standby_names, or sending.accept_async = on";
}
