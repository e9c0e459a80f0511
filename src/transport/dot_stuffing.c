/* SPDX-License-Identifier: Apache-2.0 */
/* In pieces, because a mail goes out in pieces: whether one begins at a line's start is seen from the byte in front of
 * it, and nothing has to be remembered between two calls. */
#include "transport/dot_stuffing.h"

void dot_stuffing_append(struct buf *b, struct slice message, size_t from, size_t to)
{
	while (from < to) {
		bool at_line_start = from == 0 || message.p[from - 1] == '\n';
		if (at_line_start && message.p[from] == '.')
			buf_append_byte(b, '.');
		struct slice rest = slice_sub(message, from, to);
		size_t n = slice_index(rest, '\n');
		n += n < rest.n;
		buf_append(b, slice_sub(rest, 0, n));
		from += n;
	}
	if (to == message.n && message.n && message.p[message.n - 1] != '\n')
		buf_append(b, SLICE("\r\n"));
}
