/* SPDX-License-Identifier: Apache-2.0 */
/* merge_tags: what a mail builder fills in before it sends, `{{first_name}}`, and which of it was left. Pure. */
#ifndef PUGMARK_CODEC_MERGE_TAGS_H
#define PUGMARK_CODEC_MERGE_TAGS_H

#include "base/slice.h"

/* Whether the value of a link holds one: {{x}} {x} ${x} *|X|* %x% %%x%% <%x%> [[x]] ##x##. */
bool merge_tags_in(struct slice value);

/* Whether running text, or a subject, holds one; *ret is the first. Stricter, because people write percent signs and
 * braces. */
bool merge_tags_find_in_text(struct slice text, struct slice *ret);

#endif
