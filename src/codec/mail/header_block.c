/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/mail/header_block.h"

/* The line at `at`, its end included. */
static struct slice line_at(struct slice message, size_t at)
{
	struct slice rest = slice_from(message, at);
	return slice_sub(rest, 0, slice_index(rest, '\n') + 1);
}

static bool is_empty(struct slice line)
{
	return slice_equal(line, SLICE("\n")) || slice_equal(line, SLICE("\r\n"));
}

static struct slice without_line_end(struct slice line)
{
	if (slice_ends_with(line, SLICE("\n")))
		line.n--;
	if (slice_ends_with(line, SLICE("\r")))
		line.n--;
	return line;
}

/* RFC 5322, 2.2: printable characters but the colon; 4.5 allows white space before the colon. */
static struct slice name_of(struct slice line, size_t colon)
{
	struct slice name = slice_sub(line, 0, colon);
	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return SLICE_EMPTY;
	return name;
}

bool header_block_next(struct slice message, size_t *at, struct header_line *ret)
{
	struct slice line = line_at(message, *at);
	if (!line.n || is_empty(line))
		return false;
	for (;;) {
		struct slice next = line_at(message, *at + line.n);
		if (!next.n || (next.p[0] != ' ' && next.p[0] != '\t'))
			break;
		line.n += next.n;
	}
	*at += line.n;
	struct slice text = without_line_end(line);
	size_t colon = slice_index(text, ':');
	ret->line = line;
	ret->name = colon < text.n ? name_of(text, colon) : SLICE_EMPTY;
	ret->value = ret->name.n ? slice_from(text, colon + 1) : SLICE_EMPTY;
	return true;
}

size_t header_block_body(struct slice message)
{
	struct header_line unused;
	size_t at = 0;
	while (header_block_next(message, &at, &unused))
		continue;
	return at + line_at(message, at).n;
}

struct slice header_block_find(struct slice message, struct slice name)
{
	struct header_line header;
	size_t at = 0;
	while (header_block_next(message, &at, &header))
		if (slice_equal_nocase(header.name, name))
			return header.value;
	return (struct slice){NULL, 0};
}

struct slice header_block_line_end(struct slice message)
{
	size_t n = slice_index(message, '\n');
	return n == message.n || (n && message.p[n - 1] == '\r') ? SLICE("\r\n") : SLICE("\n");
}
