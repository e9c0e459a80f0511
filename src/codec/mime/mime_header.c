/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/mime/mime_header.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The size of the first line and of those that continue it, line ends included. */
static size_t folded_size(struct slice text)
{
	size_t n = 0;
	do {
		n += slice_index(slice_from(text, n), '\n');
		n += n < text.n;
	} while (n < text.n && is_blank(text.p[n]));
	return n;
}

/* The size of a valid name at the start of `text`, with the size up to its colon (old mailers put blanks between them);
 * 0 when there is none. */
static size_t name_size(struct slice text, size_t *ret_colon)
{
	size_t n = 0;
	while (n < text.n && text.p[n] > ' ' && text.p[n] < 0x7f && text.p[n] != ':')
		n++;
	size_t colon = n;
	while (colon < text.n && is_blank(text.p[colon]))
		colon++;
	if (colon == text.n || text.p[colon] != ':' || slice_starts_with(text, SLICE("--")))
		return 0;
	*ret_colon = colon;
	return n;
}

bool mime_header_read(struct slice text, struct mime_header *ret)
{
	size_t colon = 0;
	size_t name = name_size(text, &colon);
	if (name == 0)
		return false;
	struct slice line = slice_sub(text, 0, folded_size(text));
	struct slice rest = slice_from(line, colon + 1);
	struct slice value = slice_trim(rest);
	ret->line = line;
	ret->name = slice_sub(line, 0, name);
	ret->value = value.n ? value : slice_sub(rest, 0, 0);
	return true;
}

size_t mime_empty_line_size(struct slice text)
{
	if (slice_starts_with(text, SLICE("\n")))
		return 1;
	return slice_starts_with(text, SLICE("\r\n")) ? 2 : 0;
}
