/* SPDX-License-Identifier: Apache-2.0 */
/* html_charset: which character encoding a document is in, and what of it to look for markup in.
 *
 * In most encodings of mail the bytes of `<`, `>`, quotes, `&` and space only ever mean those characters, so markup can
 * be found without decoding. Where they can be parts of others (UTF-16/32, UTF-7, HZ, most of ISO 2022, EBCDIC), a
 * document must not be touched. ISO-2022-JP is the exception: its escape sequences say where ASCII ends and begins
 * again, so the stretches between can be hidden from whoever looks for markup.
 */
#ifndef PUGMARK_CODEC_HTML_CHARSET_H
#define PUGMARK_CODEC_HTML_CHARSET_H

#include "base/arena.h"
#include "codec/text/charset.h"

struct html_charset_guess {
	const struct charset *charset;
	struct slice name; /* `declared`, or a part of the document, or a literal */
};

/* `declared` is the charset of the Content-Type header, empty when there is none. It beats all else but a byte order
 * mark of UTF-16 or UTF-32; without it, the mark, then a `<meta>` in the head, in front of any link, decides, then
 * UTF-8. Rewriting does not change the answer. */
struct html_charset_guess html_charset_of(struct slice declared, struct slice html);

/* A copy of an ISO-2022-JP document in which every byte that is not in ASCII mode, escape sequences included, is 0xff;
 * offsets stay. False when the document does not end in ASCII mode: then nothing that is appended would be ASCII. */
bool html_charset_hide(struct slice html, struct arena *arena, struct slice *ret);

#endif
