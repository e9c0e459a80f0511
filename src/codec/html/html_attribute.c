/* SPDX-License-Identifier: Apache-2.0 */
/* The states 13.2.5.32-40 as searches: a name, what stands around the `=`, a value. None of them needs to look back,
 * so the walk keeps nothing but an offset, and whoever wants only the first attribute pays for no other. */
#include "codec/html/html_attribute.h"

#include "codec/html/html_byte.h"

/* Behind `=`: the value. False when the input ends first. */
static bool read_value(struct slice input, size_t *at, struct html_attribute *attribute)
{
	size_t from = html_skip_class(input, *at, HTML_SPACE);
	if (from >= input.n)
		return false;
	char quote = input.p[from];
	if (quote == '"' || quote == '\'') {
		size_t to = html_find_byte(input, ++from, quote);
		if (to >= input.n)
			return false;
		attribute->quote = quote == '"' ? HTML_DOUBLE_QUOTED : HTML_SINGLE_QUOTED;
		attribute->value = slice_sub(input, from, to);
		*at = to + 1;
		return true;
	}
	size_t to = html_find_class(input, from, HTML_SPACE | HTML_GREATER);
	attribute->quote = HTML_UNQUOTED; /* `<a href=>`: a value that is missing is empty */
	attribute->value = slice_sub(input, from, to);
	*at = to;
	return to < input.n;
}

/* From the before-attribute-name state to behind one attribute. */
bool html_attribute_next(struct html_attributes *attributes, struct html_attribute *ret)
{
	enum { NAME_END = HTML_SPACE | HTML_SOLIDUS | HTML_GREATER | HTML_EQUALS };
	struct slice input = attributes->input;
	size_t from = html_skip_class(input, attributes->at, HTML_SPACE | HTML_SOLIDUS);
	if (from >= input.n || input.p[from] == '>' || attributes->count == HTML_ATTRIBUTES_MAX)
		return false;
	/* The first byte belongs to the name even when it is `=`. */
	size_t to = html_find_class(input, from + 1, NAME_END);
	size_t next = html_skip_class(input, to, HTML_SPACE);
	if (next >= input.n)
		return false;
	ret->name = slice_sub(input, from, to);
	/* Not the empty slice: where a value would stand is asked for, too. */
	ret->value = slice_sub(input, to, to);
	ret->quote = HTML_NO_VALUE;
	attributes->at = to;
	attributes->count++;
	if (input.p[next] != '=')
		return true;
	attributes->at = next + 1;
	return read_value(input, &attributes->at, ret);
}
