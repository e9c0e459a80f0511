/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads are enough: a look-up is one read by primary key, and the cache answers what is asked for often. Two
 * instead of one, so that a connection which hangs holds up half of them at most. */
#include "web/edge/stored_links.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/mail/links.h"
#include "web/edge/link_cache.h"

enum {
	WORKERS = 2,
	QUEUE_MAX = 1 << 20,   /* more than a server takes connections, of which each asks for one thing at a time */
	CACHE_BYTES = 8 << 20, /* some thousand URLs */
};
static const int64_t AWAY_US = 1000000;  /* nobody asks again for so long after a failure */
static const int64_t QUICK_US = 1000000; /* what fails sooner is tried again */
enum { LOOK_UP_SECONDS = 2 };            /* a row by its key; who clicked waits for it */

struct stored_links {
	struct stored_links_config config;
	struct worker_pool *pool;
	struct link_cache *cache;
};

struct worker {
	struct stored_links *links;
	struct store_session *session; /* NULL while the store is away */
	int64_t away_until_us;         /* monotonic; 0: it is not */
};

struct look_up {
	struct worker_job job; /* first */
	struct stored_link_query query;
	struct arena *arena;
	enum status status;
	struct slice url;
};

/* ---- On a worker */

static void *worker_start(void *user)
{
	struct worker *w = MEM_NEW(struct worker);
	w->links = user;
	return w; /* connected when it is first asked */
}

static void worker_stop(void *user, void *context)
{
	struct worker *w = context;
	(void)user;
	store_session_close(&w->session);
	mem_free(w);
}

static enum status open_session(struct worker *w, struct err *err)
{
	enum status status = store_session_open(w->links->config.store, STORE_READ, &w->session, err);
	return status == STATUS_OK ? store_session_set_patience(w->session, LOOK_UP_SECONDS, err) : status;
}

static enum status ask(struct worker *w, struct look_up *l, struct err *err)
{
	enum status status = w->session ? store_session_recover(w->session, err) : open_session(w, err);
	if (status == STATUS_OK)
		status = store_link_find(w->session, l->query.tenant, l->query.key, l->arena, &l->url, err);
	return status;
}

static bool is_answer(enum status status)
{
	return status == STATUS_OK || status == STATUS_NOT_FOUND;
}

/* Twice, because a session whose server has gone says so only when it is used, and a link must not die of that. A store
 * that let us wait would do so again. */
static enum status ask_well(struct worker *w, struct look_up *l)
{
	struct err err = {0};
	int64_t now_us = clock_monotonic_us(w->links->config.clock);
	if (w->away_until_us > now_us)
		return STATUS_IO;
	enum status status = ask(w, l, &err);
	if (!is_answer(status) && clock_monotonic_us(w->links->config.clock) - now_us < QUICK_US)
		status = ask(w, l, &err);
	bool is_away = !is_answer(status);
	if (is_away && !w->away_until_us)
		log_warn("links.no_store", LOG_ERR(&err));
	w->away_until_us = is_away ? clock_monotonic_us(w->links->config.clock) + AWAY_US : 0;
	return status;
}

static void run(struct worker_job *job, void *context)
{
	struct look_up *l = (struct look_up *)job;
	struct worker *w = context;
	/* Whoever waited in front of this one may have asked for the same. */
	l->url = link_cache_find(w->links->cache, l->query.tenant, l->query.key, l->arena);
	l->status = l->url.n ? STATUS_OK : ask_well(w, l);
	if (l->status == STATUS_OK)
		link_cache_put(w->links->cache, l->query.tenant, l->query.key, l->url);
	else
		l->url = SLICE_EMPTY;
}

/* ---- On the loop */

static void free_look_up(struct look_up *l)
{
	arena_free(&l->arena);
	mem_free(l);
}

static void answer(struct worker_job *job)
{
	struct look_up *l = (struct look_up *)job;
	l->query.answer(l->query.user, l->status, l->url);
	free_look_up(l);
}

static void drop(struct worker_job *job)
{
	struct look_up *l = (struct look_up *)job;
	l->query.drop(l->query.user);
	free_look_up(l);
}

void stored_links_find(struct stored_links *links, struct http_loop *loop, const struct stored_link_query *query)
{
	struct look_up *l = MEM_NEW(struct look_up);
	l->query = *query;
	l->arena = arena_new();
	l->status = STATUS_IO;
	l->job.run = run;
	l->job.done = answer;
	l->job.drop = drop;
	if (!worker_pool_post(links->pool, loop, &l->job))
		answer(&l->job);
}

struct slice stored_links_recall(struct stored_links *links, uint32_t tenant, struct slice key, struct arena *arena)
{
	return link_cache_find(links->cache, tenant, key, arena);
}

/* ---- Life */

enum status stored_links_start(const struct stored_links_config *config, struct stored_links **ret, struct err *err)
{
	struct stored_links *links = MEM_NEW(struct stored_links);
	struct worker_pool_config pool = {
	    .workers = WORKERS,
	    .queue_size = QUEUE_MAX,
	    .context_new = worker_start,
	    .context_free = worker_stop,
	    .user = links,
	};
	links->config = *config;
	links->cache = link_cache_new(CACHE_BYTES);
	enum status status = worker_pool_start(&pool, &links->pool, err);
	if (status == STATUS_OK)
		*ret = links;
	else
		stored_links_stop(&links);
	return status;
}

void stored_links_stop(struct stored_links **links)
{
	if (!*links)
		return;
	worker_pool_stop(&(*links)->pool);
	link_cache_free(&(*links)->cache);
	mem_free(*links);
	*links = NULL;
}
