/* SPDX-License-Identifier: Apache-2.0 */
/* Data, tags and attributes: 13.2.5.1, .6 to .8 and .32 to .40. */
#include "reference_html.h"

#include "base/mem.h"
#include "reference_html_priv.h"

enum { NAME_MAX = 64 << 20 };

/* ---- what all states use ---- */

void reconsume(struct reference_tokenizer *t, state_fn *state)
{
	t->state = state;
	t->reconsumes = true;
}

void emit_text(struct reference_tokenizer *t)
{
	if (t->text_start == t->text_end)
		return;
	struct reference_token token = {.kind = REFERENCE_TEXT,
					.start = t->text_start,
					.end = t->text_end,
					.data = slice_sub(t->html, t->text_start, t->text_end),
					.has_references = t->has_references};
	t->text_start = t->text_end;
	t->each(t->user, t, &token);
}

void characters(struct reference_tokenizer *t, size_t from, size_t to)
{
	if (t->text_end != from)
		emit_text(t);
	if (t->text_start == t->text_end)
		t->text_start = from;
	t->text_end = to;
}

void emit(struct reference_tokenizer *t, enum reference_kind kind, struct slice data, size_t end)
{
	struct reference_token token = {
	    .kind = kind, .start = t->mark, .end = end, .data = data, .is_closed = t->at < t->html.n};
	emit_text(t);
	t->each(t->user, t, &token);
}

bool is_white_space(int c)
{
	return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ';
}

bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- data, and what `<` may begin ---- */

static void end_tag_open_state(struct reference_tokenizer *t, int c)
{
	if (is_letter(c)) {
		create_tag(t, REFERENCE_END_TAG, t->at);
		reconsume(t, tag_name_state);
		return;
	}
	switch (c) {
	case '>': t->state = data_state; break;
	case END_OF_INPUT:
		characters(t, t->mark, t->at);
		reconsume(t, data_state);
		break;
	default:
		t->data_start = t->at;
		reconsume(t, bogus_comment_state);
		break;
	}
}

static void tag_open_state(struct reference_tokenizer *t, int c)
{
	if (is_letter(c)) {
		create_tag(t, REFERENCE_START_TAG, t->at);
		reconsume(t, tag_name_state);
		return;
	}
	switch (c) {
	case '!': t->state = markup_declaration_open_state; break;
	case '/': t->state = end_tag_open_state; break;
	case '?':
		t->data_start = t->at;
		reconsume(t, bogus_comment_state);
		break;
	default:
		characters(t, t->mark, t->at);
		reconsume(t, data_state);
		break;
	}
}

void data_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '<':
		t->mark = t->at;
		t->state = tag_open_state;
		break;
	case END_OF_INPUT: emit_text(t); break;
	default: characters(t, t->at, t->at + 1); break;
	}
}

/* ---- tags ---- */

void create_tag(struct reference_tokenizer *t, enum reference_kind kind, size_t name_start)
{
	t->tag = (struct reference_token){
	    .kind = kind, .start = t->mark, .name = slice_sub(t->html, name_start, name_start), .is_closed = true};
	t->attribute_count = 0;
}

void emit_tag(struct reference_tokenizer *t)
{
	t->tag.end = t->at + 1;
	t->tag.attributes = t->attributes;
	t->tag.attribute_count = t->attribute_count;
	emit_text(t);
	t->state = data_state;
	t->has_references = true;
	if (t->tag.kind == REFERENCE_START_TAG)
		t->last_start_tag = t->tag.name;
	t->each(t->user, t, &t->tag);
}

void tag_name_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '\t':
	case '\n':
	case '\f':
	case '\r':
	case ' ': t->state = before_attribute_name_state; break;
	case '/': t->state = self_closing_start_tag_state; break;
	case '>': emit_tag(t); break;
	case END_OF_INPUT: emit_text(t); break;
	default: t->tag.name.n++; break;
	}
}

void self_closing_start_tag_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '>':
		t->tag.is_self_closing = true;
		emit_tag(t);
		break;
	case END_OF_INPUT: emit_text(t); break;
	default: reconsume(t, before_attribute_name_state); break;
	}
}

/* ---- attributes ---- */

static struct reference_attribute *current_attribute(struct reference_tokenizer *t)
{
	return &t->attributes[t->attribute_count - 1];
}

static void start_attribute(struct reference_tokenizer *t, size_t name_n)
{
	if (t->attribute_count == t->attribute_room) {
		t->attribute_room = t->attribute_room * 2 + 8;
		t->attributes = mem_resize(t->attributes, t->attribute_room * sizeof(*t->attributes));
	}
	t->attributes[t->attribute_count++] = (struct reference_attribute){
	    .name = slice_sub(t->html, t->at, t->at + name_n), .value = slice_sub(t->html, t->at, t->at)};
}

static void start_value(struct reference_tokenizer *t, size_t start, char quote)
{
	current_attribute(t)->value = slice_sub(t->html, start, start);
	current_attribute(t)->quote = quote;
}

static void after_attribute_value_quoted_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '\t':
	case '\n':
	case '\f':
	case '\r':
	case ' ': t->state = before_attribute_name_state; break;
	case '/': t->state = self_closing_start_tag_state; break;
	case '>': emit_tag(t); break;
	case END_OF_INPUT: emit_text(t); break;
	default: reconsume(t, before_attribute_name_state); break;
	}
}

static void attribute_value_double_quoted_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '"': t->state = after_attribute_value_quoted_state; break;
	case END_OF_INPUT: emit_text(t); break;
	default: current_attribute(t)->value.n++; break;
	}
}

static void attribute_value_single_quoted_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '\'': t->state = after_attribute_value_quoted_state; break;
	case END_OF_INPUT: emit_text(t); break;
	default: current_attribute(t)->value.n++; break;
	}
}

static void attribute_value_unquoted_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '\t':
	case '\n':
	case '\f':
	case '\r':
	case ' ': t->state = before_attribute_name_state; break;
	case '>': emit_tag(t); break;
	case END_OF_INPUT: emit_text(t); break;
	default: current_attribute(t)->value.n++; break;
	}
}

static void before_attribute_value_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '\t':
	case '\n':
	case '\f':
	case '\r':
	case ' ': break;
	case '"':
		start_value(t, t->at + 1, '"');
		t->state = attribute_value_double_quoted_state;
		break;
	case '\'':
		start_value(t, t->at + 1, '\'');
		t->state = attribute_value_single_quoted_state;
		break;
	case '>': emit_tag(t); break;
	default:
		start_value(t, t->at, '=');
		reconsume(t, attribute_value_unquoted_state);
		break;
	}
}

static void attribute_name_state(struct reference_tokenizer *t, int c);

static void after_attribute_name_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '\t':
	case '\n':
	case '\f':
	case '\r':
	case ' ': break;
	case '/': t->state = self_closing_start_tag_state; break;
	case '=': t->state = before_attribute_value_state; break;
	case '>': emit_tag(t); break;
	case END_OF_INPUT: emit_text(t); break;
	default:
		start_attribute(t, 0);
		reconsume(t, attribute_name_state);
		break;
	}
}

static void attribute_name_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '\t':
	case '\n':
	case '\f':
	case '\r':
	case ' ':
	case '/':
	case '>':
	case END_OF_INPUT: reconsume(t, after_attribute_name_state); break;
	case '=': t->state = before_attribute_value_state; break;
	default: current_attribute(t)->name.n++; break;
	}
}

void before_attribute_name_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '\t':
	case '\n':
	case '\f':
	case '\r':
	case ' ': break;
	case '/':
	case '>':
	case END_OF_INPUT: reconsume(t, after_attribute_name_state); break;
	case '=':
		start_attribute(t, 1);
		t->state = attribute_name_state;
		break;
	default:
		start_attribute(t, 0);
		reconsume(t, attribute_name_state);
		break;
	}
}

/* ---- the tokenizer ---- */

struct reference_tokenizer *reference_tokenizer_new(struct slice html, reference_token_fn *each, void *user)
{
	struct reference_tokenizer *t = MEM_NEW(struct reference_tokenizer);
	t->html = html;
	t->each = each;
	t->user = user;
	buf_init(&t->temporary, NAME_MAX);
	reference_set_mode(t, REFERENCE_DATA);
	return t;
}

void reference_tokenizer_free(struct reference_tokenizer **tokenizer)
{
	if (!*tokenizer)
		return;
	buf_done(&(*tokenizer)->temporary);
	mem_free((*tokenizer)->attributes);
	mem_free(*tokenizer);
	*tokenizer = NULL;
}

void reference_set_mode(struct reference_tokenizer *t, enum reference_mode mode)
{
	static state_fn *const states[] = {
	    [REFERENCE_DATA] = data_state,           [REFERENCE_RCDATA] = rcdata_state,
	    [REFERENCE_RAWTEXT] = rawtext_state,     [REFERENCE_SCRIPT] = script_data_state,
	    [REFERENCE_PLAINTEXT] = plaintext_state, [REFERENCE_CDATA_SECTION] = cdata_section_state,
	};
	t->state = states[mode];
	t->has_references = mode == REFERENCE_DATA || mode == REFERENCE_RCDATA;
}

void reference_set_cdata_allowed(struct reference_tokenizer *t, bool is_allowed)
{
	t->cdata_allowed = is_allowed;
}

void reference_set_last_start_tag(struct reference_tokenizer *t, struct slice name)
{
	t->last_start_tag = name;
}

void reference_run(struct reference_tokenizer *t)
{
	for (t->at = 0; t->at <= t->html.n; t->at++) {
		int c = t->at < t->html.n ? (unsigned char)t->html.p[t->at] : END_OF_INPUT;
		do {
			t->reconsumes = false;
			t->state(t, c);
		} while (t->reconsumes);
	}
}
