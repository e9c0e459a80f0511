/* SPDX-License-Identifier: Apache-2.0 */
/* instrument: the html of one message, or a whole mail, with its pixel and tracked links.
 *
 * The same input gives the same bytes, whenever and wherever it is run: at acceptance, at every attempt to send, for a
 * preview. That is why everything that goes in is kept with the message.
 */
#ifndef PUGMARK_ENGINE_INSTRUMENT_H
#define PUGMARK_ENGINE_INSTRUMENT_H

#include "codec/token/link_token.h"
#include "engine/mail/message_options.h"
#include "engine/mail/sending.h"

/* What became of one link of a mail. */
struct mail_link {
	uint32_t index;
	struct slice url;
	struct slice tracked_url; /* empty: not tracked */
	const char *skipped;      /* why not; NULL when tracked */
};

/* A destination that is too long for a token: to be kept with store_link_put before the mail leaves. */
struct instrument_stored {
	struct slice key; /* LINK_TOKEN_STORED_KEY_SIZE bytes: the first ones of the URL's SHA-256 */
	struct slice url;
};
struct instrument_result {
	struct slice html;
	struct slice eml; /* instrument_mail only */
	struct mail_link *links;
	size_t link_count;
	struct instrument_stored *stored;
	size_t stored_count;
	struct slice *warnings;
	size_t warning_count;
};

/* Rewrites `html` for `message` (id, tenant, track_opens, track_clicks, key_id are read). Opens off: no pixel; clicks
 * off: links are left alone. Results live in the arena. STATUS_NOT_FOUND: the key is not there; STATUS_TOO_BIG,
 * also for more than INSTRUMENT_LINKS_MAX links. */
enum { INSTRUMENT_LINKS_MAX = 10000 };
enum status instrument_html(struct link_token_sealer *sealer, const struct message *message,
			    const struct message_options *options, struct slice html, struct arena *arena,
			    struct instrument_result *ret) MUST_CHECK;

struct instrument_mail_input {
	struct slice html; /* or empty; its links come first */
	struct slice eml;  /* a whole MIME message */
};
/* The same for a mail whose MIME form is the caller's: its html parts are rewritten in place
 * (codec/mime/mime_rewrite.h), all other bytes stay. Links are numbered on from `html` through all parts. */
enum status instrument_mail(struct link_token_sealer *sealer, const struct message *message,
			    const struct message_options *options, const struct instrument_mail_input *input,
			    struct arena *arena, struct instrument_result *ret) MUST_CHECK;

/* BASE/u/TOKEN, where the recipient unsubscribes; in the arena. Results as above. */
enum status instrument_unsubscribe_url(struct link_token_sealer *sealer, const struct message *message,
				       const struct message_options *options, struct arena *arena,
				       struct slice *ret) MUST_CHECK;

#endif
