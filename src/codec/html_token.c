/* SPDX-License-Identifier: Apache-2.0 */
/* Comments, doctypes and raw text are found by searching for what ends them, not by walking states byte by byte; each
 * search says which states it stands for. Tags are walked attribute by attribute, because quotes only mean something
 * behind `=`. Every search starts where the last one ended, so the whole is linear; the one place that could look ahead
 * again and again (an end that never comes) consumes all input when it fails.
 */
#include "codec/html_token.h"

enum { SPACE = 1, SOLIDUS = 2, GREATER = 4, EQUALS = 8, LETTER = 16 };

static const uint8_t byte_class[256] = {
    ['\t'] = SPACE,  ['\n'] = SPACE,  ['\f'] = SPACE, ['\r'] = SPACE,         [' '] = SPACE,
    ['/'] = SOLIDUS, ['>'] = GREATER, ['='] = EQUALS, ['A' ... 'Z'] = LETTER, ['a' ... 'z'] = LETTER,
};

static unsigned int class_at(struct slice s, size_t at)
{
	return byte_class[(unsigned char)s.p[at]];
}

static bool has_class(struct slice s, size_t at, unsigned int classes)
{
	return at < s.n && (class_at(s, at) & classes);
}

bool html_is_space(char c)
{
	return byte_class[(unsigned char)c] == SPACE;
}

/* The first byte at or behind `at` that is (not) in the classes, or s.n. */
static size_t skip(struct slice s, size_t at, unsigned int classes)
{
	while (at < s.n && (class_at(s, at) & classes))
		at++;
	return at;
}

static size_t skip_until(struct slice s, size_t at, unsigned int classes)
{
	while (at < s.n && !(class_at(s, at) & classes))
		at++;
	return at;
}

static size_t find_byte(struct slice s, size_t at, char c)
{
	return at + slice_index(slice_from(s, at), c);
}

static bool starts_at(struct slice s, size_t at, struct slice prefix)
{
	return slice_starts_with(slice_from(s, at), prefix);
}

void html_tokenizer_init(struct html_tokenizer *tokenizer, struct slice input)
{
	*tokenizer = (struct html_tokenizer){.input = input, .last_start_tag = SLICE_EMPTY};
}

/* ---- attributes (13.2.5.32-40) ---- */

enum attribute_step { STEP_ATTRIBUTE, STEP_TAG_END, STEP_SELF_CLOSING_END, STEP_CUT };

/* Behind `=`: the value. False when the input ends first. */
static bool read_value(struct slice input, size_t *at, struct html_attribute *attribute)
{
	size_t from = skip(input, *at, SPACE);
	if (from >= input.n)
		return false;
	char quote = input.p[from];
	if (quote == '"' || quote == '\'') {
		size_t to = find_byte(input, ++from, quote);
		if (to >= input.n)
			return false;
		attribute->quote = quote == '"' ? HTML_DOUBLE_QUOTED : HTML_SINGLE_QUOTED;
		attribute->value = slice_sub(input, from, to);
		*at = to + 1;
		return true;
	}
	size_t to = skip_until(input, from, SPACE | GREATER);
	attribute->quote = HTML_UNQUOTED; /* `<a href=>`: a value that is missing is empty */
	attribute->value = slice_sub(input, from, to);
	*at = to;
	return to < input.n;
}

/* From the before-attribute-name state to behind one attribute, or to behind the tag. */
static enum attribute_step step_attribute(struct slice input, size_t *at, struct html_attribute *attribute)
{
	size_t from = skip(input, *at, SPACE | SOLIDUS);
	if (from >= input.n)
		return STEP_CUT;
	if (input.p[from] == '>') {
		bool is_self_closing = from > *at && input.p[from - 1] == '/';
		*at = from + 1;
		return is_self_closing ? STEP_SELF_CLOSING_END : STEP_TAG_END;
	}
	/* The first byte belongs to the name even when it is `=`. */
	size_t to = skip_until(input, from + 1, SPACE | SOLIDUS | GREATER | EQUALS);
	attribute->name = slice_sub(input, from, to);
	attribute->value = slice_sub(input, to, to);
	attribute->quote = HTML_NO_VALUE;
	size_t next = skip(input, to, SPACE);
	if (next >= input.n)
		return STEP_CUT;
	*at = to;
	if (input.p[next] != '=')
		return STEP_ATTRIBUTE;
	*at = next + 1;
	return read_value(input, at, attribute) ? STEP_ATTRIBUTE : STEP_CUT;
}

struct html_attributes html_attributes_of(const struct html_tokenizer *tokenizer, const struct html_token *tag)
{
	return (struct html_attributes){slice_sub(tokenizer->input, 0, tag->end), tag->attributes_start};
}

bool html_attribute_next(struct html_attributes *attributes, struct html_attribute *ret)
{
	return step_attribute(attributes->input, &attributes->at, ret) == STEP_ATTRIBUTE;
}

/* To behind the tag; most tags have no attributes. */
static enum attribute_step skip_attributes(struct slice input, size_t *at)
{
	if (has_class(input, *at, GREATER)) {
		*at += 1;
		return STEP_TAG_END;
	}
	enum attribute_step step;
	struct html_attribute ignored;
	do {
		step = step_attribute(input, at, &ignored);
	} while (step == STEP_ATTRIBUTE);
	return step;
}

/* A tag whose name starts at `name_at`; *ret keeps its start. False when the input ends in it. */
static bool read_tag(struct html_tokenizer *tokenizer, size_t name_at, struct html_token *ret)
{
	struct slice input = tokenizer->input;
	size_t at = skip_until(input, name_at, SPACE | SOLIDUS | GREATER);
	ret->name = slice_sub(input, name_at, at);
	ret->attributes_start = at;
	enum attribute_step step = skip_attributes(input, &at);
	ret->is_self_closing = step == STEP_SELF_CLOSING_END;
	ret->end = step == STEP_CUT ? input.n : at;
	tokenizer->at = ret->end;
	tokenizer->is_cut = step == STEP_CUT;
	return step != STEP_CUT;
}

static bool read_start_tag(struct html_tokenizer *tokenizer, struct html_token *ret)
{
	ret->type = HTML_START_TAG;
	if (!read_tag(tokenizer, ret->start + 1, ret))
		return false;
	tokenizer->last_start_tag = ret->name;
	return true;
}

static bool read_end_tag(struct html_tokenizer *tokenizer, struct html_token *ret)
{
	ret->type = HTML_END_TAG;
	return read_tag(tokenizer, ret->start + 2, ret);
}

/* ---- comments, doctypes, CDATA (13.2.5.41-71) ---- */

static void end_markup(struct html_tokenizer *tokenizer, struct html_token *ret, size_t data_end, size_t end)
{
	ret->data = slice_sub(tokenizer->input, (size_t)(ret->data.p - tokenizer->input.p), data_end);
	ret->end = end;
	tokenizer->at = end;
}

/* Everything to the first `>`: bogus comments, and doctypes, in which `>` ends even a quoted identifier. */
static void read_to_greater(struct html_tokenizer *tokenizer, enum html_token_type type, size_t data_start,
			    struct html_token *ret)
{
	struct slice input = tokenizer->input;
	size_t to = find_byte(input, data_start, '>');
	ret->type = type;
	ret->is_closed = to < input.n;
	ret->data = slice_from(input, data_start);
	end_markup(tokenizer, ret, to, ret->is_closed ? to + 1 : to);
}

/* At the end of input the dashes, or dashes and bang, that may have begun an end are not data. */
static size_t cut_comment_end(struct slice data)
{
	static const char *const unfinished[] = {"--!", "--", "-"};
	for (size_t i = 0; i < sizeof(unfinished) / sizeof(unfinished[0]); i++) {
		struct slice tail = slice_from_cstr(unfinished[i]);
		if (slice_ends_with(data, tail))
			return data.n - tail.n;
	}
	return data.n;
}

/* A comment ends at the first `-->` or `--!>`; `<!-->` and `<!--->` are whole. Inner `<!--` changes nothing. */
static void read_comment(struct html_tokenizer *tokenizer, struct html_token *ret)
{
	struct slice input = tokenizer->input;
	size_t from = ret->start + 4;
	ret->type = HTML_COMMENT;
	ret->is_closed = true;
	ret->data = slice_from(input, from);
	if (slice_starts_with(ret->data, SLICE(">"))) {
		end_markup(tokenizer, ret, from, from + 1);
		return;
	}
	if (slice_starts_with(ret->data, SLICE("->"))) {
		end_markup(tokenizer, ret, from, from + 2);
		return;
	}
	for (size_t at = find_byte(input, from, '>'); at < input.n; at = find_byte(input, at + 1, '>')) {
		size_t data_n = at - from;
		if (data_n >= 2 && input.p[at - 1] == '-' && input.p[at - 2] == '-') {
			end_markup(tokenizer, ret, at - 2, at + 1);
			return;
		}
		if (data_n >= 3 && input.p[at - 1] == '!' && input.p[at - 2] == '-' && input.p[at - 3] == '-') {
			end_markup(tokenizer, ret, at - 3, at + 1);
			return;
		}
	}
	ret->is_closed = false;
	end_markup(tokenizer, ret, from + cut_comment_end(ret->data), input.n);
}

static void read_cdata(struct html_tokenizer *tokenizer, size_t from, struct html_token *ret)
{
	struct slice input = tokenizer->input;
	struct slice rest = slice_from(input, from);
	const char *close = rest.n ? memmem(rest.p, rest.n, "]]>", 3) : NULL;
	size_t to = close ? (size_t)(close - input.p) : input.n;
	ret->type = HTML_CDATA;
	ret->is_closed = close != NULL;
	ret->data = rest;
	end_markup(tokenizer, ret, to, close ? to + 3 : to);
}

/* Behind `<!` (13.2.5.42). */
static void read_declaration(struct html_tokenizer *tokenizer, struct html_token *ret)
{
	struct slice input = tokenizer->input;
	size_t at = ret->start + 2;
	if (starts_at(input, at, SLICE("--")))
		read_comment(tokenizer, ret);
	else if (slice_starts_with_nocase(slice_from(input, at), SLICE("doctype")))
		read_to_greater(tokenizer, HTML_DOCTYPE, at + 7, ret);
	else if (tokenizer->cdata_allowed && starts_at(input, at, SLICE("[CDATA[")))
		read_cdata(tokenizer, at + 7, ret);
	else
		read_to_greater(tokenizer, HTML_COMMENT, at, ret);
}

/* ---- text ---- */

static bool text_token(struct html_tokenizer *tokenizer, size_t end, struct html_token *ret)
{
	ret->type = HTML_TEXT;
	ret->start = tokenizer->at;
	ret->end = end;
	ret->data = slice_sub(tokenizer->input, ret->start, end);
	ret->has_references = tokenizer->mode == HTML_MODE_DATA || tokenizer->mode == HTML_MODE_RCDATA;
	tokenizer->at = end;
	return true;
}

/* Whether the `<` at `at` opens markup in the data state. `</` at the very end is text, so is `<` before anything but a
 * letter, `/`, `!` or `?`. */
static bool opens_markup(struct slice input, size_t at)
{
	if (at + 1 >= input.n)
		return false;
	char c = input.p[at + 1];
	return class_at(input, at + 1) == LETTER || c == '!' || c == '?' || (c == '/' && at + 2 < input.n);
}

/* The token that opens at tokenizer->at. False for `</>` and for a tag that the input ends in. */
static bool read_markup(struct html_tokenizer *tokenizer, struct html_token *ret)
{
	struct slice input = tokenizer->input;
	size_t at = tokenizer->at;
	ret->start = at;
	if (class_at(input, at + 1) == LETTER)
		return read_start_tag(tokenizer, ret);
	if (input.p[at + 1] == '!') {
		read_declaration(tokenizer, ret);
		return true;
	}
	if (input.p[at + 1] == '?') {
		read_to_greater(tokenizer, HTML_COMMENT, at + 1, ret);
		return true;
	}
	if (class_at(input, at + 2) == LETTER)
		return read_end_tag(tokenizer, ret);
	if (input.p[at + 2] == '>') {
		tokenizer->at = at + 3;
		return false;
	}
	read_to_greater(tokenizer, HTML_COMMENT, at + 2, ret);
	return true;
}

static bool next_in_data(struct html_tokenizer *tokenizer, struct html_token *ret)
{
	struct slice input = tokenizer->input;
	while (tokenizer->at < input.n) {
		size_t at = tokenizer->at;
		if (input.p[at] != '<')
			at = find_byte(input, at, '<');
		while (at < input.n && !opens_markup(input, at))
			at = find_byte(input, at + 1, '<');
		if (at > tokenizer->at && !tokenizer->skips_text)
			return text_token(tokenizer, at, ret);
		tokenizer->at = at;
		if (at < input.n && read_markup(tokenizer, ret))
			return true;
	}
	return false;
}

/* ---- raw text (13.2.5.9-31) ---- */

/* Whether `</name` and a byte that ends a name stand at `at`. */
static bool is_end_tag_of(struct slice input, size_t at, struct slice name)
{
	return name.n > 0 && starts_at(input, at, SLICE("</")) &&
	       slice_starts_with_nocase(slice_from(input, at + 2), name) &&
	       has_class(input, at + 2 + name.n, SPACE | SOLIDUS | GREATER);
}

static size_t find_raw_end(struct slice input, size_t at, struct slice name)
{
	for (at = find_byte(input, at, '<'); at < input.n; at = find_byte(input, at + 1, '<'))
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
	return slice_starts_with_nocase(rest, opening) && has_class(input, at + opening.n, SPACE | SOLIDUS | GREATER)
		   ? SCRIPT_DOUBLE_ESCAPED
		   : SCRIPT_ESCAPED;
}

/* The end of script data: `</script` counts in the plain and the escaped state, not in the double escaped one
 * (`<!-- <script> … </script>`). `-->` leads back to plain from both; the dashes of `<!--` itself may be part of it. */
static size_t find_script_end(struct slice input, size_t at, struct slice name)
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
			at = find_byte(input, at, '<');
	}
	return input.n;
}

static size_t find_text_end(const struct html_tokenizer *tokenizer)
{
	struct slice input = tokenizer->input;
	switch (tokenizer->mode) {
	case HTML_MODE_RCDATA:
	case HTML_MODE_RAWTEXT: return find_raw_end(input, tokenizer->at, tokenizer->last_start_tag);
	case HTML_MODE_SCRIPT: return find_script_end(input, tokenizer->at, tokenizer->last_start_tag);
	default: return input.n;
	}
}

static bool next_in_raw_text(struct html_tokenizer *tokenizer, struct html_token *ret)
{
	if (tokenizer->mode == HTML_MODE_CDATA) {
		ret->start = tokenizer->at;
		read_cdata(tokenizer, tokenizer->at, ret);
		tokenizer->mode = HTML_MODE_DATA;
		return true;
	}
	size_t end = find_text_end(tokenizer);
	if (end > tokenizer->at)
		return text_token(tokenizer, end, ret);
	tokenizer->mode = HTML_MODE_DATA;
	ret->start = end;
	return read_end_tag(tokenizer, ret);
}

bool html_token_next(struct html_tokenizer *tokenizer, struct html_token *ret)
{
	*ret = (struct html_token){.type = HTML_END_OF_INPUT, .name = SLICE_EMPTY, .data = SLICE_EMPTY};
	if (tokenizer->at < tokenizer->input.n &&
	    (tokenizer->mode == HTML_MODE_DATA ? next_in_data(tokenizer, ret) : next_in_raw_text(tokenizer, ret)))
		return true;
	ret->type = HTML_END_OF_INPUT; /* a cut tag has been there */
	return false;
}
