/* SPDX-License-Identifier: Apache-2.0 */
/* charset: the character encodings of mail: what they are called, and what can be done with their bytes.
 *
 * A closed list, that of browsers (WHATWG Encoding) and what mail has besides; why closed: decision 0019. To have their
 * characters in UTF-8: charset_decoder.h. Pure.
 */
#ifndef PUGMARK_CODEC_CHARSET_H
#define PUGMARK_CODEC_CHARSET_H

#include "base/slice.h"

/* Whether markup can be found without decoding. */
enum charset_markup {
	CHARSET_ASCII_SAFE, /* the bytes of < > = & space and quotes only ever mean those */
	CHARSET_ESCAPED,    /* they do where its escape sequences say so: ISO-2022-JP */
	CHARSET_UNSAFE,     /* they can be parts of other characters: UTF-16, UTF-7, HZ, EBCDIC… */
};

/* How its characters are read. */
enum charset_reading {
	CHARSET_READ_UTF8,
	CHARSET_READ_WINDOWS_1252,
	CHARSET_READ_BY_ICONV,
	CHARSET_READ_NOT, /* they cannot be decoded here */
};

struct charset {
	enum charset_reading reading;
	enum charset_markup markup;
	const char *iconv_name;
};

/* By its label, of which letters and digits count, in any case (`ISO_8859-1`, `iso8859-1`), as UTS 22 advises. Labels
 * mean what browsers take them for: ISO 8859-1 is windows-1252, GB 2312 is GB 18030. An empty label is UTF-8; one that
 * is not known is an ASCII-safe charset whose characters cannot be decoded. Never NULL; a constant. */
const struct charset *charset_of(struct slice label);

/* The character of a byte in windows-1252; the five that are not assigned stand for themselves. */
uint32_t charset_windows_1252(uint8_t byte);

#endif
