/* SPDX-License-Identifier: Apache-2.0 */
#include "reference_namespace.h"

/* `words` is a list with a space before and behind each name. */
static bool is_in(struct slice name, const char *words)
{
	char needle[40] = " ";
	if (name.n == 0 || name.n > sizeof(needle) - 3)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		needle[i + 1] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		if (c == ' ' || c == 0)
			return false;
	}
	needle[name.n + 1] = ' ';
	return slice_contains(slice_from_cstr(words), slice_of(needle, name.n + 2));
}

/* 13.2.6.5: a start tag of these ends svg and math. */
static const char *const html_only =
    " b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta "
    "nobr ol p pre ruby s small span strong strike strong sub sup table tt u ul var ";
/* End tags that the header's "names that only HTML has" adds to these. */
static const char *const outer_only = " html td th tr tbody thead tfoot caption form section article ";

static enum reference_place place_of(const struct reference_namespace *space)
{
	return space->depth > 0 ? space->frames[space->depth - 1].inside : IN_HTML;
}

static void push(struct reference_namespace *space, struct slice name, enum reference_place inside)
{
	if (space->depth < REFERENCE_FRAMES_MAX)
		space->frames[space->depth++] = (struct reference_frame){name, inside};
	if (space->depth > space->deepest)
		space->deepest = space->depth;
}

static const struct reference_attribute *first_attribute(const struct reference_token *tag, const char *name)
{
	for (size_t i = 0; i < tag->attribute_count; i++)
		if (slice_equal_nocase(tag->attributes[i].name, slice_from_cstr(name)))
			return &tag->attributes[i];
	return NULL;
}

static bool is_breakout(const struct reference_token *tag)
{
	bool is_font = is_in(tag->name, " font ");
	return is_in(tag->name, html_only) ||
	       (is_font &&
		(first_attribute(tag, "color") || first_attribute(tag, "face") || first_attribute(tag, "size")));
}

static void leave_foreign(struct reference_namespace *space)
{
	while (place_of(space) != IN_HTML)
		space->depth--;
}

static enum reference_mode mode_of(struct slice name)
{
	if (is_in(name, " title textarea "))
		return REFERENCE_RCDATA;
	if (is_in(name, " style xmp iframe noembed noframes "))
		return REFERENCE_RAWTEXT;
	if (is_in(name, " script "))
		return REFERENCE_SCRIPT;
	return is_in(name, " plaintext ") ? REFERENCE_PLAINTEXT : REFERENCE_DATA;
}

static void start_html(struct reference_namespace *space, struct reference_tokenizer *tokenizer,
		       const struct reference_token *tag)
{
	if (is_in(tag->name, " svg math ")) {
		if (!tag->is_self_closing)
			push(space, tag->name, is_in(tag->name, " svg ") ? IN_SVG : IN_MATH);
		return;
	}
	if (is_in(tag->name, " select "))
		space->is_in_select = !space->is_in_select;
	if (is_in(tag->name, " frameset "))
		space->is_behind_frameset = true;
	if (is_in(tag->name, " textarea "))
		space->is_in_select = false;
	enum reference_mode mode = mode_of(tag->name);
	if (mode == REFERENCE_DATA)
		return;
	reference_set_mode(tokenizer, mode);
	if ((space->is_in_select && mode != REFERENCE_SCRIPT) ||
	    (space->is_behind_frameset && !is_in(tag->name, " noframes ")))
		space->is_ambiguous = true;
}

static bool is_html_annotation(const struct reference_token *tag)
{
	const struct reference_attribute *encoding = first_attribute(tag, "encoding");
	return encoding && is_in(encoding->value, " text/html application/xhtml+xml ");
}

static void start_foreign(struct reference_namespace *space, struct reference_tokenizer *tokenizer,
			  const struct reference_token *tag)
{
	struct slice name = tag->name;
	bool is_svg = place_of(space) == IN_SVG;
	if (!is_svg && is_in(name, " svg ") && is_in(space->frames[space->depth - 1].name, " annotation-xml ")) {
		start_html(space, tokenizer, tag);
		return;
	}
	if (tag->is_self_closing)
		return;
	if (is_svg && is_in(name, " foreignobject desc title "))
		push(space, name, IN_HTML);
	else if (is_svg && is_in(name, " svg "))
		push(space, name, IN_SVG);
	else if (!is_svg && is_in(name, " mi mo mn ms mtext "))
		push(space, name, IN_HTML);
	else if (!is_svg && is_in(name, " annotation-xml "))
		push(space, name, is_html_annotation(tag) ? IN_HTML : IN_MATH);
	else if (!is_svg && is_in(name, " math "))
		push(space, name, IN_MATH);
}

static void follow_start(struct reference_namespace *space, struct reference_tokenizer *tokenizer,
			 const struct reference_token *tag)
{
	if (place_of(space) != IN_HTML && is_breakout(tag))
		leave_foreign(space);
	if (place_of(space) == IN_HTML)
		start_html(space, tokenizer, tag);
	else
		start_foreign(space, tokenizer, tag);
}

static void follow_end(struct reference_namespace *space, const struct reference_token *tag)
{
	if (is_in(tag->name, " select ")) {
		space->is_in_select = false;
		return;
	}
	for (size_t i = space->depth; i > 0; i--) {
		if (slice_equal_nocase(space->frames[i - 1].name, tag->name)) {
			space->depth = i - 1;
			return;
		}
	}
	if (is_in(tag->name, html_only) || is_in(tag->name, outer_only))
		leave_foreign(space);
}

void reference_namespace_follow(struct reference_namespace *space, struct reference_tokenizer *tokenizer,
				const struct reference_token *tag)
{
	if (tag->kind == REFERENCE_START_TAG)
		follow_start(space, tokenizer, tag);
	else
		follow_end(space, tag);
	reference_set_cdata_allowed(tokenizer, place_of(space) != IN_HTML);
}
