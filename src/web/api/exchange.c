/* SPDX-License-Identifier: Apache-2.0 */
/* One struct travels from thread to thread; at any time exactly one of them has it, and gives it away as its last act:
 * the loop by worker_pool_post, the worker by returning or by writer_submit, the writer by worker_pool_resume. Nothing
 * in it is locked for that reason.
 *
 * What a handler waits for is submitted here and not by the handler: the writer may be through with a command before
 * writer_submit returns, and another worker may then be at work on the same call. */
#include "web/api/exchange.h"

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/mem.h"
#include "codec/url/query.h"
#include "engine/accounts/password_queue.h"
#include "engine/ledger/writer.h"
#include "net/worker_pool.h"
#include "web/api/answer.h"
#include "web/api/event_stream.h"
#include "web/api/long_answer.h"
#include "web/api/routes.h"
#include "web/api/services.h"

#define API_PREFIX "/api/v1/"

enum {
	BODY_COPIED_MAX = 16384,   /* larger bodies stay in the connection's buffer */
	ANSWER_COPIED_MAX = 16384, /* larger answers are handed over */
	OWN_BUFFER_MAX = 2048,     /* of a body: it finds room behind its head without asking for more */
	UNASKED_MAX = 65536,       /* of a body whose sender is not known yet */
};

struct api_exchange {
	struct worker_job job; /* first: a job is an exchange */
	const struct exchange_config *config;
	struct http_request *request;
	const struct route *route;
	struct api_call call;
};

/* ---- On the worker, and between workers */

static void go_on(struct worker_job *job, void *context);

static void resume(struct api_exchange *x)
{
	x->job.run = go_on;
	worker_pool_resume(x->config->pool, &x->job);
}

/* On the writer's thread: not even the answer is made here, for everybody's commands wait behind it. */
static void on_committed(struct writer_command *command)
{
	resume(command->submitter);
}

/* On the queue's thread, or, where there was no place, on the worker's that asked. */
static void on_checked(struct password_check *check)
{
	resume(check->submitter);
}

static void submit_command(struct api_exchange *x)
{
	struct writer_command *command = x->call.command;
	command->done = on_committed;
	command->submitter = x;
	writer_submit(x->call.services->writer, command);
}

static void submit_check(struct api_exchange *x)
{
	struct password_check *check = x->call.check;
	check->done = on_checked;
	check->submitter = x;
	password_queue_submit(x->call.services->passwords, check);
}

/* Somebody else has it from the last line on. */
static void submit(struct api_exchange *x)
{
	if (!call_is_waiting(&x->call))
		return;
	if (!worker_pool_park(x->config->pool, &x->job)) {
		answer_header(&x->call, SLICE("Retry-After"), SLICE("1"));
		answer_problem(&x->call, 503, "Busy", "Too many changes are waiting. Try again in a second.");
	} else if (x->call.command) {
		submit_command(x);
	} else {
		submit_check(x);
	}
}

static void run(struct worker_job *job, void *context)
{
	struct api_exchange *x = (struct api_exchange *)job;
	call_run(&x->call, x->route, context);
	submit(x);
}

static void go_on(struct worker_job *job, void *context)
{
	struct api_exchange *x = (struct api_exchange *)job;
	call_go_on(&x->call, context);
	submit(x);
}

/* ---- Back on the loop */

/* Answers hold people's data: no cache on the way may keep one. */
static void add_standard_headers(struct api_call *call)
{
	if (call->status != 204)
		answer_header(call, SLICE("Content-Type"), call->response_type);
	answer_header(call, SLICE("X-Request-Id"), slice_from_cstr(call->request_id));
	answer_header(call, SLICE("Cache-Control"), SLICE("no-store"));
}

static void free_exchange(struct api_exchange *x)
{
	call_done(&x->call);
	mem_free(x);
}

/* A large answer is handed over as it is; a small one is better off in the request's own memory. */
static void answer(struct api_exchange *x)
{
	struct api_call *call = &x->call;
	add_standard_headers(call);
	if (call->response.n > ANSWER_COPIED_MAX && !buf_failed(&call->response))
		http_answer_owned(x->request, call->status, call->headers, call->header_count, &call->response);
	else
		http_answer(x->request, call->status, call->headers, call->header_count, buf_slice(&call->response));
}

static void answer_page_by_page(struct api_exchange *x)
{
	add_standard_headers(&x->call);
	long_answer_start(x->config, x->request, &x->call);
	mem_free(x); /* what was in the call lives on */
}

static void finish(struct worker_job *job)
{
	struct api_exchange *x = (struct api_exchange *)job;
	if (x->call.pages) {
		answer_page_by_page(x);
		return;
	}
	if (x->call.who.secret_hash.n > 0)
		http_request_set_known(x->request);
	if (x->call.stream_filter)
		event_stream_start(x->config, x->request, &x->call);
	else
		answer(x);
	free_exchange(x);
}

/* The server ended before the answer was there; nobody is left to hear it. */
static void drop(struct worker_job *job)
{
	free_exchange((struct api_exchange *)job);
}

/* ---- From the loop */

static struct slice keep_header(struct arena *arena, const struct http_request *request, struct slice name)
{
	struct slice value = http_request_header(request, name);
	return value.p ? arena_copy(arena, value) : (struct slice){NULL, 0};
}

/* Once, into the call's arena: the connection's buffer is then free for the next request, and a worker may take its
 * time. A large body stays where it is, and the buffer with it. */
static void copy_request(struct api_call *call, struct http_request *request)
{
	struct arena *arena = call->arena;
	call->asker.method = http_request_method(request);
	call->asker.is_https = http_request_is_https(request);
	call->asker.time_us = clock_now_us(call->services->clock);
	call->path = arena_copy(arena, http_request_path(request));
	call->query = arena_copy(arena, http_request_query(request));
	call->body = http_request_body(request);
	bool is_large = call->body.n > BODY_COPIED_MAX;
	if (!is_large)
		call->body = arena_copy(arena, call->body);
	call->asker.authorization = keep_header(arena, request, SLICE("authorization"));
	call->asker.cookie = keep_header(arena, request, SLICE("cookie"));
	call->idempotency_key = keep_header(arena, request, SLICE("idempotency-key"));
	call->accept = keep_header(arena, request, SLICE("accept"));
	call->content_type = keep_header(arena, request, SLICE("content-type"));
	call->asker.origin = keep_header(arena, request, SLICE("origin"));
	call->asker.sec_fetch_site = keep_header(arena, request, SLICE("sec-fetch-site"));
	call->asker.host = keep_header(arena, request, SLICE("host"));
	call->last_event_id = keep_header(arena, request, SLICE("last-event-id"));
	call->client = *http_request_client(request);
	if (!is_large)
		http_request_release_input(request);
}

static struct api_exchange *new_exchange(const struct exchange_config *config, struct http_request *request)
{
	struct api_exchange *x = MEM_NEW(struct api_exchange);
	x->config = config;
	x->request = request;
	call_init(&x->call, config->services);
	x->job.run = run;
	x->job.done = finish;
	x->job.drop = drop;
	return x;
}

static bool decode_parameters(struct api_call *call, const struct slice *raw)
{
	for (size_t i = 0; i < API_PATH_PARAMETERS_MAX; i++)
		if (raw[i].p && percent_decode(arena_copy(call->arena, raw[i]), PERCENT_PATH, call->arena,
					       &call->parameters[i]) != STATUS_OK)
			return false;
	return true;
}

static void answer_now(struct api_exchange *x, unsigned status, const char *title, const char *detail)
{
	answer_problem(&x->call, status, title, detail);
	finish(&x->job);
}

/* NULL after having answered; else it is the API's and its route is known. */
static struct api_exchange *find_route(const struct exchange_config *config, struct http_request *request)
{
	struct slice path = slice_from(http_request_path(request), strlen(API_PREFIX));
	struct slice parameters[API_PATH_PARAMETERS_MAX] = {{NULL, 0}};
	bool path_known;
	struct api_exchange *x = new_exchange(config, request);
	x->route = routes_find(http_request_method(request), path, parameters, &path_known);
	if (!x->route && path_known) {
		answer_header(&x->call, SLICE("Allow"), routes_methods_of(path, x->call.arena));
		answer_now(x, 405, "Method not allowed", "This path does not take that method.");
	} else if (!x->route || !decode_parameters(&x->call, parameters)) {
		answer_now(x, 404, "Not found", "There is no such path in the API. /openapi.json lists them all.");
	} else {
		return x;
	}
	return NULL;
}

static void post(struct api_exchange *x)
{
	if (worker_pool_post(x->config->pool, http_request_loop(x->request), &x->job))
		return;
	answer_header(&x->call, SLICE("Retry-After"), SLICE("1"));
	answer_now(x, 503, "Busy", "Too many requests are waiting. Try again in a second.");
}

static bool is_ours(const struct http_request *request)
{
	return slice_starts_with(http_request_path(request), SLICE(API_PREFIX));
}

bool exchange_handle(const struct exchange_config *config, struct http_request *request)
{
	if (!is_ours(request))
		return false;
	struct api_exchange *x = find_route(config, request);
	if (!x)
		return true;
	/* One at a time on a connection: what is pipelined behind it would take a place in the queue, and memory, for
	 * an answer that has to wait for this one. */
	http_request_hold(request);
	x->job.is_quick = (x->route->flags & ROUTE_QUICK) != 0;
	copy_request(&x->call, request);
	post(x);
	return true;
}

/* ---- Before the body */

static void ask_who(struct worker_job *job, void *context)
{
	struct api_exchange *x = (struct api_exchange *)job;
	(void)call_admit(&x->call, x->route, context);
}

static void let_in(struct worker_job *job)
{
	struct api_exchange *x = (struct api_exchange *)job;
	if (x->call.status) {
		finish(job); /* refused */
		return;
	}
	http_request_read_body(x->request, route_body_max(x->route), BUDGET_KNOWN);
	free_exchange(x);
}

/* A body that is small enough, while there is room for those of strangers, costs less than the question who sends it.
 * What fits into a connection's own buffer takes no room. */
static bool is_read_unasked(const struct exchange_config *config, const struct route *route, uint64_t n)
{
	return (route->flags & ROUTE_OPEN) || n <= OWN_BUFFER_MAX ||
	       (n <= UNASKED_MAX && byte_budget_has_room(config->services->budget, (size_t)n, BUDGET_STRANGER));
}

bool exchange_admit(const struct exchange_config *config, struct http_request *request)
{
	if (!is_ours(request))
		return false;
	struct api_exchange *x = find_route(config, request);
	uint64_t n = http_request_body_bytes(request);
	if (!x)
		return true;
	uint64_t body_max = route_body_max(x->route);
	if (n != UINT64_MAX && n > body_max) {
		answer_now(x, 413, "Too large", "The body is larger than this path takes.");
	} else if (is_read_unasked(config, x->route, n)) {
		free_exchange(x);
		http_request_read_body(request, body_max, BUDGET_STRANGER);
	} else {
		x->job.run = ask_who;
		x->job.done = let_in;
		x->job.is_quick = true;
		copy_request(&x->call, request);
		post(x);
	}
	return true;
}
