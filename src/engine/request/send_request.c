/* SPDX-License-Identifier: Apache-2.0 */
/* The tables say which fields there are and how long they may be; what concerns several fields at once is checked
 * behind them. */
#include "engine/request/send_request.h"

#include "base/clock.h"

#include "engine/request/send_parts.h"
#include "provider/provider.h"

static void check_stream(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	(void)value;
	const struct slice *stream = member;
	for (size_t i = 0; i < stream->n; i++) {
		char c = stream->p[i];
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
			continue;
		READING_PROBLEM(r, place, "must consist of a-z, 0-9, - and _, such as \"transactional\" or \"bulk\"");
		return;
	}
}

static void check_provider(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	(void)value;
	const struct slice *provider = member;
	/* Whether there is an account behind it is asked when the request is accepted (accept_prepare.c). */
	if (provider->n && !provider_find(*provider))
		READING_PROBLEM(r, place, "there is no provider of this name");
}

enum { DATE_SIZE = 10 };

/* A day is no time before a zone makes it one, and whose that is nobody here knows. */
static void read_send_at(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct slice text;
	struct send_request *request = member;
	if (!json_fields_text(r, value, place, 64, true, &text))
		return;
	request->send_at_is_day = text.n == DATE_SIZE;
	if (!time_parse_rfc3339(text, &request->send_at_us))
		READING_PROBLEM(r, place, "must be a time such as 2026-11-21T06:00:00Z (RFC 3339), or a day");
	else if (request->send_at_us > r->now_us + (int64_t)SEND_DAYS_AHEAD_MAX * 86400 * 1000000)
		READING_PROBLEM(r, place, "must not be more than a year ahead");
}

#define MEMBER(name) offsetof(struct send_request, name)
/* Fields of every request. `from` and `to` and the subject are required for sending only, see check_send. */
#define COMMON_FIELDS                                                                                                  \
	{"from", FIELD_CUSTOM, MEMBER(from), 0, false, send_parts_party},                                              \
	    {"to", FIELD_CUSTOM, MEMBER(to), 0, false, send_parts_party},                                              \
	    {"subject", FIELD_LINE, MEMBER(subject), MAIL_SUBJECT_MAX, false, NULL},                                   \
	    {"html", FIELD_TEXT, MEMBER(html), SEND_HTML_MAX, false, NULL},                                            \
	    {"text", FIELD_TEXT, MEMBER(text), SEND_TEXT_MAX, false, NULL},                                            \
	    {"contact", FIELD_CUSTOM, MEMBER(contact), 0, false, send_parts_contact},                                  \
	    {"campaign", FIELD_CUSTOM, MEMBER(campaign), 0, false, send_parts_noun},                                   \
	    {"template", FIELD_CUSTOM, MEMBER(template), 0, false, send_parts_noun},                                   \
	    {"sequence", FIELD_CUSTOM, MEMBER(sequence), 0, false, send_parts_sequence},                               \
	    {"sender", FIELD_LINE, MEMBER(sender), SEND_ID_MAX, false, NULL},                                          \
	    {"stream", FIELD_LINE, MEMBER(stream), 32, false, check_stream},                                           \
	    {"track", FIELD_CUSTOM, MEMBER(track), 0, false, send_parts_track},                                        \
	    {"unsubscribe", FIELD_CUSTOM, MEMBER(unsubscribe), 0, false, send_parts_unsubscribe},                      \
	{                                                                                                              \
		"metadata", FIELD_CUSTOM, MEMBER(metadata), 0, false, send_parts_metadata                              \
	}

static const struct json_field send_fields[] = {
    COMMON_FIELDS,
    {"reply_to", FIELD_CUSTOM, MEMBER(reply_to), 0, false, send_parts_party},
    {"headers", FIELD_CUSTOM, MEMBER(headers), 0, false, send_parts_headers},
    {"attachments", FIELD_CUSTOM, MEMBER(attachments), 0, false, send_parts_attachments},
    {"send_at", FIELD_CUSTOM, 0, 0, false, read_send_at},
    {"provider", FIELD_LINE, MEMBER(provider), 64, false, check_provider},
    {0},
};
static const struct json_field instrument_fields[] = {
    COMMON_FIELDS,
    {"eml", FIELD_TEXT, MEMBER(eml), SEND_EML_MAX, false, NULL},
    {"eml_base64", FIELD_CUSTOM, MEMBER(eml), 0, false, send_parts_eml},
    {0},
};

static bool is_given(const json_t *body, const char *key)
{
	const json_t *value = json_object_get(body, key);
	return value && !json_is_null(value);
}

static void require(struct json_reading *r, const json_t *body, const char *key)
{
	if (is_given(body, key))
		return;
	struct json_place at = {NULL, key, 0};
	READING_PROBLEM(r, &at, "is required");
}

static void check_send(struct json_reading *r, const json_t *body, const struct send_request *request)
{
	require(r, body, "from");
	require(r, body, "to");
	require(r, body, "subject");
	struct json_place subject = {NULL, "subject", 0}, html = {NULL, "html", 0};
	/* A subject that was refused for another reason has been spoken of already. */
	if (is_given(body, "subject") && json_string_length(json_object_get(body, "subject")) == 0 &&
	    json_is_string(json_object_get(body, "subject")))
		READING_PROBLEM(r, &subject, "must not be empty");
	/* An html that was refused has been spoken of already. */
	if (!request->html.n && !request->text.n && !(is_given(body, "html") && r->problems.count))
		READING_PROBLEM(r, &html, "html or text is required");
}

static void check_not_empty(struct json_reading *r, const json_t *body, const char *key)
{
	struct json_place at = {NULL, key, 0};
	const json_t *value = json_object_get(body, key);
	if (json_is_string(value) && !json_string_length(value))
		READING_PROBLEM(r, &at, "must not be empty");
}

static void check_instrument(struct json_reading *r, const json_t *body, struct send_request *request)
{
	struct json_place html = {NULL, "html", 0}, to = {NULL, "to", 0}, base64 = {NULL, "eml_base64", 0};
	bool has_eml = is_given(body, "eml") || is_given(body, "eml_base64");
	request->eml_is_base64 = is_given(body, "eml_base64");
	if (!is_given(body, "html") && !has_eml)
		READING_PROBLEM(r, &html, "html or eml is required");
	if (is_given(body, "eml") && is_given(body, "eml_base64"))
		READING_PROBLEM(r, &base64, "is given, and so is eml; one of them");
	check_not_empty(r, body, "html");
	check_not_empty(r, body, "eml");
	check_not_empty(r, body, "eml_base64");
	/* A mail says itself whom it is for. */
	if (!has_eml && !is_given(body, "to") && !is_given(body, "contact"))
		READING_PROBLEM(r, &to, "to or contact is required: somebody must be the one who reads it");
}

static void check_one_click(struct json_reading *r, const struct send_request *request)
{
	/* RFC 8058, 3.1 */
	if (!request->unsubscribe.one_click || !request->unsubscribe.url.n ||
	    slice_starts_with_nocase(request->unsubscribe.url, SLICE("https://")))
		return;
	struct json_place parent = {NULL, "unsubscribe", 0}, at = {&parent, "url", 0};
	READING_PROBLEM(r, &at, "must be an https: address when one_click is true");
}

static void set_defaults(struct send_request *request)
{
	*request = (struct send_request){
	    .track = {.opens = CONSENT_FULL, .clicks = CONSENT_FULL, .vml = true, .visible_urls = true},
	    .sequence = {.position = -1},
	    /* What nobody named is taken for one person's own mail: it gets no List-Unsubscribe. */
	    .stream = SLICE("transactional"),
	};
}

enum status send_request_read(const struct send_request_input *input, struct send_request *ret,
			      struct problem_list *ret_problems)
{
	struct json_reading r = {.arena = input->arena, .now_us = input->now_us};
	bool is_send = input->kind == ACCEPT_SEND;
	set_defaults(ret);
	json_fields_read(&r, input->body, NULL, is_send ? send_fields : instrument_fields, ret);
	if (json_is_object(input->body)) {
		if (is_send)
			check_send(&r, input->body, ret);
		else if (!input->eml.n)
			check_instrument(&r, input->body, ret);
		check_one_click(&r, ret);
	}
	if (input->eml.n)
		ret->eml = input->eml;
	if (!ret->stream.n)
		ret->stream = SLICE("transactional");
	*ret_problems = r.problems;
	return r.problems.count ? STATUS_BAD_INPUT : STATUS_OK;
}

bool send_request_is_one_click(const struct send_request *request)
{
	if (request->unsubscribe.has_one_click)
		return request->unsubscribe.one_click;
	/* An address of the caller's own is not known to take a POST unless it is said to. */
	return slice_equal(request->stream, SLICE("bulk")) && !request->unsubscribe.url.n;
}

bool send_request_has_unsubscribe(const struct send_request *request)
{
	return slice_equal(request->stream, SLICE("bulk")) || request->unsubscribe.url.n ||
	       send_request_is_one_click(request);
}

const char *send_consent_name(enum consent consent)
{
	switch (consent) {
	case CONSENT_OFF: return "off";
	case CONSENT_ANONYMOUS: return "anonymous";
	case CONSENT_FULL: break;
	}
	return "full";
}

const char *send_pixel_name(enum send_pixel pixel)
{
	switch (pixel) {
	case SEND_PIXEL_OFF: return "off";
	case SEND_PIXEL_TOP: return "top";
	case SEND_PIXEL_BOTTOM: break;
	}
	return "bottom";
}
