/* SPDX-License-Identifier: Apache-2.0 */
/* mail_compose: builds one mail (RFC 5322 with MIME) for one recipient.
 *
 * The same draft always gives the same bytes, boundaries included, so that a retry is byte-identical. Line ends are
 * CRLF throughout whatever the draft had; no line passes 998 bytes; nothing in a draft can add a header. The message is
 * 7-bit clean: it passes any server, and no relay has a reason to re-encode it and break a signature. Pure.
 *
 * Not here: choosing what to send, rewriting links (html_rewrite.h), signing, dot-stuffing (the transport's).
 */
#ifndef PUGMARK_CODEC_MAIL_COMPOSE_H
#define PUGMARK_CODEC_MAIL_COMPOSE_H

#include "codec/mail/mail_draft.h"

/* Appends the whole message to `to`. STATUS_BAD_INPUT names the field that is wrong, STATUS_TOO_BIG the one that is too
 * long, or the message when it passes the buffer's maximum; what `to` holds then is of no use. */
enum status mail_compose(const struct mail_draft *draft, struct buf *to, struct err *err) MUST_CHECK;

#endif
