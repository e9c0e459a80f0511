/* SPDX-License-Identifier: Apache-2.0 */
/* dot_stuffing: a message on its way into SMTP's DATA (RFC 5321, 4.5.2). Pure. */
#ifndef PUGMARK_TRANSPORT_DOT_STUFFING_H
#define PUGMARK_TRANSPORT_DOT_STUFFING_H

#include "base/buf.h"

/* Appends bytes [from, to) of a message whose line ends are CRLF, with one more dot in front of each line that begins
 * with one. When that reaches the end of a message whose last line has no CRLF, it is added, because ".CRLF" must stand
 * on a line of its own. */
void dot_stuffing_append(struct buf *b, struct slice message, size_t from, size_t to);

#endif
