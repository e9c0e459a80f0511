/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an API request: matched and copied on its loop, run on a worker, answered on its loop. */
#include "web/api/api.h"

#include "base/log.h"
#include "base/mem.h"
#include "codec/url/query.h"
#include "journal/journal.h"
#include "web/api/event_stream.h"
#include "web/sign_in/auth.h"

enum { RESPONSE_MAX = 64 * 1024 * 1024 };

struct api_exchange {
	struct worker_job job;
	const struct api_loop *loop;
	struct http_request *request;
	const struct route *route;
	struct api_call call;
};

/* ---- Routes. */

static bool match_pattern(struct slice pattern, struct slice path, struct slice parameters[API_PATH_PARAMETERS_MAX])
{
	size_t found = 0;
	while (pattern.n || path.n) {
		struct slice want = slice_cut(&pattern, '/');
		struct slice have = slice_cut(&path, '/');
		if (slice_starts_with(want, SLICE("{")) && have.n && found < API_PATH_PARAMETERS_MAX)
			parameters[found++] = have;
		else if (!slice_equal(want, have))
			return false;
	}
	return true;
}

/* A literal segment wins over {…} because literal routes stand first in the table. */
static const struct route *find_route(enum http_method method, struct slice path, struct slice *parameters,
				      bool *ret_path_known)
{
	size_t count;
	const struct route *routes = api_routes(&count);
	*ret_path_known = false;
	for (size_t i = 0; i < count; i++) {
		if (!match_pattern(slice_from(slice_from_cstr(routes[i].pattern), 1), path, parameters))
			continue;
		*ret_path_known = true;
		if (routes[i].method == method || (method == HTTP_HEAD && routes[i].method == HTTP_GET))
			return &routes[i];
	}
	return NULL;
}

static const char *const method_names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};

static struct slice allowed_methods(struct arena *arena, struct slice path)
{
	struct slice unused[API_PATH_PARAMETERS_MAX];
	struct slice list = SLICE_EMPTY;
	for (unsigned m = HTTP_GET; m <= HTTP_DELETE; m++) {
		bool known;
		if (find_route((enum http_method)m, path, unused, &known))
			list = arena_printf(arena, "%.*s%s%s", SLICE_FMT(list), list.n ? ", " : "", method_names[m]);
	}
	return list;
}

/* ---- On the worker. */

static bool is_media_type(struct slice header, struct slice type)
{
	return slice_equal_nocase(slice_trim(slice_cut(&header, ';')), type);
}

static bool parse_body(struct api_call *call)
{
	json_error_t error;
	if (call->content_type.n && !is_media_type(call->content_type, SLICE("application/json"))) {
		api_problem(call, 415, "Unsupported media type", "Send JSON, as application/json.");
		return false;
	}
	call->json = json_loadb(call->body.p, call->body.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!call->json) {
		struct slice detail =
		    arena_printf(call->arena, "The body is not JSON: %s (line %d, column %d, byte %d).", error.text,
				 error.line, error.column, error.position);
		api_problem(call, 400, "Malformed", detail.p);
		return false;
	}
	if (!json_is_object(call->json)) {
		api_problem(call, 422, "Invalid", "The body must be a JSON object.");
		return false;
	}
	return true;
}

static bool is_allowed(struct api_call *call, const struct route *route, struct api_worker *worker)
{
	struct err err = {0};
	if (route->flags & ROUTE_OPEN)
		return true;
	enum status status = auth_identify(call, worker, &err);
	if (status == STATUS_DENIED) {
		api_header(call, SLICE("WWW-Authenticate"), SLICE("Bearer"));
		api_problem(call, 401, "Who are you?", err.text);
	} else if (status == STATUS_CONFLICT) {
		api_problem(call, 403, "Not allowed", err.text);
	} else if (status != STATUS_OK) {
		api_problem_status(call, status, &err);
	} else if (route->scopes && !(route->scopes & call->who.scopes)) {
		api_problem(call, 403, "Not allowed", "This key or role may not do that.");
	} else {
		return true;
	}
	return false;
}

/* A worker whose session was lost gets it back here, or the request is told to come again. */
static bool has_store(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	enum status status = worker->session
				 ? store_session_recover(worker->session, &err)
				 : store_session_open(worker->services->store, STORE_READ, &worker->session, &err);
	if (status != STATUS_OK && !worker->store_is_away)
		log_warn("api.store_away", LOG_ERR(&err)); /* once a worker, not once a request */
	worker->store_is_away = status != STATUS_OK;
	if (status == STATUS_OK)
		return true;
	api_problem_status(call, status, &err);
	return false;
}

/* What cannot be recorded is not begun: no mail is taken, and nothing changed, while the journal cannot keep what would
 * become of it. Signing in stays possible, so that somebody can look. */
static bool can_record(struct api_call *call, const struct route *route)
{
	char why[200];
	enum journal_health health = journal_health(call->services->journal);
	bool writes = call->method != HTTP_GET && call->method != HTTP_HEAD && !(route->flags & ROUTE_OPEN);
	if (!writes || health == JOURNAL_HEALTHY)
		return true;
	journal_health_text(call->services->journal, why, sizeof why);
	api_header(call, SLICE("Retry-After"), SLICE("10"));
	api_problem(call, 503, health == JOURNAL_FULL ? "Disk full" : "Disk failed",
		    arena_printf(call->arena, "Nothing was changed, because it could not be recorded: %s.", why).p);
	return false;
}

static void run(struct worker_job *job, void *context)
{
	struct api_exchange *x = (struct api_exchange *)job;
	struct api_worker *worker = context;
	struct api_call *call = &x->call;
	if (!has_store(call, worker) || !is_allowed(call, x->route, worker) || !can_record(call, x->route))
		return;
	call->is_mail =
	    (x->route->flags & ROUTE_TAKES_MAIL) && is_media_type(call->content_type, SLICE("message/rfc822"));
	if ((x->route->flags & ROUTE_TAKES_JSON) && !call->is_mail && !parse_body(call))
		return;
	x->route->handler(call, worker);
	json_decref(call->json);
	call->json = NULL;
	if (buf_failed(&call->response))
		api_problem(call, 500, "Too large", "The answer would be too large; ask for fewer rows.");
}

/* ---- Back on the loop. */

static void add_standard_headers(struct api_call *call)
{
	if (call->status != 204)
		api_header(call, SLICE("Content-Type"), call->response_type);
	api_header(call, SLICE("Cache-Control"), SLICE("no-store"));
	api_header(call, SLICE("X-Content-Type-Options"), SLICE("nosniff"));
}

static void free_exchange(struct api_exchange *x)
{
	struct arena *arena = x->call.arena;
	buf_done(&x->call.response);
	json_decref(x->call.json);
	arena_free(&arena);
	mem_free(x);
}

static void finish(struct worker_job *job)
{
	struct api_exchange *x = (struct api_exchange *)job;
	struct api_call *call = &x->call;
	if (call->stream_filter) {
		event_stream_start(x->loop, x->request, call);
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

/* ---- From the loop. */

static struct slice keep_header(struct arena *arena, const struct http_request *request, struct slice name)
{
	struct slice value = http_request_header(request, name);
	return value.p ? arena_copy(arena, value) : (struct slice){NULL, 0};
}

static void copy_request(struct api_call *call, const struct http_request *request)
{
	struct arena *arena = call->arena;
	call->method = http_request_method(request);
	call->path = arena_copy(arena, http_request_path(request));
	call->query = arena_copy(arena, http_request_query(request));
	call->body = arena_copy(arena, http_request_body(request));
	call->authorization = keep_header(arena, request, SLICE("authorization"));
	call->cookie = keep_header(arena, request, SLICE("cookie"));
	call->idempotency_key = keep_header(arena, request, SLICE("idempotency-key"));
	call->accept = keep_header(arena, request, SLICE("accept"));
	call->content_type = keep_header(arena, request, SLICE("content-type"));
	call->origin = keep_header(arena, request, SLICE("origin"));
	call->sec_fetch_site = keep_header(arena, request, SLICE("sec-fetch-site"));
	call->host = keep_header(arena, request, SLICE("host"));
	call->last_event_id = keep_header(arena, request, SLICE("last-event-id"));
	call->client = *http_request_client(request);
	call->is_https = http_request_is_https(request);
}

static struct api_exchange *new_exchange(const struct api_loop *loop, struct http_request *request)
{
	struct api_exchange *x = MEM_NEW(struct api_exchange);
	x->loop = loop;
	x->request = request;
	x->call.arena = arena_new();
	x->call.services = loop->services;
	x->call.response_type = SLICE("application/json");
	buf_init(&x->call.response, RESPONSE_MAX);
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

bool api_handle(const struct api_loop *loop, struct http_request *request)
{
	struct slice path = http_request_path(request);
	struct slice parameters[API_PATH_PARAMETERS_MAX] = {{NULL, 0}};
	bool path_known;
	if (!slice_starts_with(path, SLICE("/api/v1/")))
		return false;
	path = slice_from(path, strlen("/api/v1/"));
	struct api_exchange *x = new_exchange(loop, request);
	x->route = find_route(http_request_method(request), path, parameters, &path_known);
	if (!x->route && path_known) {
		api_header(&x->call, SLICE("Allow"), allowed_methods(x->call.arena, path));
		api_problem(&x->call, 405, "Method not allowed", "This path does not take that method.");
		finish(&x->job);
	} else if (!x->route || !decode_parameters(&x->call, parameters)) {
		api_problem(&x->call, 404, "Not found",
			    "There is no such path in the API. /openapi.json lists them all.");
		finish(&x->job);
	} else {
		copy_request(&x->call, request);
		http_request_release_input(request);
		if (!worker_pool_post(loop->pool, http_request_loop(request), &x->job)) {
			api_header(&x->call, SLICE("Retry-After"), SLICE("1"));
			api_problem(&x->call, 503, "Busy", "Too many requests are waiting. Try again in a second.");
			finish(&x->job);
		}
	}
	return true;
}
