/* SPDX-License-Identifier: Apache-2.0 */
/* mail_header: what may stand in a mail's header, and how it is written (RFC 5322, 2.2 and 2.2.3). Pure. */
#ifndef PUGMARK_CODEC_MAIL_HEADER_H
#define PUGMARK_CODEC_MAIL_HEADER_H

#include "base/buf.h"

enum {
	MAIL_HEADER_NAME_MAX = 76,    /* bytes */
	MAIL_HEADER_VALUE_MAX = 8192, /* bytes */
};

struct mail_header {
	struct slice name;
	struct slice value; /* UTF-8; what is not ASCII goes as encoded-words */
};

/* Whether a caller may give a header of this name: a valid name that the composer does not write itself and that does
 * not belong to transport or signing. */
bool mail_header_allowed(struct slice name);
/* The same for name and value, with words for people: STATUS_BAD_INPUT, STATUS_TOO_BIG. `err` may be NULL. */
enum status mail_header_check(const struct mail_header *header, struct err *err) MUST_CHECK;

/* Whether `text` may stand in a header at all, as text: STATUS_BAD_INPUT for CR, LF, NUL, other control characters but
 * the tab, and for invalid UTF-8; STATUS_TOO_BIG past `max` bytes. The words begin with `field`. */
enum status mail_header_text_check(struct slice text, size_t max, const char *field, struct err *err) MUST_CHECK;

/* These append one header with its CRLF, folded so that lines stay within 78 characters where there is a place to fold,
 * and within 998 always. The text must have passed mail_header_text_check. */

/* Text as it is when it is ASCII, else as encoded-words. */
void mail_header_append(struct buf *b, struct slice name, struct slice value);
/* Text that a reader must show exactly: what looks like an encoded-word, or has spaces at its ends, is encoded. */
void mail_header_append_exact(struct buf *b, struct slice name, struct slice value);
/* `Name: Ann Example <ann@example.com>`; the display name may be empty. */
void mail_header_append_party(struct buf *b, struct slice name, struct slice display_name, struct slice address);

#endif
