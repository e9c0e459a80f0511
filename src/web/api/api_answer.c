/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers answer with: JSON, problem documents (RFC 9457), and checked query parameters. */
#include "codec/text/json_text.h"
#include "codec/url/query.h"
#include "engine/tenant/tenant_policy.h"
#include "web/api/api.h"

enum { DATE_SIZE = 10 };
static const int64_t DAY_US = INT64_C(86400000000);

static void put_problem_head(struct json_text *w, unsigned status, const char *title, const char *detail)
{
	json_open(w, '{');
	JSON_FIELD(w, "type", cstring, "about:blank");
	JSON_FIELD(w, "title", cstring, title);
	JSON_FIELD(w, "status", i64, status);
	JSON_FIELD(w, "detail", cstring, detail);
}

static struct json_text begin_problem(struct api_call *call, unsigned status, const char *title, const char *detail)
{
	buf_clear(&call->response);
	call->status = status;
	call->response_type = SLICE("application/problem+json");
	struct json_text w = json_text_on(&call->response);
	put_problem_head(&w, status, title, detail);
	return w;
}

void api_problem(struct api_call *call, unsigned status, const char *title, const char *detail)
{
	struct json_text w = begin_problem(call, status, title, detail);
	json_close(&w, '}');
}

void api_problem_list(struct api_call *call, unsigned status, const char *detail, const struct problem_list *problems)
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

void api_problem_status(struct api_call *call, enum status status, const struct err *err)
{
	switch (status) {
	case STATUS_NOT_FOUND: api_problem(call, 404, "Not found", "There is nothing here by that name."); return;
	case STATUS_CONFLICT: api_problem(call, 409, "Conflict", err->text); return;
	case STATUS_BAD_INPUT: api_problem(call, 422, "Invalid", err->text); return;
	case STATUS_TOO_BIG: api_problem(call, 413, "Too large", err->text); return;
	case STATUS_DENIED: api_problem(call, 403, "Not allowed", err->text); return;
	case STATUS_FULL:
		api_header(call, SLICE("Retry-After"), SLICE("10"));
		api_problem(call, 503, "Disk full",
			    "There is no space left to record this. Nothing was changed; try again later.");
		return;
	default:
		api_header(call, SLICE("Retry-After"), SLICE("2"));
		api_problem(call, 503, "Not now",
			    "The store cannot be reached just now. Nothing was changed; try again.");
		return;
	}
}

struct json_text api_answer(struct api_call *call, unsigned status)
{
	buf_clear(&call->response);
	call->status = status;
	call->response_type = SLICE("application/json");
	return json_text_on(&call->response);
}

struct json_text api_list_open(struct api_call *call)
{
	struct json_text w = api_answer(call, 200);
	json_open(&w, '{');
	json_key(&w, "data");
	json_open(&w, '[');
	return w;
}

void api_list_next(struct json_text *w, struct slice cursor)
{
	json_close(w, ']');
	JSON_FIELD(w, "next", string_or_null, cursor);
}

void api_list_next_id(struct json_text *w, struct uuid cursor)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(cursor, text);
	api_list_next(w, uuid_is_zero(cursor) ? SLICE_EMPTY : slice_from_cstr(text));
}

void api_header(struct api_call *call, struct slice name, struct slice value)
{
	if (call->header_count < sizeof call->headers / sizeof call->headers[0])
		call->headers[call->header_count++] = (struct http_header){name, value};
}

static void bad_parameter(struct api_call *call, const char *name, const char *what)
{
	struct slice detail = arena_printf(call->arena, "The query parameter '%s' must be %s.", name, what);
	api_problem(call, 422, "Invalid", detail.p);
}

bool api_query_text(struct api_call *call, const char *name, struct slice *ret)
{
	enum status status = query_find(call->query, slice_from_cstr(name), call->arena, ret);
	if (status == STATUS_BAD_INPUT)
		bad_parameter(call, name, "percent-encoded");
	return status != STATUS_BAD_INPUT;
}

bool api_query_number(struct api_call *call, const char *name, uint32_t max, uint32_t *ret)
{
	struct slice text = {NULL, 0};
	uint64_t number;
	if (!api_query_text(call, name, &text))
		return false;
	if (!text.p)
		return true;
	if (!slice_to_u64(text, max, &number) || number == 0) {
		bad_parameter(call, name, arena_printf(call->arena, "a number from 1 to %u", max).p);
		return false;
	}
	*ret = (uint32_t)number;
	return true;
}

const struct time_zone *api_zone(const struct api_call *call)
{
	return tenant_policies_of(call->services->policies, call->who.tenant).zone;
}

/* A day is no time before a zone makes it one. */
struct time_or_day {
	bool is_given, is_day;
	int64_t time_us; /* of a day: its number times DAY_US */
};
static bool query_time_or_day(struct api_call *call, const char *name, struct time_or_day *ret)
{
	struct slice text = {NULL, 0};
	if (!api_query_text(call, name, &text))
		return false;
	*ret = (struct time_or_day){.is_given = text.p != NULL, .is_day = text.n == DATE_SIZE};
	if (!text.p || time_parse_rfc3339(text, &ret->time_us))
		return true;
	bad_parameter(call, name, "a time like 2026-11-21T06:00:00Z, or a day");
	return false;
}

bool api_query_time(struct api_call *call, const char *name, int64_t *ret_us)
{
	struct time_or_day at;
	if (!query_time_or_day(call, name, &at))
		return false;
	if (at.is_given)
		*ret_us = at.is_day ? time_zone_day_begin(api_zone(call), (int32_t)(at.time_us / DAY_US)) : at.time_us;
	return true;
}

bool api_query_day(struct api_call *call, const char *name, int32_t *ret_day)
{
	struct time_or_day at;
	if (!query_time_or_day(call, name, &at))
		return false;
	if (at.is_given)
		*ret_day = at.is_day ? (int32_t)(at.time_us / DAY_US) : time_zone_day_of(api_zone(call), at.time_us);
	return true;
}

bool api_query_uuid(struct api_call *call, const char *name, struct uuid *ret)
{
	struct slice text = {NULL, 0};
	if (!api_query_text(call, name, &text))
		return false;
	if (!text.p || uuid_parse(text, ret))
		return true;
	bad_parameter(call, name, "an id");
	return false;
}

bool api_parameter_uuid(struct api_call *call, struct uuid *ret)
{
	if (uuid_parse(call->parameters[0], ret))
		return true;
	api_problem(call, 404, "Not found", "There is nothing here by that id.");
	return false;
}

void api_put_links(struct json_text *w, const struct mail_link *links, size_t count)
{
	json_key(w, "links");
	json_open(w, '[');
	for (size_t i = 0; i < count; i++) {
		json_open(w, '{');
		JSON_FIELD(w, "index", i64, links[i].index);
		JSON_FIELD(w, "url", string, links[i].url);
		JSON_FIELD(w, "tracked_url", string_or_null, links[i].tracked_url);
		JSON_FIELD(w, "skipped", cstring, links[i].skipped);
		json_close(w, '}');
	}
	json_close(w, ']');
}
