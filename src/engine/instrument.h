/* SPDX-License-Identifier: Apache-2.0 */
/* instrument: the html of one message, or a whole mail, with its pixel and tracked links.
 *
 * The same input gives the same bytes, whenever and wherever it is run: at acceptance, at every attempt to send, for a
 * preview. That is why everything that goes in is kept with the message.
 */
#ifndef PUGMARK_ENGINE_INSTRUMENT_H
#define PUGMARK_ENGINE_INSTRUMENT_H

#include "codec/token.h"
#include "engine/accept.h"
#include "engine/message_options.h"

/* A destination that is too long for a token: to be kept with store_link_put before the mail leaves. */
struct instrument_stored {
	struct slice key; /* TOKEN_LINK_KEY_SIZE bytes: the first ones of the URL's SHA-256 */
	struct slice url;
};
struct instrument_result {
	struct slice html;
	struct slice eml; /* instrument_mail only */
	struct accept_link *links;
	size_t link_count;
	struct instrument_stored *stored;
	size_t stored_count;
	struct slice *warnings;
	size_t warning_count;
};

/* Rewrites `html` for `message` (id, tenant, track_opens, track_clicks, key_id are read). Opens off: no pixel; clicks
 * off: links are left alone. Results live in the arena. STATUS_NOT_FOUND: the key is not there; STATUS_TOO_BIG. */
enum status instrument_html(struct token_sealer *sealer, const struct message *message,
			    const struct message_options *options, struct slice html, struct arena *arena,
			    struct instrument_result *ret) MUST_CHECK;

struct instrument_mail_input {
	struct slice html; /* or empty; its links come first */
	struct slice eml;  /* a whole MIME message */
};
/* The same for a mail whose MIME form is the caller's: its html parts are rewritten in place (codec/mime_rewrite.h),
 * all other bytes stay. Links are numbered on from `html` through all parts. */
enum status instrument_mail(struct token_sealer *sealer, const struct message *message,
			    const struct message_options *options, const struct instrument_mail_input *input,
			    struct arena *arena, struct instrument_result *ret) MUST_CHECK;

/* BASE/u/TOKEN, where the recipient unsubscribes; in the arena. Results as above. */
enum status instrument_unsubscribe_url(struct token_sealer *sealer, const struct message *message,
				       const struct message_options *options, struct arena *arena,
				       struct slice *ret) MUST_CHECK;

#endif
