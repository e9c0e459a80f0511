/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the gates is the order of what they cost and tell: first whether anything can be read at all, then who
 * asks (a stranger learns nothing about routes, bodies or the disk), then whether what is asked could be recorded, and
 * only then is the body parsed, which may have 32 MiB.
 *
 * Nothing here knows the loop, so a test can take a call through it without a connection. */
#include "web/api/call.h"

#include "base/byte_budget.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "codec/text/json_shape.h"
#include "engine/accounts/key_use.h"
#include "engine/ledger/writer.h"
#include "journal/journal.h"
#include "web/api/answer.h"
#include "web/api/idempotency.h"
#include "web/api/parameters.h"
#include "web/api/routes.h"
#include "web/api/services.h"

enum {
	RESPONSE_MAX = 64 * 1024 * 1024,
	JSON_DEPTH_MAX = 64,
	JSON_VALUES_MAX = 250000, /* a batch of 1,000 mails has some 30,000 */
};

static void name_request(struct api_call *call)
{
	uint64_t id;
	random_bytes(&id, sizeof id);
	(void)snprintf(call->request_id, sizeof call->request_id, "%016llx", (unsigned long long)id);
}

void call_init(struct api_call *call, const struct api_services *services)
{
	*call =
	    (struct api_call){.arena = arena_new(), .services = services, .response_type = SLICE("application/json")};
	arena_keep_secret(call->arena);
	buf_init(&call->response, RESPONSE_MAX);
	name_request(call);
}

void call_done(struct api_call *call)
{
	buf_done(&call->response);
	json_decref(call->json);
	arena_free(&call->arena);
	byte_budget_give(call->services->budget, call->reserved);
}

static void answer_busy(struct api_call *call)
{
	answer_header(call, SLICE("Retry-After"), SLICE("2"));
	answer_problem(call, 503, "Busy", "Too many large requests are being worked on. Try again in a few seconds.");
}

bool call_reserve(struct api_call *call, size_t bytes)
{
	if (!mem_is_short() && byte_budget_take(call->services->budget, bytes, BUDGET_KNOWN)) {
		call->reserved += bytes;
		return true;
	}
	answer_busy(call);
	return false;
}

/* ---- What every request must pass */

static bool has_store(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	enum status status = worker_recover(worker, &err);
	if (status != STATUS_OK)
		answer_status(call, status, &err);
	return status == STATUS_OK;
}

static bool is_media_type(struct slice header, struct slice type)
{
	return slice_equal_nocase(slice_trim(slice_cut(&header, ';')), type);
}

/* Before a tree is built, because that takes up to a hundred times the bytes of its text. */
static bool has_good_shape(struct api_call *call)
{
	struct json_shape shape = json_shape_of(call->body);
	if (shape.depth > JSON_DEPTH_MAX) {
		answer_problem(call, 400, "Malformed", "The body has more than 64 brackets inside each other.");
		return false;
	}
	if (shape.containers + shape.values > JSON_VALUES_MAX) {
		answer_problem(call, 413, "Too large",
			       "The body has more than 250,000 values. Send less with one request.");
		return false;
	}
	return call_reserve(call, json_shape_tree_bytes(&shape, call->body));
}

/* Duplicate keys are refused (RFC 8259, 4: behaviour is unpredictable): two readers of one body must not read two
 * mails. DECODE_ANY, so that "[]" is told that an object is wanted and not that it is no JSON. */
static bool parse_body(struct api_call *call)
{
	json_error_t error;
	if (call->content_type.n && !is_media_type(call->content_type, SLICE("application/json"))) {
		answer_problem(call, 415, "Unsupported media type", "Send JSON, as application/json.");
		return false;
	}
	if (!has_good_shape(call))
		return false;
	call->json = json_loadb(call->body.p, call->body.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!call->json && json_error_code(&error) == json_error_out_of_memory) {
		answer_busy(call);
		return false;
	}
	if (!call->json) {
		struct slice detail =
		    arena_printf(call->arena, "The body is not JSON: %s (line %d, column %d, byte %d).", error.text,
				 error.line, error.column, error.position);
		answer_problem(call, 400, "Malformed", detail.p);
		return false;
	}
	if (!json_is_object(call->json)) {
		answer_problem(call, 422, "Invalid", "The body must be a JSON object.");
		return false;
	}
	return true;
}

/* Also when it is refused what it asks: somebody has it and uses it. */
static void note_key(const struct api_call *call)
{
	if (!call->who.is_console)
		key_use_note(call->services->key_uses, call->who.key, call->who.key_used_us, call->asker.time_us);
}

/* Where nobody is signed in there is no cookie to be abused, but there is one to be set: another site that signs a
 * browser in, as somebody of its choice, sees what the person then does (login CSRF). */
static bool is_for_us(struct api_call *call)
{
	if (!auth_is_cross_site(&call->asker))
		return true;
	answer_problem(call, 403, "Not allowed", "This request comes from another page than the console.");
	return false;
}

/* 401 asks for a key and 403 does not: clients sign in again on the first and must not on the second (RFC
 * 9110, 15.5.2, 15.5.4). */
static bool is_allowed(struct api_call *call, const struct route *route, struct api_worker *worker)
{
	struct err err = {0};
	const char *refusal;
	if (route->flags & ROUTE_OPEN)
		return is_for_us(call);
	enum status status = auth_identify(&call->asker, worker->session, call->arena, &call->who, &err);
	struct caller caller = auth_caller(&call->who);
	if (status == STATUS_OK)
		note_key(call);
	if (status == STATUS_DENIED) {
		answer_header(call, SLICE("WWW-Authenticate"), SLICE("Bearer"));
		answer_problem(call, 401, "Who are you?", err.text);
	} else if (status == STATUS_CONFLICT) {
		answer_problem(call, 403, "Not allowed", err.text);
	} else if (status != STATUS_OK) {
		answer_status(call, status, &err);
	} else if ((refusal = permission_refusal(&caller, route->scopes, route->touches)) != NULL) {
		answer_problem(call, 403, "Not allowed", refusal);
	} else {
		return true;
	}
	return false;
}

/* What cannot be recorded is not begun: no mail is taken, and nothing changed, while the journal cannot keep what would
 * become of it. Signing in stays possible, so that somebody can look. */
static bool can_record(struct api_call *call, const struct route *route)
{
	char why[200];
	enum journal_health health = journal_health(call->services->journal);
	bool writes = call->asker.method != HTTP_GET && call->asker.method != HTTP_HEAD && !(route->flags & ROUTE_OPEN);
	if (!writes || health == JOURNAL_HEALTHY)
		return true;
	journal_health_text(call->services->journal, why, sizeof why);
	answer_header(call, SLICE("Retry-After"), SLICE("10"));
	answer_problem(call, 503, health == JOURNAL_FULL ? "Disk full" : "Disk failed",
		       arena_printf(call->arena, "Nothing was changed, because it could not be recorded: %s.", why).p);
	return false;
}

static bool has_good_body(struct api_call *call, const struct route *route)
{
	call->is_mail = (route->flags & ROUTE_TAKES_MAIL) && is_media_type(call->content_type, SLICE("message/rfc822"));
	return !(route->flags & ROUTE_TAKES_JSON) || call->is_mail || parse_body(call);
}

/* What is built of a large body (mails rewritten, their answer) takes up to three times its bytes. No more is asked for
 * than the budget has beside body and tree, so that whatever is allowed finds room when it is alone: a 503 that never
 * ends would be a lie. */
static bool has_room_to_work(struct api_call *call)
{
	enum { LARGE_BODY = 65536, WORK_FACTOR = 3 };
	size_t max = byte_budget_counts(call->services->budget).max;
	size_t taken = call->body.n + call->reserved + max / 8;
	size_t most = taken < max ? max - taken : 0;
	size_t work = call->body.n * WORK_FACTOR;
	return call->body.n <= LARGE_BODY || call_reserve(call, work < most ? work : most);
}

/* ---- The handler */

/* A buffer that was full stays so; half an answer would be taken for a whole one. */
static void check_size(struct api_call *call)
{
	if (!call_is_waiting(call) && buf_failed(&call->response))
		answer_problem(call, 500, "Too large", "The answer would be too large; ask for fewer rows.");
}

bool call_admit(struct api_call *call, const struct route *route, struct api_worker *worker)
{
	call->route = route;
	return has_store(call, worker) && is_allowed(call, route, worker) && can_record(call, route);
}

/* A handler that forgot to ask which rows are the caller's would show everybody's to anybody: better no answer at all.
 * What it refused shows nothing. */
static void check_asked(struct api_call *call, const struct route *route)
{
	bool is_refused = !call_is_waiting(call) && !call->stream_filter && call->status >= 400;
	if (call->has_asked || is_refused || !permission_is_by_row(route->touches))
		return;
	log_error("api.not_asked", LOG_CSTR("route", route->pattern));
	call->then = NULL;
	call->stream_filter = NULL;
	call->pages = NULL;
	answer_problem(call, 500, "Failed", "This server did not find out what you may see, and shows nothing.");
}

/* A key that may only send could otherwise read whoever it names, by changing nothing of them. */
static void keep_silent(struct api_call *call)
{
	if (!call->is_silent || call_is_waiting(call) || call->status >= 300)
		return;
	buf_clear(&call->response);
	call->status = 204;
}

static bool shows_too_much(const struct api_call *call, const struct route *route)
{
	struct caller caller = auth_caller(&call->who);
	return (route->flags & ROUTE_SHOWS_ROW) && !permission_to_read(&caller);
}

void call_run(struct api_call *call, const struct route *route, struct api_worker *worker)
{
	if (!call_admit(call, route, worker) || !parameters_only(call, routes_query(route)) ||
	    !has_good_body(call, route) || !has_room_to_work(call))
		return;
	bool is_once = (route->flags & ROUTE_CREATES) && call->idempotency_key.n;
	if (is_once && idempotency_answered(call, worker))
		return;
	call->is_silent = shows_too_much(call, route);
	route->handler(call, worker);
	check_asked(call, route);
	if (is_once && call->command && !call->keeps_answer)
		idempotency_keep(call);
	check_size(call);
	keep_silent(call);
}

void call_commit(struct api_call *call, struct writer_command *command, api_handler then)
{
	call->command = command;
	call->then = then;
}

void call_check_password(struct api_call *call, struct password_check *check, api_handler then)
{
	call->check = check;
	call->then = then;
}

bool call_is_waiting(const struct api_call *call)
{
	return call->then != NULL;
}

/* The store may have gone while the command was waiting, which must not make an answer out of what is done into a
 * "nothing was changed": whether the continuation reads at all, and what it can still say, is its own business. */
void call_go_on(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	api_handler then = call->then;
	call->then = NULL;
	call->is_committed = call->command && call->command->status == STATUS_OK;
	enum status status = worker_recover(worker, &err);
	if (!worker->session) {
		answer_status(call, status, &err);
		return;
	}
	then(call, worker);
	check_size(call);
	keep_silent(call);
}
