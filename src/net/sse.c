/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the stream ends at CR LF, LF or a lone CR (WHATWG HTML 9.2.5), so data is cut at all three. An id with a
 * NUL is thrown away by browsers (9.2.6), and one with a line break would begin a field of its own; both are
 * refused. */
#include "net/sse.h"

static bool is_one_line(struct slice s)
{
	return slice_index(s, '\n') == s.n && slice_index(s, '\r') == s.n && slice_index(s, '\0') == s.n;
}

/* Takes a line and its CR LF, CR or LF off the front; *more: a line break stood behind it. */
static struct slice cut_line(struct slice *rest, bool *more)
{
	size_t end = slice_index(*rest, '\n');
	size_t cr = slice_index(slice_sub(*rest, 0, end), '\r');
	struct slice line = slice_sub(*rest, 0, cr);
	size_t next = cr + 1 == end && end < rest->n ? end + 1 : cr + 1;
	*more = cr < rest->n;
	*rest = slice_from(*rest, next);
	return line;
}

static void append_lines(struct buf *b, struct slice field, struct slice text)
{
	bool more = true;
	while (more) {
		struct slice line = cut_line(&text, &more);
		buf_append(b, field);
		buf_append(b, line);
		buf_append_byte(b, '\n');
	}
}

enum status sse_append_event(struct buf *b, const struct sse_event *event)
{
	if (!is_one_line(event->id) || !is_one_line(event->name))
		return STATUS_BAD_INPUT;
	if (event->id.n > 0)
		append_lines(b, SLICE("id: "), event->id);
	if (event->name.n > 0)
		append_lines(b, SLICE("event: "), event->name);
	append_lines(b, SLICE("data: "), event->data);
	buf_append_byte(b, '\n');
	return buf_status(b);
}

void sse_append_comment(struct buf *b, struct slice text)
{
	append_lines(b, SLICE(": "), text);
	buf_append_byte(b, '\n');
}

void sse_append_retry(struct buf *b, uint32_t retry_ms)
{
	buf_append(b, SLICE("retry: "));
	buf_append_u64(b, retry_ms);
	buf_append(b, SLICE("\n\n"));
}
