/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte gives the length, and the second one's range closes out overlong forms, surrogates and what is past
 * the end; the rest need only be continuations. No table: text here is mostly ASCII, which the first comparison is
 * done with. */
#include "codec/text/utf8.h"

size_t utf8_character_size(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	if (s.n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	size_t size = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (s.n < size)
		return 0;
	/* The second byte's range closes out overlong forms, surrogates and what is past the end (RFC 3629, section 4).
	 */
	unsigned char low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

bool utf8_is_valid(struct slice s)
{
	while (s.n) {
		size_t size = utf8_character_size(s);
		if (size == 0)
			return false;
		s = slice_from(s, size);
	}
	return true;
}

/* Steps back over continuations, at most three: in what is no UTF-8 there may be any number of them. */
bool utf8_has_bidi_control(struct slice s)
{
	for (size_t i = 0; i + 2 < s.n; i++) {
		unsigned char a = (unsigned char)s.p[i], b = (unsigned char)s.p[i + 1], c = (unsigned char)s.p[i + 2];
		if (a == 0xe2 && ((b == 0x80 && c >= 0xaa && c <= 0xae) || (b == 0x81 && c >= 0xa6 && c <= 0xa9)))
			return true;
	}
	return false;
}

struct slice utf8_prefix(struct slice s, size_t max)
{
	if (s.n <= max)
		return s;
	size_t n = max;
	while (n > 0 && max - n < 3 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return slice_sub(s, 0, n);
}

void utf8_append(struct buf *b, uint32_t character)
{
	char bytes[4];
	size_t n = 0;
	if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
		character = 0xfffd;
	if (character < 0x80) {
		bytes[n++] = (char)character;
	} else if (character < 0x800) {
		bytes[n++] = (char)(0xc0 | character >> 6);
	} else if (character < 0x10000) {
		bytes[n++] = (char)(0xe0 | character >> 12);
		bytes[n++] = (char)(0x80 | (character >> 6 & 63));
	} else {
		bytes[n++] = (char)(0xf0 | character >> 18);
		bytes[n++] = (char)(0x80 | (character >> 12 & 63));
		bytes[n++] = (char)(0x80 | (character >> 6 & 63));
	}
	if (character >= 0x80)
		bytes[n++] = (char)(0x80 | (character & 63));
	buf_append_bytes(b, bytes, n);
}

/* A byte that begins nothing costs one U+FFFD, and the next one gets its own chance: so no letter is lost to a cut one
 * in front of it. */
void utf8_append_lossy(struct buf *b, struct slice s)
{
	size_t good = 0;
	while (good < s.n) {
		size_t size = utf8_character_size(slice_from(s, good));
		if (size) {
			good += size;
			continue;
		}
		buf_append(b, slice_sub(s, 0, good));
		utf8_append(b, 0xfffd);
		s = slice_from(s, good + 1);
		good = 0;
	}
	buf_append(b, s);
}
