/* SPDX-License-Identifier: Apache-2.0 */
/* clean_text: text as every database takes it, and the forms in which it is compared. */
#ifndef PUGMARK_STORE_CLEAN_TEXT_H
#define PUGMARK_STORE_CLEAN_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

/* Valid UTF-8 (RFC 3629) without NUL. */
bool text_is_clean(struct slice s);
/* A copy in which every byte that is not part of such text is '?'; the length stays. */
struct slice text_cleaned(struct slice s, struct arena *arena);
/* ASCII letters in lower case, in `to`, which must hold s.n bytes. */
struct slice text_folded(struct slice s, char *to);

#endif
