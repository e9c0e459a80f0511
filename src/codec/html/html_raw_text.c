/* SPDX-License-Identifier: Apache-2.0 */
/* Searches for what ends each state, from `<` to `<`. In a script that has begun an escape every byte must be seen,
 * because `-->` may end it; before that, and in all other raw text, memchr does. */
#include "codec/html/html_raw_text.h"

#include "codec/html/html_byte.h"

enum { NAME_END = HTML_SPACE | HTML_SOLIDUS | HTML_GREATER };

static bool has_class(struct slice s, size_t at, unsigned int classes)
{
	return at < s.n && (html_byte_class(s.p[at]) & classes);
}

/* Whether `</name` and a byte that ends a name stand at `at`. */
static bool is_end_tag_of(struct slice input, size_t at, struct slice name)
{
	return name.n > 0 && slice_starts_with(slice_from(input, at), SLICE("</")) &&
	       slice_starts_with_nocase(slice_from(input, at + 2), name) && has_class(input, at + 2 + name.n, NAME_END);
}

/* An end tag counts only with the name of the start tag that began the text (13.2.5, "appropriate end tag token").
 */
size_t html_raw_text_end(struct slice input, size_t at, struct slice name)
{
	for (at = html_find_byte(input, at, '<'); at < input.n; at = html_find_byte(input, at + 1, '<'))
		if (is_end_tag_of(input, at, name))
			break;
	return at;
}

enum script_state { SCRIPT_PLAIN, SCRIPT_ESCAPED, SCRIPT_DOUBLE_ESCAPED };

/* What a `<` in a script does to its state. */
static enum script_state script_state_after(enum script_state state, struct slice input, size_t at)
{
	struct slice rest = slice_from(input, at);
	struct slice opening = SLICE("<script");
	if (state == SCRIPT_PLAIN)
		return slice_starts_with(rest, SLICE("<!--")) ? SCRIPT_ESCAPED : SCRIPT_PLAIN;
	if (state == SCRIPT_DOUBLE_ESCAPED)
		return is_end_tag_of(input, at, SLICE("script")) ? SCRIPT_ESCAPED : SCRIPT_DOUBLE_ESCAPED;
	return slice_starts_with_nocase(rest, opening) && has_class(input, at + opening.n, NAME_END)
		   ? SCRIPT_DOUBLE_ESCAPED
		   : SCRIPT_ESCAPED;
}

/* `</script` counts in the plain and the escaped state, not in the double escaped one
 * (`<!-- <script> … </script>`). `-->` leads back to plain from both; the dashes of `<!--` itself may be part of it. */
size_t html_script_end(struct slice input, size_t at, struct slice name)
{
	enum script_state state = SCRIPT_PLAIN;
	size_t dashes_from = 0; /* where the escape began, whose dashes count */
	while (at < input.n) {
		char c = input.p[at];
		if (c == '>' && state != SCRIPT_PLAIN && at >= dashes_from + 2 && input.p[at - 1] == '-' &&
		    input.p[at - 2] == '-')
			state = SCRIPT_PLAIN;
		if (c == '<') {
			if (state != SCRIPT_DOUBLE_ESCAPED && is_end_tag_of(input, at, name))
				return at;
			enum script_state next = script_state_after(state, input, at);
			if (state == SCRIPT_PLAIN && next == SCRIPT_ESCAPED)
				dashes_from = at + 2;
			state = next;
		}
		at++;
		if (state == SCRIPT_PLAIN)
			at = html_find_byte(input, at, '<');
	}
	return input.n;
}
