/* SPDX-License-Identifier: Apache-2.0 */
/* Strict where a request is read and lenient where something is only looked at; the two never meet in one function, so
 * that nobody takes the wrong one by a flag. */
#include "codec/text/percent.h"

#include "codec/text/hex.h"

static bool is_plain(struct slice text, enum percent_mode mode)
{
	return slice_index(text, '%') == text.n && (mode == PERCENT_PATH || slice_index(text, '+') == text.n);
}

enum status percent_decode(struct slice text, enum percent_mode mode, struct arena *arena, struct slice *ret)
{
	if (is_plain(text, mode)) {
		*ret = text;
		return STATUS_OK;
	}
	char *to = arena_alloc(arena, text.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '%') {
			int byte = i + 2 < text.n ? hex_byte(text.p[i + 1], text.p[i + 2]) : -1;
			if (byte < 0)
				return STATUS_BAD_INPUT;
			c = (char)byte;
			i += 2;
		} else if (c == '+' && mode == PERCENT_QUERY) {
			c = ' ';
		}
		to[n++] = c;
	}
	*ret = slice_of(to, n);
	return STATUS_OK;
}

/* RFC 3986, 2.3. What is reserved means something somewhere, so it is encoded wherever it stands for itself. */
static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

void percent_append_byte(struct buf *b, char byte)
{
	char text[3] = {'%'};
	hex_put(text + 1, byte);
	buf_append_bytes(b, text, sizeof text);
}

void percent_encode(struct buf *b, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		if (is_unreserved(bytes.p[i]))
			buf_append_byte(b, bytes.p[i]);
		else
			percent_append_byte(b, bytes.p[i]);
	}
}

void percent_append_decoded(struct buf *b, struct slice text)
{
	while (text.n) {
		size_t plain = slice_index(text, '%');
		buf_append(b, slice_sub(text, 0, plain));
		text = slice_from(text, plain);
		if (!text.n)
			return;
		int byte = text.n > 2 ? hex_byte(text.p[1], text.p[2]) : -1;
		buf_append_byte(b, byte < 0 ? '%' : (char)byte);
		text = slice_from(text, byte < 0 ? 1 : 3);
	}
}
