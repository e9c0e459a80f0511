/* SPDX-License-Identifier: Apache-2.0 */
/* quoted_printable: RFC 2045 section 6.7. Pure. */
#ifndef PUGMARK_CODEC_QUOTED_PRINTABLE_H
#define PUGMARK_CODEC_QUOTED_PRINTABLE_H

#include "base/buf.h"

/* The number of bytes quoted_printable_append would append. */
size_t quoted_printable_size(struct slice text);

/* Appends `text`, whose line ends are CRLF and stay such, in lines of at most 76 characters. Spaces and tabs at the end
 * of a line are encoded, a bare CR or LF too; a dot at the start of a line is left alone (dot-stuffing is the
 * transport's); "From " at the start of a line is encoded, because mailboxes would change it. */
void quoted_printable_append(struct buf *b, struct slice text);

/* Decodes any bytes: soft line ends (with CRLF or LF, spaces before them) vanish, white space at the end of a line is
 * dropped (RFC 2045, 6.7 rule 3), lower-case digits are taken, a "=" that begins nothing known stands for itself. */
void quoted_printable_decode(struct slice text, struct buf *to);

#endif
