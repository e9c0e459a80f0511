/* SPDX-License-Identifier: Apache-2.0 */
/* mail_parse: takes a message apart for showing it as a mail client does. Pure.
 *
 * Takes any bytes and never fails: what cannot be understood is shown as it stands or left out. Bounded in depth and in
 * number of parts and headers. Not for changing messages: rewriting splices bytes and needs exact places.
 */
#ifndef PUGMARK_CODEC_MAIL_PARSE_H
#define PUGMARK_CODEC_MAIL_PARSE_H

#include "base/arena.h"

enum {
	MAIL_PARSE_SIZE_MAX = 64 * 1024 * 1024, /* bytes looked at; the rest is ignored */
	MAIL_PARSE_PARTS_MAX = 256,
	MAIL_PARSE_HEADERS_MAX = 256,
	MAIL_PARSE_DEPTH_MAX = 16,
};

struct mail_view_header {
	struct slice name;  /* as it stands in the message */
	struct slice value; /* unfolded and decoded, valid UTF-8 */
};

/* A part that is neither the text nor the html. */
struct mail_view_part {
	struct slice content_type; /* "type/subtype" in lower case */
	struct slice filename;     /* decoded; may be empty */
	struct slice cid;          /* Content-ID without its brackets; may be empty */
	struct slice bytes;        /* decoded */
};

struct mail_view {
	struct slice subject, from, to, reply_to, date, message_id; /* decoded; empty when absent */
	struct slice html;                                          /* decoded, valid UTF-8; empty when there is none */
	struct slice text;                                          /* the same */
	const struct mail_view_header *headers;                     /* all of the message's own, in order */
	size_t header_count;
	const struct mail_view_part *parts;
	size_t part_count;
};

/* All that *ret points to lives in the arena or in `bytes`. */
void mail_parse(struct slice bytes, struct arena *arena, struct mail_view *ret);
/* The decoded value of the first header of this name (any case), or the empty slice. */
struct slice mail_view_find(const struct mail_view *view, struct slice name);

#endif
