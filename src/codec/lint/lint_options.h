/* SPDX-License-Identifier: Apache-2.0 */
/* lint_options: what a linter is told of a mail beside its bytes. */
#ifndef PUGMARK_CODEC_LINT_OPTIONS_H
#define PUGMARK_CODEC_LINT_OPTIONS_H

#include "codec/html/html_rewrite.h"

enum lint_kind {
	LINT_KIND_UNKNOWN, /* bulk when its headers say so */
	LINT_BULK,
	LINT_TRANSACTIONAL, /* nobody needs to unsubscribe from it */
};

/* Everything is borrowed. */
struct lint_options {
	struct slice base_url; /* of the tracking host, without a slash at its end */
	struct slice charset;  /* of HTML that is given alone; empty: from the document */
	enum lint_kind kind;
	enum html_pixel_place pixel_place;
	bool is_template;   /* merge tags belong there */
	uint32_t links_max; /* more are STATUS_TOO_BIG; 0: any number */
};

/* Input, or a result, past this many bytes is STATUS_TOO_BIG. */
enum { LINT_SIZE_MAX = 64 << 20 };

#endif
