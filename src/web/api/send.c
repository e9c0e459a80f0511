/* SPDX-License-Identifier: Apache-2.0 */
/* Sending: one message, many, or only the instrumented HTML.
 *
 * Three routes, one path: the request becomes items, the engine prepares them and makes one command with all rows, the
 * writer commits it, and the answer is made of what was prepared. With an Idempotency-Key the answer's bytes are
 * rendered before the commit and committed with it; a client that lost the first answer gets the same one, to the byte.
 *
 * Every answer is rendered before the commit: what would not fit is refused while nothing is queued. That of a batch
 * always fits. Links are most of it, 36 MB for a thousand newsletters, and they can be asked for one mail at a time; so
 * items list theirs as long as there is room, and say null from there on. */
#include "web/api/send.h"

#include "base/clock.h"
#include "base/mem.h"
#include "codec/text/base64.h"
#include "codec/text/json_text.h"
#include "engine/intake/accept.h"
#include "engine/ledger/writer.h"
#include "engine/request/problem.h"
#include "web/api/answer.h"
#include "web/api/idempotency.h"
#include "web/api/mail_answer.h"
#include "web/api/messages.h"
#include "web/api/reach.h"
#include "web/api/services.h"

enum {
	BATCH_DETAILS_MAX = 4 * 1024 * 1024, /* of links and problems; the rest of an item is some hundred bytes */
	LINK_BYTES = 64,                     /* of a link but its two addresses */
};

static void put_warnings(struct json_text *w, const struct accept_result *r)
{
	json_key(w, "warnings");
	json_open(w, '[');
	for (size_t i = 0; i < r->warning_count; i++)
		json_put_string(w, r->warnings[i]);
	json_close(w, ']');
}

static void put_base64(struct json_text *w, const char *key, struct slice bytes)
{
	struct buf b;
	buf_init(&b, base64_size(bytes.n));
	base64_append(&b, bytes);
	json_key(w, key);
	json_put_string(w, buf_slice(&b));
	buf_done(&b);
}

/* The same fields for what is sent and what is only instrumented, so that a caller can move from one to the other. */
static void put_result(struct json_text *w, const struct accept_result *r, bool has_links)
{
	JSON_FIELD(w, "id", uuid, r->id);
	if (r->html.n)
		JSON_FIELD(w, "html", string, r->html);
	if (r->eml.n && r->eml_is_base64)
		put_base64(w, "eml_base64", r->eml);
	else if (r->eml.n)
		JSON_FIELD(w, "eml", string, r->eml);
	if (!r->html.n && !r->eml.n) {
		JSON_FIELD(w, "status", cstring, r->status);
		JSON_FIELD(w, "send_at", time, r->send_at_us);
	}
	if (has_links) {
		messages_write_links(w, r->links, r->link_count);
	} else {
		json_key(w, "links");
		json_put_null(w);
	}
	put_warnings(w, r);
}

/* A problem document inside of an item: what the single request would have been answered. */
static void put_problem(struct json_text *w, const struct accept_item *item, bool is_listed)
{
	bool denied = item->status == STATUS_DENIED;
	json_key(w, "error");
	json_open(w, '{');
	JSON_FIELD(w, "type", cstring, "about:blank");
	JSON_FIELD(w, "title", cstring, denied ? "Not allowed" : "Invalid");
	JSON_FIELD(w, "status", i64, denied ? 403 : 422);
	JSON_FIELD(w, "detail", cstring, denied ? item->refusal : "This message was not queued.");
	json_key(w, "errors");
	json_open(w, '[');
	for (size_t i = 0; is_listed && i < item->problems.count; i++) {
		json_open(w, '{');
		JSON_FIELD(w, "pointer", string, item->problems.items[i].pointer);
		JSON_FIELD(w, "detail", string, item->problems.items[i].detail);
		json_close(w, '}');
	}
	json_close(w, ']');
	json_close(w, '}');
}

static void render_one(void *user, const struct accept_item *items, size_t count, struct buf *to)
{
	struct json_text w = json_text_on(to);
	(void)user;
	(void)count;
	json_open(&w, '{');
	put_result(&w, &items[0].result, true);
	json_close(&w, '}');
}

/* What its links, or what is wrong with it, take about; escapes make it more. */
static size_t detail_size(const struct accept_item *item)
{
	size_t size = 0;
	for (size_t i = 0; i < item->problems.count; i++)
		size += item->problems.items[i].pointer.n + item->problems.items[i].detail.n + LINK_BYTES;
	for (size_t i = 0; item->status == STATUS_OK && i < item->result.link_count; i++)
		size += item->result.links[i].url.n + item->result.links[i].tracked_url.n + LINK_BYTES;
	return size;
}

static void render_many(void *user, const struct accept_item *items, size_t count, struct buf *to)
{
	struct json_text w = json_text_on(to);
	size_t left = BATCH_DETAILS_MAX;
	(void)user;
	json_open(&w, '{');
	json_key(&w, "data");
	json_open(&w, '[');
	for (size_t i = 0; i < count; i++) {
		size_t size = detail_size(&items[i]);
		bool has_room = size <= left;
		left -= has_room ? size : 0;
		json_open(&w, '{');
		JSON_FIELD(&w, "index", i64, (int64_t)i);
		if (items[i].status == STATUS_OK)
			put_result(&w, &items[i].result, has_room);
		else
			put_problem(&w, &items[i], has_room);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	json_close(&w, '}');
}

/* ---- Accepting */

/* From the request to its answer: kept in the call's arena while the writer has the command. */
struct acceptance {
	struct accept_request request;
	struct accept_idempotency idempotency;
	struct accept_item *items;
	size_t count;
	unsigned answer_status;
	bool is_batch; /* answered item by item */
};

static void answer_items(struct api_call *call, const struct acceptance *a)
{
	if (!a->is_batch && mail_answer_is_wanted(call)) {
		mail_answer(call, &a->items[0].result);
		return;
	}
	(void)answer_json(call, a->answer_status);
	a->idempotency.render(NULL, a->items, a->count, &call->response);
}

static void answer_too_large(struct api_call *call)
{
	answer_problem(call, 413, "Too large",
		       "The answer would be too large: the mail has too many links. Nothing was queued.");
}

/* Before the commit. It stays as it is while the writer has the command, unless that fails. */
static bool make_answer(struct api_call *call, const struct acceptance *a)
{
	answer_items(call, a);
	if (!buf_failed(&call->response))
		return true;
	answer_too_large(call);
	return false;
}

/* One mail that is not good is the whole request's problem; one of a batch is that item's. */
static void answer_refused(struct api_call *call, const struct accept_item *item)
{
	if (item->status == STATUS_DENIED)
		answer_problem_list(call, 403, item->refusal, &item->problems);
	else
		answer_problem_list(call, 422, "The mail cannot be taken as it is.", &item->problems);
}

static void answer_accepted(struct api_call *call, struct api_worker *worker)
{
	enum status status = accept_end(call->services->sending, call->command);
	if (status == STATUS_OK)
		return; /* make_answer */
	if (status != STATUS_CONFLICT)
		answer_status(call, status, &call->command->err);
	else
		idempotency_answer_taken(call, worker);
}

/* Answers when nothing is to be written; else the writer has it next. */
static void accept_items(struct api_call *call, struct api_worker *worker, struct acceptance *a)
{
	struct writer_command *command = NULL;
	struct err err = {0};
	struct accept_context context = {call->services->sending, worker->session, worker->sealer, &a->request,
					 clock_now_us(call->services->clock)};
	if (call->idempotency_key.n) {
		a->idempotency.request_hash = idempotency_hash(call);
		a->request.idempotency = &a->idempotency;
		call->keeps_answer = true;
	}
	enum status status = accept_begin(&context, a->items, a->count, &command);
	call->state = a;
	if (status == STATUS_TOO_BIG)
		answer_too_large(call);
	else if (status != STATUS_OK)
		answer_status(call, status, &err);
	else if (command && make_answer(call, a))
		call_commit(call, command, answer_accepted);
	else if (command)
		return;
	else if (a->is_batch)
		answer_items(call, a);
	else
		answer_refused(call, &a->items[0]);
}

static struct acceptance *new_acceptance(struct api_call *call, enum accept_kind kind, size_t count)
{
	struct acceptance *a = ARENA_NEW(call->arena, struct acceptance);
	a->request = (struct accept_request){
	    .tenant = call->who.tenant, .caller = reach_caller(call), .kind = kind, .arena = call->arena};
	a->answer_status = kind == ACCEPT_SEND ? 202 : 200;
	a->idempotency =
	    (struct accept_idempotency){.key = call->idempotency_key, .status = a->answer_status, .render = render_one};
	a->items = arena_alloc_array(call->arena, count, sizeof *a->items);
	a->count = count;
	return a;
}

/* ---- One */

static void accept_one(struct api_call *call, struct api_worker *worker, enum accept_kind kind,
		       const struct mail_request *mail)
{
	struct acceptance *a = new_acceptance(call, kind, 1);
	a->items[0].body = call->json;
	a->items[0].mail = mail;
	accept_items(call, worker, a);
}

void send_message(struct api_call *call, struct api_worker *worker)
{
	accept_one(call, worker, ACCEPT_SEND, NULL);
}

void send_instrument(struct api_call *call, struct api_worker *worker)
{
	struct mail_request *mail = NULL;
	struct err err = {0};
	if (call->is_mail) {
		/* The headers of the mail become the body that a JSON request would have; the call frees it. */
		mail = ARENA_NEW(call->arena, struct mail_request);
		enum status status = mail_request_read(call->body, call->arena, mail, &call->json);
		if (status == STATUS_BAD_INPUT)
			answer_problem(call, 400, "Malformed", "There is no mail in the body.");
		else if (status != STATUS_OK)
			answer_status(call, status, &err);
		if (status != STATUS_OK)
			return;
	}
	accept_one(call, worker, ACCEPT_INSTRUMENT, mail);
}

/* ---- Many */

/* The limit keeps one command within one round of the writer: a thousand rows, not a minute in which nobody else is
 * served. */
static const json_t *batch_list(struct api_call *call)
{
	const json_t *list = json_object_get(call->json, "messages");
	if (json_object_size(call->json) != 1 || !json_is_array(list)) {
		answer_problem(call, 422, "Invalid", "The body must be {\"messages\": [ … ]} and nothing else.");
		return NULL;
	}
	if (json_array_size(list) == 0 || json_array_size(list) > ACCEPT_ITEMS_MAX) {
		answer_problem(call, 422, "Invalid", "A batch holds 1 to 1,000 messages.");
		return NULL;
	}
	return list;
}

void send_batch(struct api_call *call, struct api_worker *worker)
{
	const json_t *list = batch_list(call);
	if (!list)
		return;
	struct acceptance *a = new_acceptance(call, ACCEPT_SEND, json_array_size(list));
	a->is_batch = true;
	a->idempotency.render = render_many;
	for (size_t i = 0; i < a->count; i++)
		a->items[i].body = json_array_get(list, i);
	accept_items(call, worker, a);
}
