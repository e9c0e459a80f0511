/* SPDX-License-Identifier: Apache-2.0 */
/* One struct travels from thread to thread; at any time exactly one of them has it, and gives it away as its last act:
 * the loop by worker_pool_post, the worker by returning or by writer_submit, the writer by worker_pool_resume. Nothing
 * in it is locked for that reason.
 *
 * The command is submitted here and not by the handler: the writer may be through with it before writer_submit returns,
 * and another worker may then be at work on the same call. */
#include "web/api/exchange.h"

#include "base/clock.h"
#include "base/mem.h"
#include "codec/url/query.h"
#include "engine/ledger/writer.h"
#include "net/worker_pool.h"
#include "web/api/answer.h"
#include "web/api/event_stream.h"
#include "web/api/routes.h"
#include "web/api/services.h"

struct api_exchange {
	struct worker_job job; /* first: a job is an exchange */
	const struct exchange_config *config;
	struct http_request *request;
	const struct route *route;
	struct api_call call;
};

/* ---- On the worker, and between workers */

static void go_on(struct worker_job *job, void *context);

/* On the writer's thread: not even the answer is made here, for everybody's commands wait behind it. */
static void on_committed(struct writer_command *command)
{
	struct api_exchange *x = command->submitter;
	x->job.run = go_on;
	worker_pool_resume(x->config->pool, &x->job);
}

/* The writer has it from the last line on. */
static void submit_command(struct api_exchange *x)
{
	struct writer_command *command = x->call.command;
	if (!call_is_waiting(&x->call))
		return;
	if (!worker_pool_park(x->config->pool, &x->job)) {
		answer_header(&x->call, SLICE("Retry-After"), SLICE("1"));
		answer_problem(&x->call, 503, "Busy", "Too many changes are waiting. Try again in a second.");
		return;
	}
	command->done = on_committed;
	command->submitter = x;
	writer_submit(x->call.services->writer, command);
}

static void run(struct worker_job *job, void *context)
{
	struct api_exchange *x = (struct api_exchange *)job;
	call_run(&x->call, x->route, context);
	submit_command(x);
}

static void go_on(struct worker_job *job, void *context)
{
	struct api_exchange *x = (struct api_exchange *)job;
	call_go_on(&x->call, context);
	submit_command(x);
}

/* ---- Back on the loop */

/* Answers hold people's data: no cache on the way may keep one, and no browser may guess it to be a page. */
static void add_standard_headers(struct api_call *call)
{
	if (call->status != 204)
		answer_header(call, SLICE("Content-Type"), call->response_type);
	answer_header(call, SLICE("Cache-Control"), SLICE("no-store"));
	answer_header(call, SLICE("X-Content-Type-Options"), SLICE("nosniff"));
}

static void free_exchange(struct api_exchange *x)
{
	call_done(&x->call);
	mem_free(x);
}

static void finish(struct worker_job *job)
{
	struct api_exchange *x = (struct api_exchange *)job;
	struct api_call *call = &x->call;
	if (call->stream_filter) {
		event_stream_start(x->config, x->request, call);
	} else {
		add_standard_headers(call);
		http_answer(x->request, call->status, call->headers, call->header_count, buf_slice(&call->response));
	}
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
 * time. */
static void copy_request(struct api_call *call, const struct http_request *request)
{
	struct arena *arena = call->arena;
	call->asker.method = http_request_method(request);
	call->asker.is_https = http_request_is_https(request);
	call->asker.time_us = clock_now_us(call->services->clock);
	call->path = arena_copy(arena, http_request_path(request));
	call->query = arena_copy(arena, http_request_query(request));
	call->body = arena_copy(arena, http_request_body(request));
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

bool exchange_handle(const struct exchange_config *config, struct http_request *request)
{
	struct slice path = http_request_path(request);
	struct slice parameters[API_PATH_PARAMETERS_MAX] = {{NULL, 0}};
	bool path_known;
	if (!slice_starts_with(path, SLICE("/api/v1/")))
		return false;
	path = slice_from(path, strlen("/api/v1/"));
	struct api_exchange *x = new_exchange(config, request);
	x->route = routes_find(http_request_method(request), path, parameters, &path_known);
	if (!x->route && path_known) {
		answer_header(&x->call, SLICE("Allow"), routes_methods_of(path, x->call.arena));
		answer_problem(&x->call, 405, "Method not allowed", "This path does not take that method.");
		finish(&x->job);
	} else if (!x->route || !decode_parameters(&x->call, parameters)) {
		answer_problem(&x->call, 404, "Not found",
			       "There is no such path in the API. /openapi.json lists them all.");
		finish(&x->job);
	} else {
		copy_request(&x->call, request);
		/* Pipelined requests behind this one may go on being read. */
		http_request_release_input(request);
		if (!worker_pool_post(config->pool, http_request_loop(request), &x->job)) {
			answer_header(&x->call, SLICE("Retry-After"), SLICE("1"));
			answer_problem(&x->call, 503, "Busy", "Too many requests are waiting. Try again in a second.");
			finish(&x->job);
		}
	}
	return true;
}
