/* SPDX-License-Identifier: Apache-2.0 */
/* mail_parameter: headers of the form `value; name=value; …` as they are met: quoted, in RFC 2231 pieces, with
 * comments, broken. Looks at the first 8,192 bytes. Pure.
 */
#ifndef PUGMARK_CODEC_MAIL_PARAMETER_H
#define PUGMARK_CODEC_MAIL_PARAMETER_H

#include "base/arena.h"

/* What stands before the first ";", trimmed, in lower case, in the arena. */
struct slice mail_parameter_main(struct slice header, struct arena *arena);
/* The parameter's value in the arena; empty when there is none. Quotes are taken off and RFC 2231 forms are put
 * together; the bytes are not brought to UTF-8, and an encoded-word stays one: a boundary is no text. */
struct slice mail_parameter_find(struct slice header, const char *name, struct arena *arena);

#endif
