/* SPDX-License-Identifier: Apache-2.0 */
/* mime_splice_base64: changes a base64 body (RFC 2045, 6.8) from the first change on. Pure. */
#ifndef PUGMARK_CODEC_MIME_SPLICE_BASE64_H
#define PUGMARK_CODEC_MIME_SPLICE_BASE64_H

#include "base/buf.h"

/* Whether there is nothing but the alphabet and white space, padding only at the end, and no single character left
 * over. Missing padding is let pass. What is not so is read differently by different clients. */
bool mime_base64_is_sound(struct slice raw);

/* Appends the sound body `raw`, changed so that it decodes to `bytes`, which equal what it decodes to now up to
 * `first_change`. In front of that no byte changes; behind it lines are as long as the body's first one; what stands
 * behind the last character stays. */
void mime_splice_base64(struct slice raw, size_t first_change, struct slice bytes, struct slice newline,
			struct buf *to);

#endif
