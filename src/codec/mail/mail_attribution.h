/* SPDX-License-Identifier: Apache-2.0 */
/* mail_attribution: the X-Pugmark-* headers of a message, by which an application that only knows how to send mail says
 * who and what a mail is for. They are for us and for nobody behind us. Pure.
 */
#ifndef PUGMARK_CODEC_MAIL_ATTRIBUTION_H
#define PUGMARK_CODEC_MAIL_ATTRIBUTION_H

#include "base/arena.h"
#include "base/buf.h"

/* So many are read; further ones are only taken out. */
enum { MAIL_ATTRIBUTION_MAX = 4096 };

struct mail_attribution_item {
	struct slice name;  /* without "X-Pugmark-", as it is written */
	struct slice value; /* unfolded and decoded (RFC 2047), valid UTF-8, trimmed */
};
struct mail_attribution {
	struct mail_attribution_item *items; /* in the arena, in their order */
	size_t count;
	bool was_cut;
};

/* Whether a header of this name is one of them, in any case. */
bool mail_attribution_is_header(struct slice name);
/* Appends the message without these headers to `out`; every other byte stays. What they said is in *ret. STATUS_OK, or
 * STATUS_TOO_BIG when `out` is full. */
enum status mail_attribution_take(struct slice message, struct arena *arena, struct buf *out,
				  struct mail_attribution *ret) MUST_CHECK;

#endif
