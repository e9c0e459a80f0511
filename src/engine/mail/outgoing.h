/* SPDX-License-Identifier: Apache-2.0 */
/* outgoing: the mail as it leaves: what is kept of a message made into the exact bytes, the same at every attempt.
 *
 * Message-ID comes from the message's id, Date is its dated_us: when it first left (decision 50). List-Unsubscribe (RFC
 * 2369, RFC 8058) is written for bulk mail and where it was asked for.
 */
#ifndef PUGMARK_ENGINE_OUTGOING_H
#define PUGMARK_ENGINE_OUTGOING_H

#include "codec/token/link_token.h"
#include "engine/mail/instrument.h"
#include "engine/mail/mail_body.h"
#include "engine/mail/message_options.h"
#include "engine/mail/sending.h"

enum { OUTGOING_MAX = 64 * 1024 * 1024 };

struct outgoing {
	const struct message *message;
	struct slice body; /* the content of message->body_id */
	struct link_token_sealer *sealer;
	struct arena *arena;
};

/* Appends the whole mail to `to`. STATUS_BAD_INPUT, STATUS_TOO_BIG, STATUS_CORRUPT, STATUS_NOT_FOUND (its token key is
 * gone): it cannot be built, now or ever; *err says why. */
enum status outgoing_build(const struct outgoing *outgoing, struct buf *to, struct err *err) MUST_CHECK;
/* The html as sent, in the arena; empty when it has none. Results as above. */
enum status outgoing_html(const struct outgoing *outgoing, struct slice *ret, struct err *err) MUST_CHECK;
/* Its links as they were counted when it was instrumented, in the arena. Results as above. */
enum status outgoing_links(const struct outgoing *outgoing, const struct mail_link **ret, size_t *ret_count,
			   struct err *err) MUST_CHECK;
/* Whether a mail of these headers and attachments can be built, whatever its text: run before it is accepted, so that
 * nothing is accepted that must fail later. Results as outgoing_build. */
enum status outgoing_check(const struct message *message, const struct message_options *options,
			   const struct mail_body *body, struct err *err) MUST_CHECK;

#endif
