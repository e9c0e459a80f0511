/* SPDX-License-Identifier: Apache-2.0 */
/* Every event has every key, with null where it has nothing to say, so that a reader never has to ask whether a key is
 * there. An anonymous event (counted for the campaign, not for the person) shows nothing that leads to the person: its
 * message would, so that is not shown either. */
#include "engine/feed/event_json.h"

#include "base/mem.h"
#include "codec/judge/reason_words.h"
#include "codec/judge/user_agent.h"
#include "codec/token/tracking_url.h"
#include <jansson.h>

static void put_contact(struct json_text *w, const struct event *event)
{
	json_key(w, "contact");
	if (event_is_anonymous(event) || event->contact_id.n == 0) { /* a mail to several has no contact */
		json_put_null(w);
		return;
	}
	json_open(w, '{');
	JSON_FIELD(w, "id", string_or_null, event->contact_id);
	JSON_FIELD(w, "email", string_or_null, event->contact_email);
	JSON_FIELD(w, "category", string_or_null, event->contact_category);
	json_close(w, '}');
}

static void put_number_or_null(struct json_text *w, const char *key, int32_t value)
{
	json_key(w, key);
	if (value < 0)
		json_put_null(w);
	else
		json_put_i64(w, value);
}

static void put_origin(struct json_text *w, const struct event *event)
{
	JSON_FIELD(w, "campaign_id", string_or_null, event->campaign_id);
	JSON_FIELD(w, "template_id", string_or_null, event->template_id);
	json_key(w, "sequence");
	if (event->sequence_id.n == 0 && event->sequence_position < 0) {
		json_put_null(w);
	} else {
		json_open(w, '{');
		JSON_FIELD(w, "id", string_or_null, event->sequence_id);
		JSON_FIELD(w, "enrollment", string_or_null,
			   event_is_anonymous(event) ? SLICE_EMPTY : event->enrollment);
		put_number_or_null(w, "position", event->sequence_position);
		json_close(w, '}');
	}
	JSON_FIELD(w, "sender", string_or_null, event->sender);
	JSON_FIELD(w, "destination_url", string_or_null, event->destination_url);
	put_number_or_null(w, "link_index", event->link_index);
}

static const struct slice GROUP = SLICE("group:");

static void put_codes(struct json_text *w, struct slice reasons)
{
	json_key(w, "reasons");
	json_open(w, '[');
	while (reasons.n) {
		struct slice reason = slice_cut(&reasons, ' ');
		/* It is no reason but the name of a burst, and has a key of its own (put_group). */
		if (reason.n && !slice_starts_with(reason, GROUP))
			json_put_string(w, reason);
	}
	json_close(w, ']');
}

static void put_why(struct json_text *w, struct slice reasons)
{
	char room[REASON_WORDS_MAX];
	struct buf words;
	buf_init_fixed(&words, room, sizeof room);
	reason_words_append_line(&words, reasons);
	JSON_FIELD(w, "why", string_or_null, buf_slice(&words));
}

void event_json_put_reasons(struct json_text *w, struct slice reasons)
{
	put_codes(w, reasons);
	put_why(w, reasons);
}

/* Which burst it belongs to is kept among the reasons and shown by itself. */
static void put_group(struct json_text *w, struct slice reasons)
{
	struct slice group = SLICE_EMPTY;
	while (reasons.n) {
		struct slice reason = slice_cut(&reasons, ' ');
		if (slice_starts_with(reason, GROUP))
			group = slice_from(reason, GROUP.n);
	}
	JSON_FIELD(w, "group", string_or_null, group);
}

static void put_verdict(struct json_text *w, const struct event *event)
{
	json_key(w, "actor");
	json_put_cstring(w, event->judged ? actor_name(event->actor) : NULL);
	put_codes(w, event->judged ? event->reasons : SLICE_EMPTY);
	json_key(w, "confidence");
	if (event->judged)
		json_put_double(w, event->confidence_percent / 100.0);
	else
		json_put_null(w);
	JSON_FIELD(w, "bot", bool, event->bot_filtered);
	JSON_FIELD(w, "mpp", bool, event->judged &&event_is_mpp(event));
	JSON_FIELD(w, "rules", string_or_null, event->judged ? event->rules : SLICE_EMPTY);
	/* What nobody judged nobody will judge otherwise. */
	JSON_FIELD(w, "settled", bool, !event->judged || event->settled);
	put_group(w, event->judged ? event->reasons : SLICE_EMPTY);
}

void event_json_append_verdict(struct buf *b, const struct event *event)
{
	struct json_text w = json_text_on(b);
	json_open(&w, '{');
	JSON_FIELD(&w, "type", cstring, event_type_api_name(event->type));
	JSON_FIELD(&w, "occurred_at", time, event->occurred_us);
	JSON_FIELD(&w, "is_unique", bool, event->is_unique);
	JSON_FIELD(&w, "is_duplicate", bool, event->is_duplicate);
	put_verdict(&w, event);
	json_close(&w, '}');
}

static void put_correction(struct json_text *w, const struct event *event)
{
	json_key(w, "corrects");
	if (uuid_is_zero(event->corrects))
		json_put_null(w);
	else
		json_put_uuid(w, event->corrects);
	JSON_FIELD(w, "previous", raw_or_null, event->previous);
}

static void put_client(struct json_text *w, const struct event *event)
{
	struct client client = {0};
	json_key(w, "client");
	/* Its agent is bare "Mozilla/5.0" and says nothing; that it was Apple's is the verdict's. */
	if (event->judged && event_is_mpp(event))
		client.name = "Apple Mail (private)";
	else if (event->judged && event->user_agent.n)
		user_agent_parse(event->user_agent, &client);
	if (!client.name && !client.os) {
		json_put_null(w);
		return;
	}
	json_open(w, '{');
	JSON_FIELD(w, "name", cstring, client.name);
	JSON_FIELD(w, "os", cstring, client.os);
	JSON_FIELD(w, "device", cstring, client.device);
	json_close(w, '}');
}

static void put_bounce(struct json_text *w, const struct event *event)
{
	json_key(w, "bounce");
	if (event->bounce_class.n == 0) {
		json_put_null(w);
		return;
	}
	json_open(w, '{');
	JSON_FIELD(w, "class", string, event->bounce_class);
	JSON_FIELD(w, "code", string_or_null, event->bounce_code);
	JSON_FIELD(w, "reason", string_or_null, event->bounce_reason);
	json_close(w, '}');
}

/* ---- metadata: ours, then the message's own except for names that are ours */

static bool is_our_key(const char *key)
{
	static const char *const KEYS[] = {"source", "medium", "campaign", "email_position", "contact_category"};
	for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
		if (strcmp(key, KEYS[i]) == 0)
			return true;
	return false;
}

static void put_own_metadata(struct json_text *w, struct slice metadata)
{
	/* Checked when it came in. If a disk has changed it since, the event goes without, and not the list without the
	 * event. */
	json_t *object = metadata.n ? json_loadb(metadata.p, metadata.n, 0, NULL) : NULL;
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		char *text = is_our_key(key) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		if (!text)
			continue;
		json_key(w, key);
		json_put_raw(w, slice_from_cstr(text));
		free(text);
	}
	json_decref(object);
}

static void put_metadata(struct json_text *w, const struct event *event)
{
	json_key(w, "metadata");
	json_open(w, '{');
	JSON_FIELD(w, "source", cstring, "pugmark");
	JSON_FIELD(w, "medium", cstring, "email");
	JSON_FIELD(w, "campaign", string_or_null, event->campaign_id);
	put_number_or_null(w, "email_position", event->sequence_position);
	JSON_FIELD(w, "contact_category", string_or_null,
		   event_is_anonymous(event) ? SLICE_EMPTY : event->contact_category);
	if (!event_is_anonymous(event))
		put_own_metadata(w, event->metadata);
	json_close(w, '}');
}

/* ---- The token */

static enum link_token_consent token_consent_of(enum consent consent)
{
	static const enum link_token_consent CONSENTS[] = {
	    [CONSENT_OFF] = LINK_TOKEN_CONSENT_OFF,
	    [CONSENT_ANONYMOUS] = LINK_TOKEN_CONSENT_ANONYMOUS,
	    [CONSENT_FULL] = LINK_TOKEN_CONSENT_FULL,
	};
	return CONSENTS[consent];
}

/* As instrument.c has it: even who is not tracked can leave. */
static enum link_token_consent leaving_consent_of(enum consent clicks)
{
	return token_consent_of(clicks == CONSENT_OFF ? CONSENT_ANONYMOUS : clicks);
}

static struct link_token click_of(const struct event *event, char stored_key[LINK_TOKEN_STORED_KEY_SIZE])
{
	struct link_token token = {
	    .kind = LINK_TOKEN_CLICK,
	    .consent = token_consent_of(event->track_clicks),
	    .link_index = event->link_index < 0 ? LINK_TOKEN_HONEYPOT : (uint32_t)event->link_index,
	    .destination = event->destination_url,
	};
	token.is_stored = token.destination.n > LINK_TOKEN_URL_MAX;
	if (!token.is_stored)
		return token;
	tracking_stored_key(token.destination, stored_key);
	token.destination = slice_of(stored_key, LINK_TOKEN_STORED_KEY_SIZE);
	return token;
}

/* Sealed again instead of stored: the same input gives the same token (decision 32), and a key that is not there any
 * more gives none. */
void event_token_append(struct buf *b, const struct event *event, struct link_token_sealer *sealer)
{
	char stored_key[LINK_TOKEN_STORED_KEY_SIZE];
	char room[LINK_TOKEN_TEXT_MAX + 1];
	struct buf text;
	struct link_token token = {.kind = LINK_TOKEN_OPEN, .consent = token_consent_of(event->track_opens)};
	if (!event->has_token)
		return;
	if (event->type == EVENT_CLICK)
		token = click_of(event, stored_key);
	else if (event->type != EVENT_OPEN)
		token = (struct link_token){.kind = LINK_TOKEN_UNSUBSCRIBE,
					    .consent = leaving_consent_of(event->track_clicks)};
	token.tenant = event->tenant;
	token.message = event->message;
	buf_init_fixed(&text, room, sizeof room);
	if (link_token_seal(sealer, event->key_id, &token, &text) == STATUS_OK)
		buf_append(b, buf_slice(&text));
}

static void put_token(struct json_text *w, const struct event *event, struct link_token_sealer *sealer)
{
	char room[LINK_TOKEN_TEXT_MAX + 1];
	struct buf token;
	buf_init_fixed(&token, room, sizeof room);
	if (!event_is_anonymous(event))
		event_token_append(&token, event, sealer);
	JSON_FIELD(w, "token", string_or_null, buf_slice(&token));
}

static void put_repeats(struct json_text *w, const struct event *event)
{
	if (!event->repeats)
		return;
	JSON_FIELD(w, "repeats", i64, event->repeats);
	JSON_FIELD(w, "last_repeated_at", time, event->last_repeat_us);
}

void event_json_append(struct buf *b, const struct event *event, const struct event_json_context *context)
{
	struct json_text w = json_text_on(b);
	json_open(&w, '{');
	JSON_FIELD(&w, "id", uuid, event->id);
	JSON_FIELD(&w, "type", cstring, event_type_api_name(event->type));
	JSON_FIELD(&w, "occurred_at", time, event->occurred_us);
	JSON_FIELD(&w, "tenant", string, context->tenant_name);
	json_key(&w, "message_id");
	if (event_is_anonymous(event) || uuid_is_zero(event->message))
		json_put_null(&w);
	else
		json_put_uuid(&w, event->message);
	put_token(&w, event, context->sealer);
	JSON_FIELD(&w, "is_unique", bool, event->is_unique);
	JSON_FIELD(&w, "is_duplicate", bool, event->is_duplicate);
	put_repeats(&w, event);
	put_contact(&w, event);
	put_origin(&w, event);
	put_verdict(&w, event);
	put_why(&w, event->judged ? event->reasons : SLICE_EMPTY);
	put_correction(&w, event);
	put_client(&w, event);
	JSON_FIELD(&w, "ip", string_or_null, event->ip);
	JSON_FIELD(&w, "user_agent", string_or_null, event->user_agent);
	JSON_FIELD(&w, "provider", string_or_null, event->provider);
	/* The provider's id is as good as ours. */
	JSON_FIELD(&w, "esp_message_id", string_or_null, event_is_anonymous(event) ? SLICE_EMPTY : event->remote_id);
	put_bounce(&w, event);
	put_metadata(&w, event);
	json_close(&w, '}');
}
