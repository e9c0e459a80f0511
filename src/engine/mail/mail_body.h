/* SPDX-License-Identifier: Apache-2.0 */
/* mail_body: the content of a mail as the table of bodies keeps it: html, text and attachments as they were given,
 * before anything was instrumented, so that a thousand mails of one template share one row.
 *
 * Layout: version (1 byte), html, text, count of attachments (varint), each filename, content type, cid, bytes; all
 * with their length in front (base/wire). Its id is the SHA-256 of these bytes.
 */
#ifndef PUGMARK_ENGINE_MAIL_BODY_H
#define PUGMARK_ENGINE_MAIL_BODY_H

#include "base/arena.h"
#include "base/buf.h"
#include "codec/mail/mail_compose.h"

enum { MAIL_BODY_ID_SIZE = 32 };

struct mail_body {
	struct slice html, text;
	const struct mail_attachment *attachments;
	size_t attachment_count;
};

/* Puts the encoded content and its id (MAIL_BODY_ID_SIZE bytes) into the arena. */
void mail_body_encode(const struct mail_body *body, struct arena *arena, struct slice *ret_content,
		      struct slice *ret_id);
/* Slices point into `content`; the array of attachments lives in the arena. STATUS_CORRUPT for bytes that
 * mail_body_encode did not write; *ret is untouched then. */
enum status mail_body_decode(struct slice content, struct arena *arena, struct mail_body *ret,
			     struct err *err) MUST_CHECK;

#endif
