/* SPDX-License-Identifier: Apache-2.0 */
/* mail_part: one leaf of a composed mail: its headers, a blank line, its encoded content, without a line end behind it
 * but the content's own. Pure. */
#ifndef PUGMARK_CODEC_MAIL_PART_H
#define PUGMARK_CODEC_MAIL_PART_H

#include "codec/mail/mail_draft.h"

/* Text with any line ends; `type` is "text/plain" or "text/html". Goes as 7bit when it is plain enough, else as
 * quoted-printable or base64, whichever is shorter. */
void mail_part_append_text(struct buf *b, const char *type, struct slice content);
/* `inline_one`: it is shown within the html instead of being listed. */
void mail_part_append_attachment(struct buf *b, const struct mail_attachment *attachment, bool inline_one);

#endif
