/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers what, in the order in which it is asked: tracking paths first, because they are most of all requests and
 * somebody waits for a picture or a page; health; the API; the console, which takes every other address that wants
 * HTML. Tracking paths and health work under any name: a link must not die with one, and a probe may come by address.
 * Where people sign in only our names are good.
 *
 * Loops never block. What must read the store goes to a pool of workers and comes back to its loop. */
#include "web/web.h"

#include "base/mem.h"
#include "engine/accounts/password_queue.h"
#include "engine/ledger/record.h"
#include "net/worker_pool.h"
#include "web/api/exchange.h"
#include "web/api/worker.h"
#include "web/console/console.h"
#include "web/edge/health.h"
#include "web/sign_in/host_names.h"

enum { LOOPS_MAX = 256, WORKERS_DEFAULT = 4, WORKERS_FOR_QUICK = 1, WORKER_QUEUE_MAX = 1024 };

struct web_loop {
	struct web *web;
	struct tracker *tracker; /* NULL: no edge here */
};

struct web {
	struct web_config config;
	struct worker_pool *pool;
	struct exchange_config api;         /* requests that a stop cuts off outlive their loop */
	struct stored_links *links;         /* NULL: no edge here */
	struct key_wait *key_wait;          /* the same */
	struct http_server *_Atomic server; /* set once it runs; loops look at it */
	struct http_server *admin;          /* NULL: none */
	struct tracker_counters counters[LOOPS_MAX];
};

/* ---- Workers. */

static void *worker_start(void *user)
{
	const struct web *web = user;
	return worker_new(web->config.services, web->config.keys);
}

static void worker_stop(void *user, void *context)
{
	struct api_worker *worker = context;
	(void)user;
	worker_free(&worker);
}

/* ---- Loops. */

static void *loop_start(void *user, struct http_loop *loop)
{
	struct web *web = user;
	struct web_loop *l = MEM_NEW(struct web_loop);
	l->web = web;
	if (!web->config.has_edge)
		return l;
	struct tracker_config tracking = {
	    .journal = web->config.services->journal,
	    .keys = web->config.keys,
	    .clock = web->config.services->clock,
	    .base_url = web->config.services->base_url,
	    .max_wait_ms = web->config.max_wait_ms,
	    .applied = web->config.waits_for_store ? web->config.services->applied : NULL,
	    .counters = &web->counters[http_loop_index(loop)],
	    .links = web->links,
	    .key_wait = web->key_wait,
	};
	l->tracker = tracker_new(&tracking, loop);
	return l;
}

static void loop_stop(void *user, struct http_loop *loop, void *loop_user)
{
	struct web_loop *l = loop_user;
	(void)user;
	(void)loop;
	tracker_free(&l->tracker);
	mem_free(l);
}

static void loop_turn(void *loop_user)
{
	struct web_loop *l = loop_user;
	if (l->tracker)
		tracker_turn(l->tracker);
}

/* For whatever is no path of ours. It says so little because most of who asks is looking for somebody else's software.
 */
static void answer_nothing(struct http_request *request)
{
	struct http_header type = {SLICE("Content-Type"), SLICE("text/plain; charset=utf-8")};
	http_answer(request, 404, &type, 1, SLICE("There is nothing here.\n"));
}

/* RFC 9110, 15.5.20. Not a word of what was asked for is repeated. */
static void answer_misdirected(struct http_request *request)
{
	static const char detail[] =
	    "This server does not answer to that name. If it should, its operator adds the name "
	    "to server.hosts.";
	bool is_api = slice_starts_with(http_request_path(request), SLICE("/api/"));
	struct http_header type = {SLICE("Content-Type"),
				   is_api ? SLICE("application/problem+json") : SLICE("text/plain; charset=utf-8")};
	struct slice body = arena_printf(http_request_arena(request),
					 is_api ? "{\"type\":\"about:blank\",\"title\":\"Misdirected request\","
						  "\"status\":421,\"detail\":\"%s\"}"
						: "%s\n",
					 detail);
	http_answer(request, 421, &type, 1, body);
}

/* Made for each request: the server's own counters are there only once it runs. */
static struct health health_of(struct web *web, bool for_all)
{
	const struct api_services *s = web->config.services;
	struct health_parts parts = {.journal = s->journal,
				     .writer = s->writer,
				     .apply = s->apply,
				     .store_watch = s->store_watch,
				     .dispatcher = s->dispatcher,
				     .retention = s->retention,
				     .networks = s->networks,
				     .policies = s->policies,
				     .key_watch = web->config.key_watch,
				     .budget = s->budget,
				     .base_url = s->base_url};
	return (struct health){parts, atomic_load(&web->server), web->counters, LOOPS_MAX, for_all};
}

static bool is_for_us(const struct web *web, const struct http_request *request)
{
	return host_names_have(web->config.hosts, http_request_header(request, SLICE("host")));
}

static void handle(void *loop_user, struct http_request *request)
{
	struct web_loop *l = loop_user;
	struct web *web = l->web;
	if (l->tracker && tracker_handle(l->tracker, request))
		return;
	struct health health = health_of(web, false);
	if (health_handle(&health, request))
		return;
	if (!is_for_us(web, request)) {
		answer_misdirected(request);
		return;
	}
	if (web->config.has_api &&
	    (exchange_handle(&web->api, request) || console_handle(request, web->config.services->openapi_json)))
		return;
	answer_nothing(request);
}

/* Before a body is read. A hit has none; one that has it all the same is answered without it. */
static void admit(void *loop_user, struct http_request *request)
{
	struct web_loop *l = loop_user;
	struct web *web = l->web;
	if (l->tracker && tracker_takes_body(request))
		http_request_read_body(request, TRACKER_BODY_MAX, BUDGET_STRANGER);
	else if (!web->config.has_api || !is_for_us(web, request) || !exchange_admit(&web->api, request))
		handle(loop_user, request);
}

static void *admin_loop_start(void *user, struct http_loop *loop)
{
	(void)loop;
	return user;
}

static void handle_admin(void *loop_user, struct http_request *request)
{
	struct web *web = loop_user;
	struct health health = health_of(web, true);
	if (!health_handle(&health, request))
		answer_nothing(request);
}

/* ---- Life. */

/* There are two listeners, so a failure says whose address or port it was. */
static enum status listen_on(const char *setting, const struct http_server_config *config, struct http_server **ret,
			     struct err *err)
{
	struct err why = {0};
	enum status status = http_server_start(config, ret, &why);
	return status == STATUS_OK ? status : err_set(err, status, "%s: %s", setting, why.text);
}

/* A listener of its own for /metrics, so that it can stand on an address that only the inside reaches. */
static enum status start_admin(struct web *web, struct err *err)
{
	struct http_server_config config = {
	    .address = web->config.admin_address,
	    .port = web->config.admin_port,
	    .loops = 1,
	    .budget = web->config.services->budget,
	    .loop_start = admin_loop_start,
	    .admit = handle_admin, /* nothing there has a body */
	    .handle = handle_admin,
	    .user = web,
	};
	return web->config.admin_address ? listen_on("server.admin_listen", &config, &web->admin, err) : STATUS_OK;
}

static enum status start_edge(struct web *web, struct err *err)
{
	struct stored_links_config config = {web->config.services->store, web->config.services->clock};
	if (!web->config.has_edge)
		return STATUS_OK;
	enum status status = stored_links_start(&config, &web->links, err);
	return status == STATUS_OK ? key_wait_start(web->config.key_watch, &web->key_wait, err) : status;
}

static enum status start_server(struct web *web, struct err *err)
{
	struct http_server_config config = {
	    .address = web->config.address,
	    .port = web->config.port,
	    .loops = web->config.loops,
	    .limits = web->config.limits,
	    .trusted_proxies = web->config.trusted_proxies,
	    .trusted_proxy_count = web->config.trusted_proxy_count,
	    .loop_start = loop_start,
	    .loop_stop = loop_stop,
	    .budget = web->config.services->budget,
	    .loop_turn = loop_turn,
	    .admit = admit,
	    .handle = handle,
	    .user = web,
	};
	struct http_server *server = NULL;
	enum status status = listen_on("server.listen", &config, &server, err);
	atomic_store(&web->server, server);
	return status;
}

enum status web_start(const struct web_config *config, struct web **ret, struct err *err)
{
	struct web *web = MEM_NEW(struct web);
	web->config = *config;
	unsigned workers = config->workers ? config->workers : WORKERS_DEFAULT;
	struct worker_pool_config pool = {
	    .workers = workers,
	    .reserved = workers > WORKERS_FOR_QUICK ? WORKERS_FOR_QUICK : 0,
	    .queue_size = WORKER_QUEUE_MAX,
	    .context_new = worker_start,
	    .context_free = worker_stop,
	    .user = web,
	};
	enum status status = worker_pool_start(&pool, &web->pool, err);
	web->api = (struct exchange_config){web->config.services, web->pool};
	if (status == STATUS_OK)
		status = start_edge(web, err);
	if (status == STATUS_OK)
		status = start_server(web, err);
	if (status == STATUS_OK)
		status = start_admin(web, err);
	if (status != STATUS_OK)
		web_stop(&web, 0);
	else
		*ret = web;
	return status;
}

uint16_t web_port(const struct web *web)
{
	return http_server_port(atomic_load(&web->server));
}

/* The loops first: nobody new is let in and what was accepted is answered. Then whoever still waits for a password to
 * be checked, for the workers wait for these; then the workers, whose requests still point into the server; then its
 * memory. */
void web_stop(struct web **web, int timeout_ms)
{
	struct web *w = *web;
	if (!w)
		return;
	struct http_server *server = atomic_load(&w->server);
	if (w->admin)
		http_server_stop(&w->admin, timeout_ms);
	if (server)
		http_server_shut_down(server, timeout_ms);
	password_queue_close(w->config.services->passwords);
	worker_pool_stop(&w->pool);
	stored_links_stop(&w->links);
	key_wait_stop(&w->key_wait);
	http_server_free(&server);
	mem_free(w);
	*web = NULL;
}
