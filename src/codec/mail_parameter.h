/* SPDX-License-Identifier: Apache-2.0 */
/* mail_parameter: headers of the form `value; name=value; …` as they are met: quoted, in RFC 2231 pieces, broken. Pure.
 */
#ifndef PUGMARK_CODEC_MAIL_PARAMETER_H
#define PUGMARK_CODEC_MAIL_PARAMETER_H

#include "base/arena.h"

/* What stands before the first ";", trimmed, in lower case, in the arena. */
struct slice mail_parameter_main(struct slice header, struct arena *arena);
/* The parameter's value as valid UTF-8 in the arena; empty when there is none. RFC 2231 forms and, because they are
 * met, encoded-words are decoded. */
struct slice mail_parameter_find(struct slice header, const char *name, struct arena *arena);

#endif
