/* SPDX-License-Identifier: Apache-2.0 */
/* A header is its first line and all that begin with a blank. Its name is looked for in all of it: a colon on a
 * continued line leaves a line end in the name, and so no name. */
#include "codec/mail/header_block.h"

/* The line at `at`, its end included. */
static struct slice line_at(struct slice message, size_t at)
{
	struct slice rest = slice_from(message, at);
	return slice_sub(rest, 0, slice_index(rest, '\n') + 1);
}

size_t header_block_empty_line(struct slice text)
{
	if (slice_starts_with(text, SLICE("\n")))
		return 1;
	return slice_starts_with(text, SLICE("\r\n")) ? 2 : 0;
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

bool header_block_next(struct slice text, enum header_end end, size_t *at, struct header_line *ret)
{
	struct slice line = line_at(text, *at);
	if (!line.n || header_block_empty_line(line))
		return false;
	for (;;) {
		struct slice next = line_at(text, *at + line.n);
		if (!next.n || (next.p[0] != ' ' && next.p[0] != '\t'))
			break;
		line.n += next.n;
	}
	struct slice header = without_line_end(line);
	size_t colon = slice_index(header, ':');
	struct slice name = colon < header.n ? name_of(header, colon) : SLICE_EMPTY;
	if (end == HEADER_END_OTHER_LINE && (!name.n || slice_starts_with(name, SLICE("--"))))
		return false;
	*at += line.n;
	*ret = (struct header_line){line, name, name.n ? slice_from(header, colon + 1) : SLICE_EMPTY};
	return true;
}

size_t header_block_body(struct slice message)
{
	struct header_line unused;
	size_t at = 0;
	while (header_block_next(message, HEADER_END_EMPTY_LINE, &at, &unused))
		continue;
	return at + header_block_empty_line(slice_from(message, at));
}

/* The first counts, as for most readers; one that must be unique is for the caller to count. */
struct slice header_block_find(struct slice message, struct slice name)
{
	struct header_line header;
	size_t at = 0;
	while (header_block_next(message, HEADER_END_EMPTY_LINE, &at, &header))
		if (slice_equal_nocase(header.name, name))
			return header.value;
	return (struct slice){NULL, 0};
}

/* By the first line: what is put in should look like what is there. */
struct slice header_block_line_end(struct slice message)
{
	size_t n = slice_index(message, '\n');
	return n == message.n || (n && message.p[n - 1] == '\r') ? SLICE("\r\n") : SLICE("\n");
}
