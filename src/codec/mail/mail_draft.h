/* SPDX-License-Identifier: Apache-2.0 */
/* mail_draft: one mail before it is written: what is in it, and whether it can become a well-formed one. Pure. */
#ifndef PUGMARK_CODEC_MAIL_DRAFT_H
#define PUGMARK_CODEC_MAIL_DRAFT_H

#include "codec/mail/mail_header.h"

enum {
	MAIL_NAME_MAX = 512,            /* bytes of a display name or a file name */
	MAIL_SUBJECT_MAX = 4096,        /* bytes, as UTF-8 before encoding */
	MAIL_HEADERS_MAX = 50,          /* extra headers */
	MAIL_ATTACHMENTS_MAX = 100,     /* attachments, inline ones included */
	MAIL_UNSUBSCRIBE_URL_MAX = 900, /* bytes, so that the line stays below 998 */
};

struct mail_party {
	struct slice name;    /* UTF-8, may be empty */
	struct slice address; /* as mail_address_check takes it */
};

struct mail_attachment {
	struct slice filename;     /* UTF-8, may be empty */
	struct slice content_type; /* "type/subtype", parameters allowed; empty: application/octet-stream */
	struct slice bytes;        /* as they are, not base64 */
	struct slice cid;          /* not empty: shown within the html, which calls it "cid:…" */
};

/* Everything is borrowed for the call. Empty slices where nothing is wanted. */
struct mail_draft {
	struct mail_party from;
	struct mail_party to;
	struct mail_party reply_to; /* empty address: none */
	struct slice subject;
	struct slice html; /* UTF-8 is declared; other bytes pass unchanged */
	struct slice text;
	const struct mail_header *headers; /* each must pass mail_header_check */
	size_t header_count;
	const struct mail_attachment *attachments;
	size_t attachment_count;
	struct slice message_id;              /* "left@right" without angle brackets; required */
	struct slice trace_id;                /* X-Pugmark-Id, by which reports are matched to the mail; may be empty */
	int64_t date_us;                      /* the Date header */
	const struct slice *unsubscribe_urls; /* http:, https: or mailto:, in order of preference */
	size_t unsubscribe_url_count;
	bool one_click; /* the one web URL among them takes an RFC 8058 POST */
};

/* STATUS_OK, or STATUS_BAD_INPUT or STATUS_TOO_BIG with words that begin with the field's name as the API has it. */
enum status mail_draft_check(const struct mail_draft *draft, struct err *err) MUST_CHECK;

#endif
