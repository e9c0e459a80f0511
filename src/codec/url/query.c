/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/url/query.h"

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

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

void percent_encode(struct buf *b, struct slice bytes)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];
		if (is_unreserved((char)c)) {
			buf_append_byte(b, (char)c);
			continue;
		}
		char encoded[3] = {'%', digits[c >> 4], digits[c & 15]};
		buf_append_bytes(b, encoded, sizeof encoded);
	}
}

enum status query_next(struct query *query, struct arena *arena, struct query_parameter *ret)
{
	struct query_parameter parameter;
	struct slice pair = SLICE_EMPTY;
	while (pair.n == 0) {
		if (query->rest.n == 0)
			return STATUS_END;
		pair = slice_cut(&query->rest, '&');
	}
	struct slice name = slice_cut(&pair, '=');
	enum status status = percent_decode(name, PERCENT_QUERY, arena, &parameter.name);
	if (status == STATUS_OK)
		status = percent_decode(pair, PERCENT_QUERY, arena, &parameter.value);
	if (status == STATUS_OK)
		*ret = parameter;
	return status;
}

enum status query_find(struct slice text, struct slice name, struct arena *arena, struct slice *ret_value)
{
	while (text.n > 0) {
		struct slice pair = slice_cut(&text, '&');
		struct slice key = slice_cut(&pair, '=');
		if (key.n == 0 && pair.n == 0)
			continue;
		enum status status = percent_decode(key, PERCENT_QUERY, arena, &key);
		if (status != STATUS_OK)
			return status;
		if (slice_equal(key, name))
			return percent_decode(pair, PERCENT_QUERY, arena, ret_value);
	}
	return STATUS_NOT_FOUND;
}
