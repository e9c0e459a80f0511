/* SPDX-License-Identifier: Apache-2.0 */
/* Of building a tree only the part that reaches back into the tokenizer: which element is open matters to it in svg
 * and math alone, so those are kept on a stack and HTML elements are not. What an HTML parser does about misnested
 * tables and formatting elements does not change what is a tag. */
#include "codec/html/html_namespace.h"

#define NAME(literal)                                                                                                  \
	{                                                                                                              \
		"" literal, sizeof(literal) - 1                                                                        \
	}
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* By first letter, so that few are compared with. */
typedef const char *const name_lists[26][8];

static bool is_listed(name_lists lists, struct slice name)
{
	unsigned int letter = ((unsigned char)name.p[0] | 0x20u) - 'a';
	if (letter >= 26)
		return false;
	for (const char *const *listed = lists[letter]; *listed; listed++)
		if (slice_equal_nocase(name, slice_from_cstr(*listed)))
			return true;
	return false;
}

/* Start tags that end foreign content (13.2.6.5). None of them can be an svg or math element. */
static name_lists breakout_names = {
    ['b' - 'a'] = {"b", "big", "blockquote", "body", "br"},
    ['c' - 'a'] = {"center", "code"},
    ['d' - 'a'] = {"dd", "div", "dl", "dt"},
    ['e' - 'a'] = {"em", "embed"},
    ['h' - 'a'] = {"head", "hr"}, /* and h1 to h6 */
    ['i' - 'a'] = {"i", "img"},
    ['l' - 'a'] = {"li", "listing"},
    ['m' - 'a'] = {"menu", "meta"},
    ['n' - 'a'] = {"nobr"},
    ['o' - 'a'] = {"ol"},
    ['p' - 'a'] = {"p", "pre"},
    ['r' - 'a'] = {"ruby"},
    ['s' - 'a'] = {"s", "small", "span", "strong", "strike", "sub", "sup"},
    ['t' - 'a'] = {"table", "tt"},
    ['u' - 'a'] = {"u", "ul"},
    ['v' - 'a'] = {"var"},
};

/* End tags that, inside svg or math, can only close an HTML element around it. */
static name_lists outer_names = {
    ['a' - 'a'] = {"article"}, ['c' - 'a'] = {"caption"}, ['f' - 'a'] = {"form"},
    ['h' - 'a'] = {"html"},    ['s' - 'a'] = {"section"}, ['t' - 'a'] = {"td", "th", "tr", "tbody", "thead", "tfoot"},
};

/* An svg that was not closed must not hide the rest of a mail; browsers end it at the first of these. */
static bool is_breakout_name(struct slice name)
{
	bool is_heading = name.n == 2 && (name.p[0] | 0x20) == 'h' && name.p[1] >= '1' && name.p[1] <= '6';
	return is_heading || is_listed(breakout_names, name);
}

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

/* By length first, because nearly no name is one of these and this sees most of those inside svg. */
static enum html_foreign_name foreign_name_of(struct slice name)
{
	switch (name.n) {
	case 2:
		if ((name.p[0] | 0x20) != 'm')
			return HTML_FOREIGN_NONE;
		switch (name.p[1] | 0x20) {
		case 'i': return HTML_FOREIGN_MI;
		case 'n': return HTML_FOREIGN_MN;
		case 'o': return HTML_FOREIGN_MO;
		case 's': return HTML_FOREIGN_MS;
		default: return HTML_FOREIGN_NONE;
		}
	case 3: return is_named(name, SLICE("svg")) ? HTML_FOREIGN_SVG : HTML_FOREIGN_NONE;
	case 4:
		if (is_named(name, SLICE("math")))
			return HTML_FOREIGN_MATH;
		return is_named(name, SLICE("desc")) ? HTML_FOREIGN_DESC : HTML_FOREIGN_NONE;
	case 5:
		if (is_named(name, SLICE("mtext")))
			return HTML_FOREIGN_MTEXT;
		return is_named(name, SLICE("title")) ? HTML_FOREIGN_TITLE : HTML_FOREIGN_NONE;
	case 13: return is_named(name, SLICE("foreignobject")) ? HTML_FOREIGN_OBJECT : HTML_FOREIGN_NONE;
	case 14: return is_named(name, SLICE("annotation-xml")) ? HTML_FOREIGN_ANNOTATION : HTML_FOREIGN_NONE;
	default: return HTML_FOREIGN_NONE;
	}
}

static bool is_root(enum html_foreign_name name)
{
	return name == HTML_FOREIGN_SVG || name == HTML_FOREIGN_MATH;
}

static enum html_scope scope_of(const struct html_namespace *space)
{
	return space->depth > 0 ? space->entries[space->depth - 1].scope : HTML_SCOPE_HTML;
}

/* Entries are only read below `depth`, so they are not cleared: there is one of these for each conditional comment. */
void html_namespace_init(struct html_namespace *space)
{
	memset(space->open, 0, sizeof(space->open));
	space->depth = 0;
	space->too_deep = 0;
	space->is_in_select = false;
	space->is_behind_frameset = false;
	space->is_ambiguous = false;
}

static void push(struct html_namespace *space, enum html_foreign_name name, enum html_scope scope)
{
	if (space->depth == HTML_NAMESPACE_DEPTH) {
		space->too_deep++;
		return;
	}
	space->entries[space->depth++] = (struct html_namespace_entry){.name = name, .scope = scope};
	space->open[name]++;
}

static void pop(struct html_namespace *space)
{
	space->open[space->entries[--space->depth].name]--;
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
		pop(space);
}

static bool is_font_breakout(const struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	if (tag->name.n != 4 || !is_named(tag->name, SLICE("font")))
		return false;
	struct html_attributes attributes = html_attributes_of(tokenizer, tag);
	struct html_attribute attribute;
	while (html_attribute_next(&attributes, &attribute))
		if (slice_equal_nocase(attribute.name, SLICE("color")) ||
		    slice_equal_nocase(attribute.name, SLICE("face")) ||
		    slice_equal_nocase(attribute.name, SLICE("size")))
			return true;
	return false;
}

/* A select has scripts in it, a textarea ends it (13.2.6.4.16 of the standard as it was until 2025; since then it takes
 * most tags), and framesets have noframes beside them (13.2.6.4.20). */
static void note_raw_text(struct html_namespace *space, struct slice name)
{
	bool is_textarea = slice_equal_nocase(name, SLICE("textarea"));
	if (space->is_in_select && !is_textarea && !slice_equal_nocase(name, SLICE("script")))
		space->is_ambiguous = true;
	if (space->is_behind_frameset && !slice_equal_nocase(name, SLICE("noframes")))
		space->is_ambiguous = true;
	if (is_textarea)
		space->is_in_select = false;
}

static void note_markup(struct html_namespace *space, struct slice name)
{
	if (name.n == 6 && is_named(name, SLICE("select")))
		space->is_in_select = !space->is_in_select; /* a second one ends the first */
	else if (name.n == 8 && is_named(name, SLICE("frameset")))
		space->is_behind_frameset = true;
}

static void open_html(struct html_namespace *space, struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	enum html_foreign_name name = foreign_name_of(tag->name);
	if (is_root(name)) {
		if (!tag->is_self_closing)
			push(space, name, name == HTML_FOREIGN_SVG ? HTML_SCOPE_SVG : HTML_SCOPE_MATH);
		return;
	}
	tokenizer->mode = mode_of(tag->name);
	if (tokenizer->mode != HTML_MODE_DATA)
		note_raw_text(space, tag->name);
	else
		note_markup(space, tag->name);
}

static void open_svg(struct html_namespace *space, enum html_foreign_name name)
{
	if (name == HTML_FOREIGN_SVG)
		push(space, name, HTML_SCOPE_SVG);
	else if (name == HTML_FOREIGN_OBJECT || name == HTML_FOREIGN_DESC || name == HTML_FOREIGN_TITLE)
		push(space, name, HTML_SCOPE_HTML);
}

static void open_math(struct html_namespace *space, enum html_foreign_name name, bool is_html)
{
	switch (name) {
	case HTML_FOREIGN_MI:
	case HTML_FOREIGN_MN:
	case HTML_FOREIGN_MO:
	case HTML_FOREIGN_MS:
	case HTML_FOREIGN_MTEXT: push(space, name, HTML_SCOPE_HTML); break;
	case HTML_FOREIGN_ANNOTATION: push(space, name, is_html ? HTML_SCOPE_HTML : HTML_SCOPE_MATH); break;
	case HTML_FOREIGN_MATH: push(space, name, HTML_SCOPE_MATH); break;
	default: break;
	}
}

static void open_foreign(struct html_namespace *space, struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	const struct html_namespace_entry *around = &space->entries[space->depth - 1];
	enum html_foreign_name name = foreign_name_of(tag->name);
	if (name == HTML_FOREIGN_SVG && around->name == HTML_FOREIGN_ANNOTATION) /* in which svg starts as in HTML */
		open_html(space, tokenizer, tag);
	else if (tag->is_self_closing)
		return;
	else if (around->scope == HTML_SCOPE_SVG)
		open_svg(space, name);
	else
		open_math(space, name, name == HTML_FOREIGN_ANNOTATION && is_html_annotation(tokenizer, tag));
}

static void open_tag(struct html_namespace *space, struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	if (scope_of(space) != HTML_SCOPE_HTML && (is_breakout_name(tag->name) || is_font_breakout(tokenizer, tag)))
		break_out(space);
	if (scope_of(space) == HTML_SCOPE_HTML)
		open_html(space, tokenizer, tag);
	else
		open_foreign(space, tokenizer, tag);
}

/* Closes the innermost kept element of that name, with all inside it. What is popped was pushed once, so this takes no
 * more time than opening did. */
static bool close_named(struct html_namespace *space, enum html_foreign_name name)
{
	if (name == HTML_FOREIGN_NONE || space->open[name] == 0)
		return false;
	while (space->entries[space->depth - 1].name != name)
		pop(space);
	pop(space);
	return true;
}

static void close_tag(struct html_namespace *space, const struct html_token *tag)
{
	enum html_foreign_name name = foreign_name_of(tag->name);
	if (space->too_deep > 0 && is_root(name)) {
		space->too_deep--;
		return;
	}
	if (!close_named(space, name) && scope_of(space) != HTML_SCOPE_HTML &&
	    (is_breakout_name(tag->name) || is_listed(outer_names, tag->name)))
		break_out(space);
}

/* Whether a name may begin one that means something where nothing is open: frameset, iframe, math, noembed, noframes,
 * plaintext, script, select, style, svg, textarea, title, xmp. */
static bool may_matter(struct slice name)
{
	static const bool letters['z' - 'a' + 1] = {['f' - 'a'] = true, ['i' - 'a'] = true, ['m' - 'a'] = true,
						    ['n' - 'a'] = true, ['p' - 'a'] = true, ['s' - 'a'] = true,
						    ['t' - 'a'] = true, ['x' - 'a'] = true};
	return letters[(name.p[0] | 0x20) - 'a'];
}

void html_namespace_follow(struct html_namespace *space, struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	if (space->depth == 0 && !may_matter(tag->name))
		return; /* by far the most */
	if (tag->type == HTML_START_TAG)
		open_tag(space, tokenizer, tag);
	else if (space->is_in_select && slice_equal_nocase(tag->name, SLICE("select")))
		space->is_in_select = false;
	else if (space->depth > 0)
		close_tag(space, tag);
	else
		return;
	tokenizer->cdata_allowed = scope_of(space) != HTML_SCOPE_HTML;
}
