/* SPDX-License-Identifier: Apache-2.0 */
/* html_charset: what must be known of a character encoding to cut a document at byte level.
 *
 * In most encodings of mail the bytes of `<`, `>`, quotes, `&` and space only ever mean those characters, so markup can
 * be found without decoding. In UTF-16/32, UTF-7, ISO-2022-*, HZ and EBCDIC they can be parts of others; such a
 * document must not be touched. ISO-2022-JP is the exception: its escape sequences say where ASCII ends and begins
 * again, so the stretches between can be hidden from whoever looks for markup. Names are compared by letters and digits
 * only (`ISO_8859-1`, `iso8859-1`), as UTS 22 advises.
 */
#ifndef PUGMARK_CODEC_HTML_CHARSET_H
#define PUGMARK_CODEC_HTML_CHARSET_H

#include "base/arena.h"
#include "base/buf.h"

enum html_charset {
	HTML_CHARSET_UTF8,         /* also US-ASCII and everything unnamed */
	HTML_CHARSET_WINDOWS_1252, /* also ISO-8859-1, as browsers and mail clients read it */
	HTML_CHARSET_ASCII_SAFE,   /* markup can be found, other characters cannot be decoded here */
	HTML_CHARSET_ISO_2022_JP,  /* ASCII-safe once html_charset_hide was there */
	HTML_CHARSET_UNSAFE,       /* hands off */
};

struct html_charset_guess {
	enum html_charset charset;
	struct slice name; /* `declared`, or a part of the document, or a literal */
};

/* `declared` is the charset of the Content-Type header, empty when there is none. It beats all else but a byte order
 * mark of UTF-16 or UTF-32; without it, the mark, then a `<meta>` in the head, in front of any link, decides, then
 * UTF-8. Rewriting does not change the answer. */
struct html_charset_guess html_charset_of(struct slice declared, struct slice html);

/* A copy of an ISO-2022-JP document in which every byte that is not in ASCII mode, escape sequences included, is 0xff;
 * offsets stay. False when the document does not end in ASCII mode: then nothing that is appended would be ASCII. */
bool html_charset_hide(struct slice html, struct arena *arena, struct slice *ret);

/* Appends `s` as UTF-8. False, and nothing appended, when that charset cannot be decoded here. UTF-8 that is not valid
 * is taken for windows-1252, which is what its sender most likely meant. NUL becomes U+FFFD, as in an attribute. */
bool html_charset_decode(enum html_charset charset, struct slice s, struct buf *to);

#endif
