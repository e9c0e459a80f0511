/* SPDX-License-Identifier: Apache-2.0 */
/* Sending: one message, many, or only the instrumented HTML; signatures for callers that build their own links. */
#include "codec/text/base64.h"
#include "codec/text/json_text.h"
#include "codec/text/sha256.h"
#include "codec/token/tracking_url.h"
#include "codec/url/query.h"
#include "codec/url/url.h"
#include "web/api/api_handlers.h"
#include "web/api/api_mail.h"
#include "web/edge/track.h"

enum { IDEMPOTENCY_HOURS = 24, IDEMPOTENCY_KEY_MAX = 256 };

static void put_links_and_warnings(struct json_text *w, const struct accept_result *r)
{
	api_put_links(w, r->links, r->link_count);
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

static void put_result(struct json_text *w, const struct accept_result *r)
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
	put_links_and_warnings(w, r);
}

static void put_problem(struct json_text *w, const struct accept_item *item)
{
	bool denied = item->status == STATUS_DENIED;
	json_key(w, "error");
	json_open(w, '{');
	JSON_FIELD(w, "type", cstring, "about:blank");
	JSON_FIELD(w, "title", cstring, denied ? "Not allowed" : "Invalid");
	JSON_FIELD(w, "status", i64, denied ? 403 : 422);
	JSON_FIELD(w, "detail", cstring,
		   denied ? "This contact has not agreed to that much tracking." : "This message was not queued.");
	json_key(w, "errors");
	json_open(w, '[');
	for (size_t i = 0; i < item->problems.count; i++) {
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
	put_result(&w, &items[0].result);
	json_close(&w, '}');
}

static void render_many(void *user, const struct accept_item *items, size_t count, struct buf *to)
{
	struct json_text w = json_text_on(to);
	(void)user;
	json_open(&w, '{');
	json_key(&w, "data");
	json_open(&w, '[');
	for (size_t i = 0; i < count; i++) {
		json_open(&w, '{');
		JSON_FIELD(&w, "index", i64, (int64_t)i);
		if (items[i].status == STATUS_OK)
			put_result(&w, &items[i].result);
		else
			put_problem(&w, &items[i]);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	json_close(&w, '}');
}

/* ---- Idempotency-Key. */

/* What makes two requests the same: the path and the bytes of the body. */
static struct slice hash_request(struct api_call *call)
{
	const struct slice pieces[] = {call->path, SLICE("\n"), call->body};
	uint8_t *digest = arena_alloc(call->arena, SHA256_SIZE);
	sha256_of_pieces(pieces, sizeof pieces / sizeof pieces[0], digest);
	return slice_of(digest, SHA256_SIZE);
}

/* True when the request is answered already: replayed, refused, or the store is away. */
static bool answer_again(struct api_call *call, struct api_worker *worker, struct slice hash)
{
	struct err err = {0};
	struct idempotency_record kept;
	struct idempotency_key key = {
	    .tenant = call->who.tenant,
	    .key = call->idempotency_key,
	    .not_before_us = clock_now_us(call->services->clock) - IDEMPOTENCY_HOURS * INT64_C(3600000000),
	};
	if (call->idempotency_key.n > IDEMPOTENCY_KEY_MAX) {
		api_problem(call, 422, "Invalid", "Idempotency-Key must not be longer than 256 bytes.");
		return true;
	}
	enum status status = store_idempotency_find(worker->session, &key, call->arena, &kept, &err);
	if (status == STATUS_NOT_FOUND)
		return false;
	if (status != STATUS_OK) {
		api_problem_status(call, status, &err);
	} else if (!slice_equal(kept.request_hash, hash)) {
		api_problem(call, 409, "Conflict", "This Idempotency-Key was used with another body.");
	} else {
		if (api_mail_is_wanted(call)) {
			api_mail_answer_kept(call, kept.response);
		} else {
			(void)api_answer(call, kept.status);
			buf_append(&call->response, kept.response);
		}
		api_header(call, SLICE("Idempotency-Replayed"), SLICE("true"));
	}
	return true;
}

/* ---- One. */

struct acceptance {
	enum accept_kind kind;
	unsigned answer_status;
	void (*render)(void *user, const struct accept_item *items, size_t count, struct buf *to);
	const json_t *body;
	const struct mail_request *mail; /* or NULL */
};

static void answer_items(struct api_call *call, const struct acceptance *a, const struct accept_item *items,
			 size_t count)
{
	(void)api_answer(call, a->answer_status);
	a->render(NULL, items, count, &call->response);
}

static void accept_and_answer(struct api_call *call, struct api_worker *worker, const struct acceptance *a)
{
	struct err err = {0};
	struct accept_item item = {.body = a->body};
	struct accept_idempotency idempotency = {
	    .key = call->idempotency_key, .status = a->answer_status, .render = a->render};
	struct accept_request request = {
	    .tenant = call->who.tenant, .kind = a->kind, .body = a->body, .mail = a->mail, .arena = call->arena};
	if (call->idempotency_key.n) {
		idempotency.request_hash = hash_request(call);
		if (answer_again(call, worker, idempotency.request_hash))
			return;
		request.idempotency = &idempotency;
	}
	item.status = accept_message(call->services->sending, worker->session, worker->sealer, &request, &item.result,
				     &item.problems);
	switch (item.status) {
	case STATUS_OK:
		if (api_mail_is_wanted(call))
			api_mail_answer(call, &item.result);
		else
			answer_items(call, a, &item, 1);
		return;
	case STATUS_BAD_INPUT: api_problem_list(call, 422, "Nothing was queued.", &item.problems); return;
	case STATUS_DENIED:
		api_problem_list(call, 403, "This contact has not agreed to that much tracking.", &item.problems);
		return;
	case STATUS_CONFLICT:
		if (!request.idempotency || !answer_again(call, worker, idempotency.request_hash))
			api_problem(call, 409, "Conflict", "Another request with this key is under way. Try again.");
		return;
	default: api_problem_status(call, item.status, &err); return;
	}
}

void api_post_message(struct api_call *call, struct api_worker *worker)
{
	struct acceptance a = {ACCEPT_SEND, 202, render_one, call->json, NULL};
	accept_and_answer(call, worker, &a);
}

static void instrument_mail_body(struct api_call *call, struct api_worker *worker)
{
	struct mail_request mail;
	json_t *body;
	struct err err = {0};
	enum status status = mail_request_read(call->body, call->arena, &mail, &body);
	if (status == STATUS_BAD_INPUT) {
		api_problem(call, 400, "Malformed", "There is no mail in the body.");
	} else if (status != STATUS_OK) {
		api_problem_status(call, status, &err);
	} else {
		struct acceptance a = {ACCEPT_INSTRUMENT, 200, render_one, body, &mail};
		accept_and_answer(call, worker, &a);
		json_decref(body);
	}
}

void api_post_instrument(struct api_call *call, struct api_worker *worker)
{
	struct acceptance a = {ACCEPT_INSTRUMENT, 200, render_one, call->json, NULL};
	if (call->is_mail)
		instrument_mail_body(call, worker);
	else
		accept_and_answer(call, worker, &a);
}

/* ---- Many. */

static const json_t *batch_list(struct api_call *call)
{
	const json_t *list = json_object_get(call->json, "messages");
	if (json_object_size(call->json) != 1 || !json_is_array(list)) {
		api_problem(call, 422, "Invalid", "The body must be {\"messages\": [ … ]} and nothing else.");
		return NULL;
	}
	if (json_array_size(list) == 0 || json_array_size(list) > ACCEPT_ITEMS_MAX) {
		api_problem(call, 422, "Invalid", "A batch holds 1 to 1,000 messages.");
		return NULL;
	}
	return list;
}

void api_post_message_batch(struct api_call *call, struct api_worker *worker)
{
	struct acceptance a = {ACCEPT_SEND, 202, render_many, NULL, NULL};
	struct err err = {0};
	struct accept_idempotency idempotency = {.key = call->idempotency_key, .status = 202, .render = render_many};
	struct accept_request request = {.tenant = call->who.tenant, .kind = ACCEPT_SEND, .arena = call->arena};
	const json_t *list = batch_list(call);
	if (!list)
		return;
	if (call->idempotency_key.n) {
		idempotency.request_hash = hash_request(call);
		if (answer_again(call, worker, idempotency.request_hash))
			return;
		request.idempotency = &idempotency;
	}
	size_t count = json_array_size(list);
	struct accept_item *items = arena_alloc_array(call->arena, count, sizeof *items);
	for (size_t i = 0; i < count; i++)
		items[i].body = json_array_get(list, i);
	enum status status =
	    accept_messages(call->services->sending, worker->session, worker->sealer, &request, items, count);
	if (status == STATUS_OK)
		answer_items(call, &a, items, count);
	else if (status != STATUS_CONFLICT)
		api_problem_status(call, status, &err);
	else if (!request.idempotency || !answer_again(call, worker, idempotency.request_hash))
		api_problem(call, 409, "Conflict", "Another request with this key is under way. Try again.");
}

/* ---- Signatures. */

static struct slice sign(struct api_call *call, struct api_worker *worker, const struct link_token *token)
{
	const struct sending *sending = call->services->sending;
	char text[256];
	struct buf b;
	buf_init_fixed(&b, text, sizeof text);
	if (link_token_seal(worker->sealer, sending->key_id, token, &b) != STATUS_OK)
		return SLICE_EMPTY;
	return arena_copy(call->arena, buf_slice(&b));
}

static bool signed_message(struct api_call *call, struct api_worker *worker, struct message *ret)
{
	struct err err = {0};
	struct uuid id;
	const json_t *text = json_object_get(call->json, "message");
	const json_t *url = json_object_get(call->json, "url");
	size_t known = 1U + (url != NULL);
	if (!json_is_string(text) || !uuid_parse(slice_from_cstr(json_string_value(text)), &id) ||
	    (url && !json_is_string(url)) || json_object_size(call->json) != known) {
		api_problem(call, 422, "Invalid",
			    "The body must be {\"message\": id, \"url\": URL}; url may be left out.");
		return false;
	}
	enum status status = store_message_find(worker->session, call->who.tenant, id, call->arena, ret, &err);
	if (status != STATUS_OK)
		api_problem_status(call, status, &err);
	return status == STATUS_OK;
}

void api_post_sign(struct api_call *call, struct api_worker *worker)
{
	struct message m;
	char key[LINK_TOKEN_STORED_KEY_SIZE];
	char id[UUID_TEXT_SIZE];
	const char *base_url = call->services->base_url;
	struct slice click_url = SLICE_EMPTY;
	if (!signed_message(call, worker, &m))
		return;
	uuid_format(m.id, id);
	struct link_token open = {.kind = LINK_TOKEN_OPEN,
				  .consent = (enum link_token_consent)m.track_opens,
				  .tenant = m.tenant,
				  .message = m.id};
	struct slice open_signature = sign(call, worker, &open);
	const char *url = json_string_value(json_object_get(call->json, "url"));
	if (url) {
		if (url_check_redirect(slice_from_cstr(url)) != URL_OK || strlen(url) > LINK_TOKEN_URL_MAX) {
			api_problem(call, 422, "Invalid",
				    "url must be a plain http or https URL of at most 2,048 bytes.");
			return;
		}
		tracking_stored_key(slice_from_cstr(url), key);
		struct link_token click = {.kind = LINK_TOKEN_CLICK,
					   .consent = (enum link_token_consent)m.track_clicks,
					   .tenant = m.tenant,
					   .message = m.id,
					   .destination = slice_of(key, sizeof key),
					   .is_stored = true};
		struct slice signature = sign(call, worker, &click);
		struct buf encoded;
		buf_init(&encoded, 3 * LINK_TOKEN_URL_MAX + 1);
		percent_encode(&encoded, slice_from_cstr(url));
		click_url = arena_printf(call->arena, "%s/api/track/click/%s?url=%s&s=%.*s", base_url, id,
					 buf_cstr(&encoded), SLICE_FMT(signature));
		buf_done(&encoded);
	}
	struct json_text w = api_answer(call, 200);
	json_open(&w, '{');
	JSON_FIELD(&w, "open", string,
		   arena_printf(call->arena, "%s/api/track/open/%s?s=%.*s", base_url, id, SLICE_FMT(open_signature)));
	JSON_FIELD(&w, "click", string_or_null, click_url);
	json_close(&w, '}');
}
