/* SPDX-License-Identifier: Apache-2.0 */
/* csv_text: writes a line of comma-separated values (RFC 4180) into a buf.
 *
 * Programs that show such a file as a sheet run what looks like a formula, whoever wrote it: a link's address or a name
 * that begins with = + - @ could send the rest of the sheet somewhere. Such a text gets an apostrophe in front, which
 * is how those programs write "this is a text".
 */
#ifndef PUGMARK_CODEC_CSV_TEXT_H
#define PUGMARK_CODEC_CSV_TEXT_H

#include "base/buf.h"
#include "base/slice.h"

struct csv_text {
	struct buf *to;
	bool needs_comma;
};

static inline struct csv_text csv_text_on(struct buf *to)
{
	return (struct csv_text){to, false};
}

/* A text from anywhere; empty: an empty cell. */
void csv_put_text(struct csv_text *w, struct slice s);
/* A number or a word of ours, as it is. */
void csv_put_word(struct csv_text *w, struct slice s);
void csv_end_line(struct csv_text *w);

#endif
