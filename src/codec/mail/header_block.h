/* SPDX-License-Identifier: Apache-2.0 */
/* header_block: the headers of a raw message, one by one, as they stand there. Pure.
 *
 * For those who take headers out of a message or put some in and must leave all others alone: nothing is decoded or
 * unfolded. Takes any bytes; line ends may be CRLF, LF or mixed. The block ends at the first empty line, or with the
 * message. Linear.
 */
#ifndef PUGMARK_CODEC_HEADER_BLOCK_H
#define PUGMARK_CODEC_HEADER_BLOCK_H

#include "base/slice.h"

struct header_line {
	struct slice line;  /* all of it: folds and line end included */
	struct slice name;  /* empty when the line is no header ("From " of an mbox, a line without a colon) */
	struct slice value; /* what is behind the colon, still folded, without the last line end */
};

/* The header at *at (0 at the start), which moves behind it. False at the end of the block: *at is then the offset of
 * the empty line, or message.n. */
bool header_block_next(struct slice message, size_t *at, struct header_line *ret);
/* Where the body begins: behind the empty line; message.n when there is none. */
size_t header_block_body(struct slice message);
/* The value of the first header of this name (any case); p == NULL when there is none. */
struct slice header_block_find(struct slice message, struct slice name);
/* "\r\n" or "\n": what the message's first line ends with; "\r\n" when no line ends. */
struct slice header_block_line_end(struct slice message);

#endif
