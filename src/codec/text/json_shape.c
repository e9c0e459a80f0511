/* SPDX-License-Identifier: Apache-2.0 */
/* Every value but the first of its container stands behind a comma, every member's value behind a colon, and every
 * container behind its bracket: counting these four is counting nodes. Strings are skipped with memchr, because nearly
 * all bytes of a mail in JSON are in strings. */
#include "codec/text/json_shape.h"

#include <string.h>

/* What jansson 2.14 allocates on a 64-bit machine, malloc's own bytes included: an object with its eight buckets, and a
 * member or a string beside the bytes of its text. */
enum { CONTAINER_BYTES = 288, VALUE_BYTES = 128 };

/* `quote` stands behind an odd number of backslashes. Each of them is looked at for one quote only. */
static bool is_escaped(const char *begin, const char *quote)
{
	const char *p = quote;
	while (p > begin && p[-1] == '\\')
		p--;
	return (quote - p) % 2 == 1;
}

/* Behind the quote that ends the string; the end of the text when none does. */
static const char *skip_string(const char *begin, const char *end)
{
	const char *quote, *p = begin;
	while ((quote = memchr(p, '"', (size_t)(end - p)))) {
		p = quote + 1;
		if (!is_escaped(begin, quote))
			return p;
	}
	return end;
}

struct json_shape json_shape_of(struct slice text)
{
	struct json_shape shape = {.values = 1};
	size_t depth = 0;
	const char *p = text.p, *end = text.p + text.n;
	while (p < end) {
		switch (*p++) {
		case '"': p = skip_string(p, end); break;
		case '[':
		case '{':
			shape.containers++;
			shape.values++; /* its first one */
			if (++depth > shape.depth)
				shape.depth = depth;
			break;
		case ']':
		case '}': depth -= depth > 0; break;
		case ',':
		case ':': shape.values++; break;
		default: break;
		}
	}
	return shape;
}

size_t json_shape_tree_bytes(const struct json_shape *shape, struct slice text)
{
	return shape->containers * CONTAINER_BYTES + shape->values * VALUE_BYTES + text.n;
}
