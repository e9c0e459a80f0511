/* SPDX-License-Identifier: Apache-2.0 */
/* A platform that builds its links itself, in its own templates, asks for signatures instead of having its HTML
 * rewritten. They are tokens like all others, sealed with what the message was sent with (its consent), and the click's
 * holds only a key of the address: the address itself stands in the link, readable, and cannot be exchanged for
 * another. */
#include "web/api/sign.h"

#include "codec/token/tracking_url.h"
#include "codec/url/query.h"
#include "codec/url/url.h"
#include "engine/mail/sending.h"
#include "store/mail/messages.h"
#include "web/api/answer.h"
#include "web/api/reach.h"
#include "web/api/services.h"
#include "web/edge/track.h"

/* With the key of new links, as when the message was sent; an older one would open just as well. */
static struct slice sign(struct api_call *call, struct api_worker *worker, const struct link_token *token)
{
	const struct sending *sending = call->services->sending;
	char text[256];
	struct buf b;
	buf_init_fixed(&b, text, sizeof text);
	if (link_token_seal(worker->sealer, link_token_keys_sealing(sending->keys), token, &b) != STATUS_OK)
		return SLICE_EMPTY;
	return arena_copy(call->arena, buf_slice(&b));
}

/* The message must be the caller's own: a signature makes hits count, and for somebody else's they must not. */
static bool signed_message(struct api_call *call, struct api_worker *worker, struct message *ret)
{
	struct err err = {0};
	struct uuid id;
	const json_t *text = json_object_get(call->json, "message");
	const json_t *url = json_object_get(call->json, "url");
	size_t known = 1U + (url != NULL);
	if (!json_is_string(text) || !uuid_parse(slice_from_cstr(json_string_value(text)), &id) ||
	    (url && !json_is_string(url)) || json_object_size(call->json) != known) {
		answer_problem(call, 422, "Invalid",
			       "The body must be {\"message\": id, \"url\": URL}; url may be left out.");
		return false;
	}
	enum status status = store_message_find(worker->session, call->who.tenant, id, call->arena, ret, &err);
	if (status == STATUS_OK && !reach_mail(call, ret->sender))
		status = STATUS_NOT_FOUND;
	if (status != STATUS_OK)
		answer_status(call, status, &err);
	return status == STATUS_OK;
}

void sign_urls(struct api_call *call, struct api_worker *worker)
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
			answer_problem(call, 422, "Invalid",
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
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	JSON_FIELD(&w, "open", string,
		   arena_printf(call->arena, "%s/api/track/open/%s?s=%.*s", base_url, id, SLICE_FMT(open_signature)));
	JSON_FIELD(&w, "click", string_or_null, click_url);
	json_close(&w, '}');
}
