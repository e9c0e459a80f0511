/* SPDX-License-Identifier: Apache-2.0 */
/* mail_request: what a whole mail says about itself: who it is for and what it belongs to, by its own headers.
 *
 * A mail that somebody only passes on (Content-Type: message/rfc822) has its attribution in X-Pugmark-* headers. They
 * mean what the fields of the JSON body mean (table in mail_request.c, doc/milter.md) and are made into such a body;
 * what is wrong with one of them is a warning, because the mail is on its way and nobody is there to be told. From,
 * Subject, Message-ID and the recipient are read from the mail where the request does not say.
 */
#ifndef PUGMARK_ENGINE_MAIL_REQUEST_H
#define PUGMARK_ENGINE_MAIL_REQUEST_H

#include "engine/request/send_request.h"

enum { MAIL_REQUEST_RECIPIENTS_MAX = 1000, MAIL_REQUEST_WARNINGS_MAX = 40 };

struct mail_request {
	struct slice eml;         /* without its X-Pugmark-* headers */
	struct slice message_id;  /* without brackets; empty: none */
	struct slice *recipients; /* normal form; of the envelope (X-Pugmark-Recipient), else To and Cc */
	size_t recipient_count;   /* MAIL_REQUEST_RECIPIENTS_MAX: these, and more */
	struct slice text, html;  /* as shown to a reader, valid UTF-8; empty: none */
	struct slice *warnings;   /* "code: sentence" */
	size_t warning_count;
	bool has_unsubscribe; /* a List-Unsubscribe header */
};

/* Reads `message` with its attribution: *ret_body (to be released with json_decref) is what the headers say as the body
 * of a request, good for send_request_read. Everything lives in the arena or in `message`. STATUS_OK;
 * STATUS_BAD_INPUT for no bytes at all; STATUS_TOO_BIG past SEND_EML_MAX. */
enum status mail_request_read(struct slice message, struct arena *arena, struct mail_request *ret,
			      json_t **ret_body) MUST_CHECK;
/* The same for a mail that came in a JSON body, which holds the attribution: headers are removed and not read. */
enum status mail_request_strip(struct slice message, struct arena *arena, struct mail_request *ret) MUST_CHECK;
/* Fills in from, subject and, unless the request says whom the mail is for, the sole recipient, from the mail. */
void mail_request_complete(const struct mail_request *mail, struct arena *arena, struct send_request *request);
/* `eml` with List-Unsubscribe (and -Post, RFC 8058) behind its other headers; in the arena. `url` is checked. */
struct slice mail_request_add_unsubscribe(struct slice eml, struct slice url, bool one_click, struct arena *arena);

#endif
