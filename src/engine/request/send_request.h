/* SPDX-License-Identifier: Apache-2.0 */
/* send_request: the body of POST /messages (doc/openapi.yaml) as a struct, checked whole.
 *
 * Limits stand in the tables of send_request.c and send_parts.c and in the enum below. Nothing is looked up here:
 * consent, suppressions and the like are accept's business.
 */
#ifndef PUGMARK_ENGINE_SEND_REQUEST_H
#define PUGMARK_ENGINE_SEND_REQUEST_H

#include "codec/mail/mail_compose.h"
#include "engine/request/json_fields.h"
#include "store/mail/messages.h"

enum {
	SEND_HTML_MAX = 10 * 1024 * 1024,
	SEND_TEXT_MAX = 2 * 1024 * 1024,
	SEND_EML_MAX = 40 * 1024 * 1024,               /* a whole mail, decoded */
	SEND_ATTACHMENTS_BYTES_MAX = 25 * 1024 * 1024, /* of all attachments, decoded */
	SEND_METADATA_MAX = 4096,
	SEND_ID_MAX = 200, /* of the caller's ids: contact, campaign, template, sequence, sender */
	SEND_UTM_MAX = 10,
	SEND_DAYS_AHEAD_MAX = 366,
};

/* What the body is for; fields that make no sense for it are unknown ones. */
enum accept_kind { ACCEPT_SEND, ACCEPT_INSTRUMENT };

enum send_pixel { SEND_PIXEL_BOTTOM, SEND_PIXEL_TOP, SEND_PIXEL_OFF };

struct send_pair {
	struct slice name, value;
};
struct send_track {
	bool has_opens, has_clicks; /* the request said so itself */
	enum consent opens, clicks; /* CONSENT_FULL when it did not */
	bool clamp;                 /* asking for more than is allowed gets what is allowed, and a warning */
	enum send_pixel pixel;
	bool vml;          /* links in comments for Outlook too; true when the request did not say */
	bool visible_urls; /* links whose text is an address too; the same */
	struct send_pair *utm;
	size_t utm_count;
};
struct send_unsubscribe {
	bool has_one_click, one_click;
	struct slice url; /* empty: Pugmark's own */
};
struct send_headers {
	struct mail_header *items;
	size_t count;
};
struct send_attachments {
	struct mail_attachment *items;
	size_t count;
};
struct send_noun {
	struct slice id, name;
};
struct send_contact {
	struct slice id, category, agent;
};
struct send_sequence {
	struct slice id, enrollment;
	int32_t position; /* -1: none */
};

/* Slices point into the JSON body or into the arena. */
struct send_request {
	struct mail_party from, to, reply_to; /* addresses in their normal form; empty: none */
	struct slice subject, html, text;
	struct slice eml;   /* ACCEPT_INSTRUMENT: a whole mail; p == NULL: none */
	bool eml_is_base64; /* it came so and is to be answered so */
	struct send_headers headers;
	struct send_attachments attachments;
	struct send_contact contact;
	struct send_noun campaign, template;
	struct send_sequence sequence;
	struct slice sender;
	int64_t send_at_us;  /* 0: at once */
	bool send_at_is_day; /* it is the midnight in UTC of a day that begins when the tenant's clocks say so */
	struct slice stream;
	struct slice provider; /* empty: the installation's */
	struct send_track track;
	struct send_unsubscribe unsubscribe;
	struct slice metadata; /* compact JSON, or empty */
};

struct send_request_input {
	enum accept_kind kind;
	const json_t *body;
	struct arena *arena;
	int64_t now_us;
	struct slice eml; /* a whole mail that came beside the body, which then only attributes it; else empty */
};

/* STATUS_BAD_INPUT with all problems in *ret_problems (*ret is then of no use), or STATUS_OK. Pure. */
enum status send_request_read(const struct send_request_input *input, struct send_request *ret,
			      struct problem_list *ret_problems) MUST_CHECK;

/* Whether the mail carries List-Unsubscribe, and whether it takes one-click (RFC 8058): the default for bulk mail,
 * asked for elsewhere. */
bool send_request_is_one_click(const struct send_request *request);
bool send_request_has_unsubscribe(const struct send_request *request);

/* "full", "anonymous", "off"; "bottom", "top", "off". */
const char *send_consent_name(enum consent consent);
const char *send_pixel_name(enum send_pixel pixel);

#endif
