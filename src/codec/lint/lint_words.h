/* SPDX-License-Identifier: Apache-2.0 */
/* lint_words: what the words of a mail say to its reader. */
#ifndef PUGMARK_CODEC_LINT_WORDS_H
#define PUGMARK_CODEC_LINT_WORDS_H

#include "codec/lint/lint_report.h"
#include "codec/text/charset_decoder.h"

/* Raw words as their reader sees them: decoded, with one space between them; at most LINT_TEXT_MAX bytes, in the arena.
 * No more than LINT_RAW_TEXT_MAX bytes of `raw` are looked at. */
enum { LINT_RAW_TEXT_MAX = 4 * LINT_TEXT_MAX };
struct slice lint_readable(struct charset_decoder *decoder, struct slice raw, struct arena *arena);

/* Whether words or an address speak of unsubscribing, in some languages. */
bool lint_is_unsubscribe(struct slice text);

#endif
