/* SPDX-License-Identifier: Apache-2.0 */
/* mime_header: the header lines of a message or part, where they lie (RFC 5322, 2.2). Pure, copies nothing. */
#ifndef PUGMARK_CODEC_MIME_HEADER_H
#define PUGMARK_CODEC_MIME_HEADER_H

#include "base/slice.h"

struct mime_header {
	struct slice line;  /* the whole of it: name, value, folds, line end */
	struct slice name;  /* as written */
	struct slice value; /* still folded, trimmed; when empty it lies where it would have to stand */
};

/* Reads the header that `text` begins with. False when it begins with something else: an empty line, a line without a
 * name and a colon, a line that begins with "--" as boundaries do, or nothing. Name and value point into `text`. */
bool mime_header_read(struct slice text, struct mime_header *ret);

/* The size of the empty line that `text` begins with, 0 when it begins with something else. */
size_t mime_empty_line_size(struct slice text);

#endif
