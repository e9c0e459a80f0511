/* SPDX-License-Identifier: Apache-2.0 */
/* lint_links: what can be said of where links lead without going there. */
#ifndef PUGMARK_CODEC_LINT_LINKS_H
#define PUGMARK_CODEC_LINT_LINKS_H

#include "codec/lint/lint_work.h"

/* Judges the links of one document, those of the report from `first` on, once their texts are known. */
void lint_links_judge(struct lint_work *work, size_t first);

#endif
