/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: characters in bytes (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF). Pure. */
#ifndef PUGMARK_CODEC_UTF8_H
#define PUGMARK_CODEC_UTF8_H

#include "base/buf.h"

/* The length of the well-formed character that `s` begins with, 1 to 4; 0 when it begins with none or is empty. */
size_t utf8_character_size(struct slice s);
bool utf8_is_valid(struct slice s);
/* Whether one of its characters embeds, overrides or isolates a direction of writing (U+202A to U+202E, U+2066 to
 * U+2069): what follows is shown in another order than it is in. Marks of direction (U+200E, U+200F), which texts in
 * Hebrew and Arabic have, are none of these. */
bool utf8_has_bidi_control(struct slice s);
/* The longest prefix of `s` of at most `max` bytes that does not cut a character in two. */
struct slice utf8_prefix(struct slice s, size_t max);

/* Appends one character; what is no Unicode scalar value goes as U+FFFD. */
void utf8_append(struct buf *b, uint32_t character);
/* Appends `s` with every byte that belongs to no character replaced by U+FFFD. */
void utf8_append_lossy(struct buf *b, struct slice s);

#endif
