/* SPDX-License-Identifier: Apache-2.0 */
/* message_options: what is kept with a message in `message.options` so that the same mail can be built again: reply
 * address, headers, where the pixel goes, utm parameters, unsubscription, and the base URL of its links. JSON; what is
 * at its default is left out. */
#ifndef PUGMARK_ENGINE_MESSAGE_OPTIONS_H
#define PUGMARK_ENGINE_MESSAGE_OPTIONS_H

#include "engine/request/send_request.h"

struct message_options {
	struct slice base_url; /* of the tracking URLs in this mail, for ever: a retry must give the same bytes */
	struct mail_party reply_to;
	struct send_headers headers;
	enum send_pixel pixel;
	bool vml;          /* see struct send_track */
	bool visible_urls; /* see struct send_track */
	bool honeypot;     /* a link that no person sees stands in the html */
	struct send_pair *utm;
	size_t utm_count;
	bool has_unsubscribe; /* List-Unsubscribe is written */
	bool one_click;
	struct slice unsubscribe_url; /* the caller's; empty: BASE/u/TOKEN */
};

/* Borrows everything from `request`. */
void message_options_of_request(const struct send_request *request, struct slice base_url, struct message_options *ret);
/* The JSON, in the arena. */
struct slice message_options_encode(const struct message_options *options, struct arena *arena);
/* Everything is copied into the arena. STATUS_CORRUPT for what message_options_encode did not write. */
enum status message_options_decode(struct slice json, struct arena *arena, struct message_options *ret,
				   struct err *err) MUST_CHECK;

#endif
