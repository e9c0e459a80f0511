/* SPDX-License-Identifier: Apache-2.0 */
/* hex: hexadecimal digits, as URLs, mail and ids carry them. Pure. Writing is buf_append_hex. */
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

#endif
