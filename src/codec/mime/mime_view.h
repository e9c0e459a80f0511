/* SPDX-License-Identifier: Apache-2.0 */
/* mime_view: what a mail client shows of a message, for showing it elsewhere. Pure.
 *
 * Takes any bytes and never fails. Not for changing messages: see mime_rewrite.h.
 */
#ifndef PUGMARK_CODEC_MIME_VIEW_H
#define PUGMARK_CODEC_MIME_VIEW_H

#include "base/arena.h"

struct mime_view {
	struct slice html; /* of the first inline part of that type; empty when there is none */
	struct slice text; /* the same */
};

/* Both are valid UTF-8 in the arena; the transfer encoding is taken off, and bytes that are no character become
 * U+FFFD. */
void mime_view_read(struct slice message, struct arena *arena, struct mime_view *ret);

#endif
