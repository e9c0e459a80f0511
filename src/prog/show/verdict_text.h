/* SPDX-License-Identifier: Apache-2.0 */
/* verdict_text: a verdict as people read it on a terminal. */
#ifndef PUGMARK_PROG_VERDICT_TEXT_H
#define PUGMARK_PROG_VERDICT_TEXT_H

#include "codec/judge/verdict.h"
#include "prog/show/terminal_text.h"

/* Who it was and whether it counts, then each reason in words with its code behind and what explains it below. Whole
 * lines. */
void verdict_text_append(const struct terminal *terminal, struct buf *b, const struct verdict *verdict);

#endif
