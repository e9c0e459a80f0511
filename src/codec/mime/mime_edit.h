/* SPDX-License-Identifier: Apache-2.0 */
/* mime_edit: what html_rewrite did to a decoded part, as a list of replacements, for those who do it to the raw one. */
#ifndef PUGMARK_CODEC_MIME_EDIT_H
#define PUGMARK_CODEC_MIME_EDIT_H

#include "codec/html/html_rewrite.h"

/* Bytes [start, end) of the decoded part become `text`. */
struct mime_edit {
	size_t start;
	size_t end;
	struct slice text;
};

struct mime_edits {
	const struct mime_edit *edits; /* in order, not overlapping; each changes something */
	size_t count;
};

/* The edits, in the arena, that make `rewritten` of `html` by its report. Their texts point into `rewritten` and
 * `pixel`. */
struct mime_edits mime_edits_of(const struct html_report *report, struct slice html, struct slice rewritten,
				struct slice pixel, struct arena *arena);

/* The first line end of `text`, and CRLF when it has none. */
struct slice mime_newline_of(struct slice text);

#endif
