/* SPDX-License-Identifier: Apache-2.0 */
/* milter_mail: one mail as the mail server hands it to a filter, piece by piece, and what has to be changed in it to
 * make it the instrumented one. Pure.
 *
 * A filter cannot hand a mail back: it says which headers change and gives a new body. So the answer of the server, a
 * whole message, is compared with what was sent to it. What lives in a milter_mail lives until milter_mail_clear.
 */
#ifndef PUGMARK_MILTER_MILTER_MAIL_H
#define PUGMARK_MILTER_MILTER_MAIL_H

#include "base/arena.h"
#include "base/buf.h"

struct milter_mail;

/* `size_max`: a mail of more bytes than this is not kept; only its headers are counted on. */
struct milter_mail *milter_mail_new(size_t size_max);
/* NULL is allowed; sets *mail to NULL. */
void milter_mail_free(struct milter_mail **mail);
/* Ready for the next one. */
void milter_mail_clear(struct milter_mail *mail);

/* Envelope addresses, as MAIL and RCPT gave them, with or without angle brackets. */
void milter_mail_set_sender(struct milter_mail *mail, struct slice address);
void milter_mail_add_recipient(struct milter_mail *mail, struct slice address);
/* `value` with the blank behind the colon when the mail server hands it over (SMFIP_HDR_LEADSPC), folds with LF. */
void milter_mail_add_header(struct milter_mail *mail, struct slice name, struct slice value);
void milter_mail_add_body(struct milter_mail *mail, struct slice bytes);

struct slice milter_mail_sender(const struct milter_mail *mail);
/* The address in From; empty when there is none. */
struct slice milter_mail_from(const struct milter_mail *mail);
bool milter_mail_has_attribution(const struct milter_mail *mail); /* an X-Pugmark-* header */
/* Pugmark sent it and put X-Pugmark-Id into it, by which reports find their mail: it is tracked, and that header
 * leaves. */
bool milter_mail_is_own(const struct milter_mail *mail);
/* Whether "text/html" stands anywhere in it: without, no part of it is. */
bool milter_mail_mentions_html(const struct milter_mail *mail);
bool milter_mail_is_too_big(const struct milter_mail *mail);

/* The whole message for the server, CRLF line ends: in front the recipients, as X-Pugmark-Recipient; one that came with
 * the mail is left out, because only the envelope knows. Valid until the next call. */
struct slice milter_mail_message(struct milter_mail *mail);

/* One X-Pugmark-* header name and how often it stands in the mail. */
struct milter_removal {
	const char *name;
	int count;
};
/* The headers to take out, whatever becomes of the mail. Never more than the headers it has. */
const struct milter_removal *milter_mail_removals(const struct milter_mail *mail, size_t *ret_count);

struct milter_header_change {
	const char *name;
	const char *value; /* with LF folds, and with the blank behind the colon when headers come with it */
	int occurrence;    /* from 1, among those of this name; 0: a new header, at the end */
};
struct milter_edits {
	struct milter_header_change *headers;
	size_t header_count;
	bool has_body; /* it differs */
	struct slice body;
};
/* What makes the mail `answer`. `answer` may differ in the values of headers and have further ones at its end;
 * STATUS_CORRUPT when it has others in other places: it is then no answer to this mail. Results live in the mail's
 * arena, the body is of `answer`. */
enum status milter_mail_compare(struct milter_mail *mail, struct slice answer, struct milter_edits *ret,
				struct err *err) MUST_CHECK;

#endif
