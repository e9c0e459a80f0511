/* SPDX-License-Identifier: Apache-2.0 */
/* header_block: the headers of a raw message or part, one by one, as they stand there (RFC 5322, 2.2). Pure.
 *
 * For those who take headers out of a message, put some in, or change one, and must leave all others alone: nothing is
 * decoded or unfolded. Takes any bytes; line ends may be CRLF, LF or mixed. Linear.
 */
#ifndef PUGMARK_CODEC_HEADER_BLOCK_H
#define PUGMARK_CODEC_HEADER_BLOCK_H

#include "base/slice.h"

/* Where the block ends besides at its first empty line and with the text. Mail servers disagree about it: some take a
 * line that is no header for part of the headers, some for the first line of the body. */
enum header_end {
	/* Nowhere: such a line is returned without a name. For whole messages that are handed on, where a header behind
	 * it must be found too, or it would get past whoever takes headers out. */
	HEADER_END_EMPTY_LINE,
	/* At such a line, and at one that begins with "--": what a part has for headers may be its body, or the
	 * boundary behind it, and nothing in those may be changed as a header. */
	HEADER_END_OTHER_LINE,
};

struct header_line {
	struct slice line;  /* all of it: folds and line end included */
	struct slice name;  /* empty when the line is no header ("From " of an mbox, a line without a colon) */
	struct slice value; /* what is behind the colon, still folded, without the last line end */
};

/* The header at *at, which moves behind it. False at the end of the block, where *at then is. */
bool header_block_next(struct slice text, enum header_end end, size_t *at, struct header_line *ret);
/* The size of the empty line that `text` begins with, 0 when it begins with something else. */
size_t header_block_empty_line(struct slice text);

/* Of a whole message: where the body begins, behind the empty line; message.n when there is none. */
size_t header_block_body(struct slice message);
/* … the value of the first header of this name (any case); p == NULL when there is none. */
struct slice header_block_find(struct slice message, struct slice name);
/* … "\r\n" or "\n": what its first line ends with; "\r\n" when no line ends. */
struct slice header_block_line_end(struct slice message);

#endif
