/* SPDX-License-Identifier: Apache-2.0 */
/* charset: text in the few encodings that mail is shown in, brought to UTF-8. Pure. */
#ifndef PUGMARK_CODEC_CHARSET_H
#define PUGMARK_CODEC_CHARSET_H

#include "base/buf.h"

/* Appends `bytes` as valid UTF-8. ISO-8859-1 and its relatives are read as Windows-1252, as browsers do (WHATWG
 * Encoding); everything else as UTF-8, bytes that are no character becoming U+FFFD. `charset` may be empty. */
void charset_append_utf8(struct buf *to, struct slice bytes, struct slice charset);

/* The character of a byte in Windows-1252; the five that are not assigned stand for themselves. */
uint32_t charset_windows_1252(uint8_t byte);

#endif
