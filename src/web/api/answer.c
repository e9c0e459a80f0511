/* SPDX-License-Identifier: Apache-2.0 */
/* An answer is written into the call's buffer and given by the loop when the handler is through (exchange.c), so
 * nothing of a failed one ever goes out. Words of the store and the engine reach the client only where they were made
 * for it: what a server's log is for (a lost connection, a full disk) becomes a fixed sentence, and goes to the log
 * from here, which is the one place that every failure passes. */
#include "web/api/answer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/mem.h"
#include "engine/request/problem.h"
#include "web/api/routes.h"
#include "web/api/services.h"

static void put_problem_head(struct json_text *w, const struct api_call *call, const char *title, const char *detail)
{
	json_open(w, '{');
	JSON_FIELD(w, "type", cstring, "about:blank");
	JSON_FIELD(w, "title", cstring, title);
	JSON_FIELD(w, "status", i64, call->status);
	JSON_FIELD(w, "detail", cstring, detail);
	JSON_FIELD(w, "request_id", cstring, call->request_id);
}

/* Clears what was begun: a problem that is noticed half way leaves no half answer. */
static struct json_text begin_problem(struct api_call *call, unsigned status, const char *title, const char *detail)
{
	buf_clear(&call->response);
	call->status = status;
	call->response_type = SLICE("application/problem+json");
	struct json_text w = json_text_on(&call->response);
	put_problem_head(&w, call, title, detail);
	return w;
}

void answer_problem(struct api_call *call, unsigned status, const char *title, const char *detail)
{
	struct json_text w = begin_problem(call, status, title, detail);
	json_close(&w, '}');
}

void answer_problem_list(struct api_call *call, unsigned status, const char *detail,
			 const struct problem_list *problems)
{
	struct json_text w = begin_problem(call, status, "Invalid", detail);
	json_key(&w, "errors");
	json_open(&w, '[');
	for (size_t i = 0; i < problems->count; i++) {
		json_open(&w, '{');
		JSON_FIELD(&w, "pointer", string, problems->items[i].pointer);
		JSON_FIELD(&w, "detail", string, problems->items[i].detail);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	json_close(&w, '}');
}

/* ---- What became of it, by its status */

static bool is_our_fault(enum status status)
{
	return status == STATUS_FAULT || status == STATUS_CORRUPT;
}

/* One line for all that fail alike. While the store is away everything fails, so then the route is no difference. */
static void log_line(const struct api_call *call, const char *event, enum status status, const struct err *err)
{
	uint64_t left_out;
	bool is_ours = is_our_fault(status);
	const char *pattern = call->route ? call->route->pattern : "";
	struct slice key = arena_printf(call->arena, "%s %s %s", event, status_name(status), is_ours ? pattern : "");
	if (!log_limit_allows(call->services->failures, key, clock_monotonic_us(clock_system()), &left_out))
		return;
	log_write(is_ours ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, event,
		  LOG_FIELDS(LOG_CSTR("method", routes_method_name(call->asker.method)), LOG_CSTR("route", pattern),
			     LOG_CSTR("request", call->request_id), LOG_ERR(err), LOG_INT("left_out", left_out)));
}

static void log_failure(const struct api_call *call, enum status status, const struct err *err)
{
	log_line(call, is_our_fault(status) ? "api.failed" : "api.store_away", status, err);
}

void answer_cut_off(struct api_call *call, enum status status, const struct err *err)
{
	if (status != STATUS_DENIED)
		log_line(call, "api.answer_cut", status, err);
}

static void answer_fault(struct api_call *call)
{
	answer_problem(call, 500, "Failed",
		       call->is_committed
			   ? "This was done, but this server fails to show the result. Its log says more."
			   : "This server fails to do this, and will again. Its log says more, under this request_id.");
}

static void answer_away(struct api_call *call, enum status status)
{
	const char *detail = "The store cannot be reached just now. Nothing was changed; try again.";
	if (call->is_committed)
		detail = "This was done, but the store cannot be reached just now to show the result.";
	else if (status == STATUS_TIMEOUT || status == STATUS_AGAIN)
		detail = "The store takes too long just now. Nothing was changed; try again.";
	answer_header(call, SLICE("Retry-After"), SLICE("2"));
	answer_problem(call, 503, "Not now", detail);
}

/* NOT_FOUND has one sentence for what is not there and for what is another's: who asks must not learn that there is
 * something. */
void answer_status(struct api_call *call, enum status status, const struct err *err)
{
	switch (status) {
	case STATUS_NOT_FOUND: answer_problem(call, 404, "Not found", "There is nothing here by that name."); return;
	case STATUS_CONFLICT: answer_problem(call, 409, "Conflict", err->text); return;
	case STATUS_BAD_INPUT: answer_problem(call, 422, "Invalid", err->text); return;
	case STATUS_TOO_BIG: answer_problem(call, 413, "Too large", err->text); return;
	case STATUS_DENIED: answer_problem(call, 403, "Not allowed", err->text); return;
	case STATUS_FULL:
		log_failure(call, status, err);
		answer_header(call, SLICE("Retry-After"), SLICE("10"));
		answer_problem(call, 503, "Disk full",
			       "There is no space left to record this. Nothing was changed; try again later.");
		return;
	case STATUS_UNCERTAIN:
		log_failure(call, status, err);
		answer_problem(
		    call, 503, "Uncertain",
		    "The connection to the store broke while this was being written, so nobody knows whether it "
		    "was. Look, or send it again with the same Idempotency-Key.");
		return;
	case STATUS_FAULT:
	case STATUS_CORRUPT:
		log_failure(call, status, err);
		answer_fault(call);
		return;
	default:
		log_failure(call, status, err);
		answer_away(call, status);
		return;
	}
}

struct json_text answer_json(struct api_call *call, unsigned status)
{
	buf_clear(&call->response);
	call->status = status;
	call->response_type = SLICE("application/json");
	return json_text_on(&call->response);
}

/* Every list has the same frame, {"data": […], "next": …}, so that one function of a client can read them all. */
struct json_text answer_list_open(struct api_call *call)
{
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	json_key(&w, "data");
	json_open(&w, '[');
	return w;
}

void answer_list_next(struct json_text *w, struct slice cursor)
{
	json_close(w, ']');
	JSON_FIELD(w, "next", string_or_null, cursor);
}

void answer_list_next_id(struct json_text *w, struct uuid cursor)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(cursor, text);
	answer_list_next(w, uuid_is_zero(cursor) ? SLICE_EMPTY : slice_from_cstr(text));
}

/* Handlers set two or three. That one drops out in silence must not be: it may be what keeps an answer out of a cache.
 */
void answer_header(struct api_call *call, struct slice name, struct slice value)
{
	BUG_IF(call->header_count == API_HEADERS_MAX);
	call->headers[call->header_count++] = (struct http_header){name, value};
}
