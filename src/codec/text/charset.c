/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/text/charset.h"

#include "codec/text/utf8.h"

static bool is_windows_1252(struct slice charset)
{
	static const char *const names[] = {"iso-8859-1", "iso8859-1",    "latin1", "l1",
					    "iso_8859-1", "windows-1252", "cp1252", "x-cp1252"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_equal_nocase(charset, slice_from_cstr(names[i])))
			return true;
	return false;
}

uint32_t charset_windows_1252(uint8_t byte)
{
	/* WHATWG Encoding, index windows-1252, 0x80 to 0x9f. */
	static const uint16_t high[32] = {
	    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
	};
	return byte >= 0x80 && byte < 0xa0 ? high[byte - 0x80] : byte;
}

static void append_windows_1252(struct buf *to, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		utf8_append(to, charset_windows_1252((uint8_t)bytes.p[i]));
}

void charset_append_utf8(struct buf *to, struct slice bytes, struct slice charset)
{
	if (is_windows_1252(charset))
		append_windows_1252(to, bytes);
	else
		utf8_append_lossy(to, bytes);
}
