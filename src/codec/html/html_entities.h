/* SPDX-License-Identifier: Apache-2.0 */
/* html_entities: character references (`&amp;`, `&#38;`, `&copy`) to UTF-8, as HTML 13.2.5.72-80 says.
 *
 * Attribute values have a rule of their own: a name without its semicolon is left alone when `=` or an ASCII letter or
 * digit follows, so that `?a=1&copy=2` stays what it is. Nothing here looks for a reference inside a result: `&amp;lt;`
 * becomes `&lt;`, once. Bytes outside references are passed through whatever they are.
 */
#ifndef PUGMARK_CODEC_HTML_ENTITIES_H
#define PUGMARK_CODEC_HTML_ENTITIES_H

#include "base/buf.h"

enum html_reference_place { HTML_REFERENCE_IN_TEXT, HTML_REFERENCE_IN_ATTRIBUTE };

/* Room for the longest result, six bytes, and a NUL. */
enum { HTML_REFERENCE_MAX = 8 };

/* Reads the one reference at the start of `s` (s.p[0] is `&`). Returns how many bytes of `s` it takes, 0 when there is
 * none; ret[] then holds *ret_n bytes of UTF-8. Both are untouched when the result is 0. */
size_t html_reference_read(struct slice s, enum html_reference_place place, char ret[HTML_REFERENCE_MAX],
			   size_t *ret_n);

/* Appends `s` with all its references resolved. Never longer than twice the length of `s`. */
void html_references_decode(struct slice s, enum html_reference_place place, struct buf *to);

#endif
