/* SPDX-License-Identifier: Apache-2.0 */
/* Comments, doctypes and raw text are found by searching for what ends them, not by walking states byte by byte; each
 * search says which states it stands for. Inside a tag, quotes only mean something behind an `=` that stands between a
 * name and a value; so its end is found by going from one `=` or `>` to the next (html_marks.h). Every search starts
 * where the last one ended, so the whole is linear; the one place that could look ahead again and again (an end that
 * never comes) consumes all input when it fails. States that differ in error messages only are one here.
 *
 *   function                                 states of the standard (13.2.5.x)
 *   next_in_data, find_opening, find_markup  1 data
 *   pass_over                                1, 6-8 and 32-40, of tags that nobody asked for
 *   read_markup                              6 tag open, 7 end tag open
 *   read_tag, find_name_end                  8 tag name
 *   find_tag_end, ends_name                  32 before, 33 and 34 attribute name, 35 before its value, 38 unquoted,
 *                                            39 behind a quoted value, 40 self-closing
 *   find_closing_quote                       36 and 37 quoted value
 *   html_attribute_next (html_attribute.c)   32-40 once more, for the tags that matter
 *   read_to_greater                          41 bogus comment, 53-68 doctype
 *   read_declaration                         42 markup declaration open
 *   read_comment, comment_end_length         43-52 comment
 *   cut_comment_end                          what 44 and 50-52 do at the end of the input
 *   read_cdata                               69-71 CDATA section
 *   next_in_raw_text, html_raw_text_end      2 RCDATA, 3 RAWTEXT, 9-14
 *   html_script_end (html_raw_text.c)        4 script data, 15-31
 *   find_text_end, by default                5 PLAINTEXT
 *   html_references_decode                   72-80 character references, for whoever wants the characters
 */
#include "codec/html/html_token.h"

#include "codec/html/html_byte.h"
#include "codec/html/html_raw_text.h"

static bool starts_at(struct slice s, size_t at, struct slice prefix)
{
	return slice_starts_with(slice_from(s, at), prefix);
}

/* Not by one assignment, which would clear all marks: there is a tokenizer for each conditional comment. */
void html_tokenizer_init(struct html_tokenizer *tokenizer, struct slice input)
{
	tokenizer->input = input;
	tokenizer->at = 0;
	tokenizer->mode = HTML_MODE_DATA;
	tokenizer->cdata_allowed = false;
	tokenizer->skips_text = false;
	tokenizer->sieve = NULL;
	tokenizer->is_cut = false;
	tokenizer->last_start_tag = SLICE_EMPTY;
	tokenizer->place = html_marks_init(&tokenizer->marks, input);
}

/* ---- where tags end ---- */

/* These go from mark to mark. They are given the place to be at and what they need of the tokenizer one by one, so that
 * all of it stays in registers in the loop that most of the time goes to, pass_over(). */
#define HOT static inline __attribute__((always_inline))

/* Whether the `=` at `at` ends a name, where `from` is behind the tag's name or the value before. It begins one behind
 * white space, a solidus, a value or the tag's name (13.2.5.32). */
HOT bool ends_name(const char *from, const char *at)
{
	while (at > from && html_byte_class(at[-1]) == HTML_SPACE)
		at--;
	return at > from && at[-1] != '/';
}

/* From the `=` at which the place is to the quote that ends its value, or to the end of the input. There is only white
 * space between `=` and the opening quote, so that is the next mark. */
HOT const char *find_closing_quote(struct html_marks *marks, struct html_marks_place *place, char quote,
				   const char *end)
{
	(void)html_marks_next(marks, place);
	place->next++;
	do {
		for (; *place->next != HTML_MARKS_NONE; place->next++) {
			const char *at = place->base + *place->next;
			if (*at == quote)
				return at;
		}
	} while (html_marks_turn(marks, place));
	return end;
}

/* The `>` that ends a tag, or the end of the input. *from is behind the tag's name, and in the end behind the last
 * value. */
HOT const char *find_tag_end(struct html_marks *marks, struct html_marks_place *place, const char **from,
			     const char *end)
{
	const char *at = html_marks_seek(marks, place, *from);
	while (at < end && *at != '>') {
		if (*at == '=' && ends_name(*from, at)) {
			const char *value = at + 1;
			while (value < end && html_byte_class(*value) == HTML_SPACE)
				value++;
			if (value == end)
				return end;
			if (*value != '"' && *value != '\'') {
				while (value < end && !(html_byte_class(*value) & (HTML_SPACE | HTML_GREATER)))
					value++;
				*from = value;
				at = html_marks_seek(marks, place, value);
				continue;
			}
			at = find_closing_quote(marks, place, *value, end);
			if (at == end)
				return end;
			*from = at + 1;
		}
		at = html_marks_next(marks, place);
	}
	return at;
}

HOT const char *find_name_end(const char *at, const char *end)
{
	while (at < end && !(html_byte_class(*at) & (HTML_SPACE | HTML_SOLIDUS | HTML_GREATER)))
		at++;
	return at;
}

/* The first `<` at the place or behind it that may be more than text, or the end of the input. */
HOT const char *find_opening(struct html_marks *marks, struct html_marks_place *place, const char *end)
{
	do {
		for (; *place->next != HTML_MARKS_NONE; place->next++) {
			const char *at = place->base + *place->next;
			if (*at == '<' && at + 1 < end && (html_byte_class(at[1]) & HTML_OPENS))
				return at;
		}
	} while (html_marks_turn(marks, place));
	return end;
}

/* From tag to tag to what may be wanted: a tag that the sieve holds, other markup, text when that is wanted, the end.
 * True when markup opens there. Most tags end before any `=`, and where their names do is then of no interest. */
static bool pass_over(struct html_tokenizer *tokenizer)
{
	struct html_marks *marks = &tokenizer->marks;
	struct html_marks_place place = tokenizer->place;
	const uint32_t *seconds = tokenizer->sieve->seconds;
	const char *end = tokenizer->input.p + tokenizer->input.n;
	const char *at = tokenizer->input.p + tokenizer->at;
	bool is_markup = false;
	(void)html_marks_seek(marks, &place, at);
	for (;;) {
		const char *mark = find_opening(marks, &place, end);
		if (mark > at && !tokenizer->skips_text)
			break;
		at = mark;
		if (end - mark < (ptrdiff_t)sizeof("</ab"))
			break; /* for find_markup to look at */
		const char *name = at + 1 + (at[1] == '/');
		is_markup = !(html_byte_class(name[0]) & HTML_LETTER) || (seconds[name[0] & 31] >> (name[1] & 31) & 1);
		if (is_markup)
			break;
		mark = html_marks_next(marks, &place);
		if (mark < end && *mark != '>') {
			const char *from = find_name_end(name, end);
			mark = find_tag_end(marks, &place, &from, end);
		}
		tokenizer->is_cut = mark == end;
		if (tokenizer->is_cut) {
			at = end;
			break;
		}
		at = mark + 1;
		place.next++;
	}
	tokenizer->at = (size_t)(at - tokenizer->input.p);
	tokenizer->place = place;
	return is_markup;
}

/* A tag whose name starts at `name_at`; *ret keeps its start. False when the input ends in it. */
static bool read_tag(struct html_tokenizer *tokenizer, size_t name_at, struct html_token *ret)
{
	struct slice input = tokenizer->input;
	const char *end = input.p + input.n;
	const char *from = find_name_end(input.p + name_at, end);
	ret->name = slice_of(input.p + name_at, (size_t)(from - input.p) - name_at);
	ret->attributes_start = (size_t)(from - input.p);
	const char *close = find_tag_end(&tokenizer->marks, &tokenizer->place, &from, end);
	tokenizer->is_cut = close == end;
	ret->is_self_closing = !tokenizer->is_cut && close > from && close[-1] == '/';
	ret->end = tokenizer->is_cut ? input.n : (size_t)(close + 1 - input.p);
	tokenizer->at = ret->end;
	return !tokenizer->is_cut;
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
	size_t to = html_find_byte(input, data_start, '>');
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

/* How many bytes in front of a `>` end a comment with it, 0 when it does not. */
static size_t comment_end_length(struct slice data)
{
	if (slice_ends_with(data, SLICE("--")))
		return 2;
	return slice_ends_with(data, SLICE("--!")) ? 3 : 0;
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
	struct html_marks_place place = tokenizer->place;
	const char *end = input.p + input.n;
	const char *mark = html_marks_seek(&tokenizer->marks, &place, ret->data.p);
	for (; mark < end; mark = html_marks_next(&tokenizer->marks, &place)) {
		size_t dashes =
		    *mark == '>' ? comment_end_length(slice_of(ret->data.p, (size_t)(mark - ret->data.p))) : 0;
		if (dashes == 0)
			continue;
		size_t at = (size_t)(mark - input.p);
		tokenizer->place = place;
		end_markup(tokenizer, ret, at - dashes, at + 1);
		return;
	}
	tokenizer->place = place;
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

/* The token that opens at tokenizer->at. False for `</>` and for a tag that the input ends in. */
static bool read_markup(struct html_tokenizer *tokenizer, struct html_token *ret)
{
	struct slice input = tokenizer->input;
	size_t at = tokenizer->at;
	ret->start = at;
	if (html_byte_class(input.p[at + 1]) & HTML_LETTER)
		return read_start_tag(tokenizer, ret);
	if (input.p[at + 1] == '!') {
		read_declaration(tokenizer, ret);
		return true;
	}
	if (input.p[at + 1] == '?') {
		read_to_greater(tokenizer, HTML_COMMENT, at + 1, ret);
		return true;
	}
	if (html_byte_class(input.p[at + 2]) & HTML_LETTER)
		return read_end_tag(tokenizer, ret);
	if (input.p[at + 2] == '>') {
		tokenizer->at = at + 3;
		return false;
	}
	read_to_greater(tokenizer, HTML_COMMENT, at + 2, ret);
	return true;
}

/* Where markup opens at or behind `at` in the data state, or the input's length. `</` at the very end is text. */
static size_t find_markup(struct html_tokenizer *tokenizer, size_t at)
{
	struct slice input = tokenizer->input;
	struct html_marks_place place = tokenizer->place;
	const char *end = input.p + input.n;
	(void)html_marks_seek(&tokenizer->marks, &place, input.p + at);
	const char *mark = find_opening(&tokenizer->marks, &place, end);
	if (end - mark == (ptrdiff_t)strlen("</") && mark[1] == '/')
		mark = end;
	tokenizer->place = place;
	return (size_t)(mark - input.p);
}

static bool next_in_data(struct html_tokenizer *tokenizer, struct html_token *ret)
{
	size_t n = tokenizer->input.n;
	while (tokenizer->at < n) {
		if (!tokenizer->sieve || !pass_over(tokenizer)) {
			size_t at = find_markup(tokenizer, tokenizer->at);
			if (at > tokenizer->at && !tokenizer->skips_text)
				return text_token(tokenizer, at, ret);
			tokenizer->at = at;
		}
		if (tokenizer->at < n && read_markup(tokenizer, ret))
			return true;
	}
	return false;
}

/* ---- raw text (13.2.5.9-31) ---- */

static size_t find_text_end(const struct html_tokenizer *tokenizer)
{
	struct slice input = tokenizer->input;
	switch (tokenizer->mode) {
	case HTML_MODE_RCDATA:
	case HTML_MODE_RAWTEXT: return html_raw_text_end(input, tokenizer->at, tokenizer->last_start_tag);
	case HTML_MODE_SCRIPT: return html_script_end(input, tokenizer->at, tokenizer->last_start_tag);
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
