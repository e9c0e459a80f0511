/* SPDX-License-Identifier: Apache-2.0 */
/* mime_splice_qp: changes a quoted-printable body (RFC 2045, 6.7) where it is to be changed and nowhere else. Pure. */
#ifndef PUGMARK_CODEC_MIME_SPLICE_QP_H
#define PUGMARK_CODEC_MIME_SPLICE_QP_H

#include "codec/mime/mime_edit.h"

/* Whether every "=" begins an octet or a soft line end. What is not so is read differently by different clients. */
bool mime_qp_is_sound(struct slice raw);

/* Appends the sound body `raw` with the edits, whose offsets are those of quoted_printable_decode's result. Only the
 * replaced octets are encoded anew; all other bytes stay, upper and lower case digits, odd line ends and trailing
 * blanks included. Soft line ends inside a replaced value vanish; one is added (in the style of `newline`) where a line
 * would pass 76 characters. Lines that are longer already are left alone. */
void mime_splice_qp(struct slice raw, struct mime_edits edits, struct slice newline, struct buf *to);

#endif
