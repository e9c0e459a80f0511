/* SPDX-License-Identifier: Apache-2.0 */
/* quoted_printable: RFC 2045, 6.7. Pure.
 *
 * One encoder for mails that are composed and for those that are changed. At the start of a line three bytes are
 * encoded although they need not be, because they could be taken for something else on the way: a dot for the end of
 * the mail, "F" for the "From " of a mailbox file (both RFC 2049, 3), a hyphen for a boundary.
 */
#ifndef PUGMARK_CODEC_QUOTED_PRINTABLE_H
#define PUGMARK_CODEC_QUOTED_PRINTABLE_H

#include "base/buf.h"

enum {
	QUOTED_PRINTABLE_LINE = 76, /* characters, the most that RFC 2045 allows */
	QUOTED_PRINTABLE_OCTET = 3, /* characters of an encoded one: "=E9" */
};

/* Text on its way out, piece by piece. */
struct quoted_printable {
	struct buf *to;       /* NULL: only count */
	struct slice newline; /* of soft line ends */
	size_t column;        /* of the line that is being written */
	size_t total;         /* characters written */
};

/* At the start of a line. */
void quoted_printable_begin(struct quoted_printable *q, struct buf *to, struct slice newline);
/* Writes text without line ends; a CR or LF in it is encoded. `ends_line`: a line end, or the end of the body, follows
 * it; so its last token may fill the line, and a blank there is encoded in any case. */
void quoted_printable_put(struct quoted_printable *q, struct slice text, bool ends_line);
/* Ends the line without ending the text's: "=" and a line end. */
void quoted_printable_end_softly(struct quoted_printable *q);
/* Ends the line, with this. */
void quoted_printable_end_line(struct quoted_printable *q, struct slice newline);

/* Appends text with its line ends, CRLF and LF both as they are; a CR alone is encoded. Lines have at most 76
 * characters, soft line ends are `newline`. */
void quoted_printable_append(struct buf *b, struct slice text, struct slice newline);
/* The number of bytes quoted_printable_append would append with a newline of two bytes. */
size_t quoted_printable_size(struct slice text);

/* Decodes any bytes: soft line ends (with CRLF or LF, spaces before them) vanish, white space at the end of a line is
 * dropped (RFC 2045, 6.7 rule 3), lower-case digits are taken, a "=" that begins nothing known stands for itself. */
void quoted_printable_decode(struct slice text, struct buf *to);

#endif
