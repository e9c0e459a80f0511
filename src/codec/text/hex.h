/* SPDX-License-Identifier: Apache-2.0 */
/* hex: hexadecimal digits, as URLs, mail and ids carry them. Pure. In lower case: buf_append_hex. */
#ifndef PUGMARK_CODEC_HEX_H
#define PUGMARK_CODEC_HEX_H

/* What the digit stands for, in either case, or -1 when it is none. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that two digits stand for, or -1. */
static inline int hex_byte(char high, char low)
{
	int h = hex_value(high);
	int l = hex_value(low);
	return h < 0 || l < 0 ? -1 : h << 4 | l;
}

/* Writes a byte as two digits in upper case, which is what URLs and mail want (RFC 3986, 2.1; RFC 2045, 6.7). */
static inline void hex_put(char to[2], char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	to[0] = digits[(unsigned char)byte >> 4];
	to[1] = digits[(unsigned char)byte & 15];
}

#endif
