/* SPDX-License-Identifier: Apache-2.0 */
/* encoded_word: text other than ASCII in mail headers (RFC 2047), and in their parameters (RFC 2231). Pure. */
#ifndef PUGMARK_CODEC_ENCODED_WORD_H
#define PUGMARK_CODEC_ENCODED_WORD_H

#include "base/arena.h"
#include "base/buf.h"

/* Appends valid UTF-8 `text` as encoded-words of at most 75 characters, Q or B, whichever is shorter, folded so that no
 * line passes 76. `column` is how much of the line is used already; returns how much is used after. No character is
 * split between two words (RFC 2047, section 5). Only characters that are safe within a phrase stand for themselves, so
 * that the result is right in Subject as well as before an address. */
size_t encoded_word_append(struct buf *b, struct slice text, size_t column);

/* Appends one parameter of a header, such as `; filename="f.pdf"`, folded onto lines of its own. `value` is valid UTF-8
 * without control characters; what is not plain ASCII, or long, goes in RFC 2231 form, in numbered pieces if needed. */
void encoded_parameter_append(struct buf *b, const char *name, struct slice value);

/* The value of a raw header as valid UTF-8 text: unfolded, encoded-words decoded (UTF-8, US-ASCII, ISO-8859-1,
 * Windows-1252), white space between two of them dropped, control characters made spaces, everything else kept. Bytes
 * that are no character become U+FFFD. */
void encoded_word_decode(struct slice raw, struct buf *to);

#endif
