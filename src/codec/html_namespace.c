/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/html_namespace.h"

static bool is_one_of(struct slice name, const char *const *names)
{
	for (; *names; names++)
		if (slice_equal_nocase(name, slice_from_cstr(*names)))
			return true;
	return false;
}

/* Start tags that end foreign content (13.2.6.5). None of them can be an svg or math element. */
static const char *const breakout_names[] = {
    "b",       "big",  "blockquote", "body",  "br", "center", "code", "dd",   "div", "dl",    "dt",   "em",
    "embed",   "h1",   "h2",         "h3",    "h4", "h5",     "h6",   "head", "hr",  "i",     "img",  "li",
    "listing", "menu", "meta",       "nobr",  "ol", "p",      "pre",  "ruby", "s",   "small", "span", "strong",
    "strike",  "sub",  "sup",        "table", "tt", "u",      "ul",   "var",  NULL,
};

/* End tags that, inside svg or math, can only close an HTML element around it. */
static const char *const outer_names[] = {
    "html", "td", "th", "tr", "tbody", "thead", "tfoot", "caption", "form", "section", "article", NULL,
};

static bool is_named(struct slice name, struct slice wanted)
{
	return (name.p[0] | 0x20) == wanted.p[0] && slice_equal_nocase(name, wanted);
}

/* The mode of an HTML element's content. By length first, because nearly no element has one and this sees them all. */
static enum html_mode mode_of(struct slice name)
{
	switch (name.n) {
	case 3: return is_named(name, SLICE("xmp")) ? HTML_MODE_RAWTEXT : HTML_MODE_DATA;
	case 5:
		if (is_named(name, SLICE("title")))
			return HTML_MODE_RCDATA;
		return is_named(name, SLICE("style")) ? HTML_MODE_RAWTEXT : HTML_MODE_DATA;
	case 6:
		if (is_named(name, SLICE("script")))
			return HTML_MODE_SCRIPT;
		return is_named(name, SLICE("iframe")) ? HTML_MODE_RAWTEXT : HTML_MODE_DATA;
	case 7: return is_named(name, SLICE("noembed")) ? HTML_MODE_RAWTEXT : HTML_MODE_DATA;
	case 8:
		if (is_named(name, SLICE("textarea")))
			return HTML_MODE_RCDATA;
		return is_named(name, SLICE("noframes")) ? HTML_MODE_RAWTEXT : HTML_MODE_DATA;
	case 9: return is_named(name, SLICE("plaintext")) ? HTML_MODE_PLAINTEXT : HTML_MODE_DATA;
	default: return HTML_MODE_DATA;
	}
}

static enum html_scope scope_of(const struct html_namespace *space)
{
	return space->depth > 0 ? space->entries[space->depth - 1].scope : HTML_SCOPE_HTML;
}

void html_namespace_init(struct html_namespace *space)
{
	space->depth = 0;
	space->too_deep = 0;
}

static void push(struct html_namespace *space, struct html_namespace_entry entry)
{
	if (space->depth < HTML_NAMESPACE_DEPTH)
		space->entries[space->depth++] = entry;
	else
		space->too_deep++;
}

static bool is_root(struct slice name, enum html_scope *ret_scope)
{
	bool is_svg = slice_equal_nocase(name, SLICE("svg"));
	if (!is_svg && !slice_equal_nocase(name, SLICE("math")))
		return false;
	*ret_scope = is_svg ? HTML_SCOPE_SVG : HTML_SCOPE_MATH;
	return true;
}

/* annotation-xml holds HTML when its encoding says so. */
static bool is_html_annotation(const struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	struct html_attributes attributes = html_attributes_of(tokenizer, tag);
	struct html_attribute attribute;
	while (html_attribute_next(&attributes, &attribute))
		if (slice_equal_nocase(attribute.name, SLICE("encoding")))
			return slice_equal_nocase(attribute.value, SLICE("text/html")) ||
			       slice_equal_nocase(attribute.value, SLICE("application/xhtml+xml"));
	return false;
}

/* Out of foreign content, to the next integration point or to HTML. */
static void break_out(struct html_namespace *space)
{
	space->too_deep = 0;
	while (scope_of(space) != HTML_SCOPE_HTML)
		space->depth--;
}

static bool is_font_breakout(const struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	static const char *const names[] = {"color", "face", "size", NULL};
	if (!slice_equal_nocase(tag->name, SLICE("font")))
		return false;
	struct html_attributes attributes = html_attributes_of(tokenizer, tag);
	struct html_attribute attribute;
	while (html_attribute_next(&attributes, &attribute))
		if (is_one_of(attribute.name, names))
			return true;
	return false;
}

static void open_html(struct html_namespace *space, struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	enum html_scope scope = HTML_SCOPE_HTML;
	char first = (char)(tag->name.p[0] | 0x20);
	if ((first == 's' || first == 'm') && is_root(tag->name, &scope)) {
		if (!tag->is_self_closing)
			push(space, (struct html_namespace_entry){.scope = scope, .name = tag->name});
		return;
	}
	tokenizer->mode = mode_of(tag->name);
}

static void open_svg(struct html_namespace *space, const struct html_token *tag)
{
	static const char *const points[] = {"foreignobject", "desc", "title", NULL};
	struct html_namespace_entry entry = {.scope = HTML_SCOPE_HTML, .name = tag->name};
	if (slice_equal_nocase(tag->name, SLICE("svg")))
		entry.scope = HTML_SCOPE_SVG;
	else if (!is_one_of(tag->name, points))
		return;
	if (!tag->is_self_closing)
		push(space, entry);
}

static void open_math(struct html_namespace *space, const struct html_tokenizer *tokenizer,
		      const struct html_token *tag)
{
	static const char *const points[] = {"mi", "mo", "mn", "ms", "mtext", NULL};
	struct html_namespace_entry entry = {.scope = HTML_SCOPE_MATH, .name = tag->name};
	if (tag->is_self_closing)
		return;
	if (is_one_of(tag->name, points)) {
		entry.scope = HTML_SCOPE_HTML;
	} else if (slice_equal_nocase(tag->name, SLICE("annotation-xml"))) {
		entry.is_annotation = true;
		if (is_html_annotation(tokenizer, tag))
			entry.scope = HTML_SCOPE_HTML;
	} else if (!slice_equal_nocase(tag->name, SLICE("math"))) {
		return;
	}
	push(space, entry);
}

static void open_tag(struct html_namespace *space, struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	enum html_scope scope = scope_of(space);
	if (scope != HTML_SCOPE_HTML && (is_one_of(tag->name, breakout_names) || is_font_breakout(tokenizer, tag))) {
		break_out(space);
		open_html(space, tokenizer, tag);
		return;
	}
	if (scope == HTML_SCOPE_SVG) {
		open_svg(space, tag);
	} else if (scope == HTML_SCOPE_MATH) {
		bool is_svg = slice_equal_nocase(tag->name, SLICE("svg"));
		if (is_svg && space->entries[space->depth - 1].is_annotation)
			open_html(space, tokenizer, tag);
		else
			open_math(space, tokenizer, tag);
	} else {
		open_html(space, tokenizer, tag);
	}
}

/* Closes the innermost kept element of that name, with all inside it. */
static bool close_named(struct html_namespace *space, struct slice name)
{
	for (size_t i = space->depth; i > 0; i--) {
		if (!slice_equal_nocase(space->entries[i - 1].name, name))
			continue;
		space->depth = i - 1;
		return true;
	}
	return false;
}

static void close_tag(struct html_namespace *space, const struct html_token *tag)
{
	enum html_scope ignored;
	if (space->too_deep > 0 && is_root(tag->name, &ignored)) {
		space->too_deep--;
		return;
	}
	if (close_named(space, tag->name))
		return;
	if (scope_of(space) != HTML_SCOPE_HTML &&
	    (is_one_of(tag->name, breakout_names) || is_one_of(tag->name, outer_names)))
		break_out(space);
}

void html_namespace_follow(struct html_namespace *space, struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	if (tag->type == HTML_START_TAG)
		open_tag(space, tokenizer, tag);
	else if (space->depth > 0)
		close_tag(space, tag);
	else
		return; /* nothing open: by far the most */
	tokenizer->cdata_allowed = scope_of(space) != HTML_SCOPE_HTML;
}
