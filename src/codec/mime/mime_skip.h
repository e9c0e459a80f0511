/* SPDX-License-Identifier: Apache-2.0 */
/* mime_skip: which html parts of a message may be changed, and why not the others. Pure. */
#ifndef PUGMARK_CODEC_MIME_SKIP_H
#define PUGMARK_CODEC_MIME_SKIP_H

#include "codec/mime/mime_tree.h"

enum mime_skip {
	MIME_NOT_SKIPPED = 0,
	MIME_SKIP_SIGNED,
	MIME_SKIP_ENCRYPTED,
	MIME_SKIP_ATTACHED,
	MIME_SKIP_EMBEDDED, /* in a message/rfc822 or a report */
	MIME_SKIP_AMP,
	MIME_SKIP_ENCODING,     /* an unknown Content-Transfer-Encoding */
	MIME_SKIP_BROKEN,       /* in a multipart without an end, or bytes that its encoding does not have */
	MIME_SKIP_UNCHANGEABLE, /* the change would not survive: decoding the result gave other bytes */
};
/* "signed", "attached", …; empty for MIME_NOT_SKIPPED. Never NULL. */
const char *mime_skip_name(enum mime_skip skip);

/* Whether a part is html, AMP included. */
bool mime_part_is_html(const struct mime_part *part);

/* Judges one html part by where it lies and what its bytes are. Of several reasons the outermost. Never
 * MIME_SKIP_UNCHANGEABLE, which only shows when it was tried. */
enum mime_skip mime_skip_of(struct slice message, const struct mime_tree *tree, size_t part);

#endif
