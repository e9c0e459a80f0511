/* SPDX-License-Identifier: Apache-2.0 */
/* What begins with `<!`, and bogus comments: 13.2.5.41 to .54 and .69 to .71. */
#include "reference_html_priv.h"

/* `ending` bytes before this one are not the comment's. */
static void emit_comment(struct reference_tokenizer *t, size_t ending)
{
	struct slice data = slice_sub(t->html, t->data_start, t->at - ending);
	t->state = data_state;
	emit(t, REFERENCE_COMMENT, data, t->at < t->html.n ? t->at + 1 : t->at);
}

void bogus_comment_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '>':
	case END_OF_INPUT: emit_comment(t, 0); break;
	}
}

/* ---- comments ---- */

static state_fn comment_state;
static state_fn comment_end_state;

static void comment_end_dash_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-': t->state = comment_end_state; break;
	case END_OF_INPUT: emit_comment(t, 1); break;
	default: reconsume(t, comment_state); break;
	}
}

static void comment_end_bang_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-': t->state = comment_end_dash_state; break;
	case '>':
	case END_OF_INPUT: emit_comment(t, 3); break;
	default: reconsume(t, comment_state); break;
	}
}

static void comment_end_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '>':
	case END_OF_INPUT: emit_comment(t, 2); break;
	case '!': t->state = comment_end_bang_state; break;
	case '-': break;
	default: reconsume(t, comment_state); break;
	}
}

static void comment_less_than_sign_bang_dash_dash_state(struct reference_tokenizer *t, int c)
{
	(void)c; /* what is not `>` is only an error more */
	reconsume(t, comment_end_state);
}

static void comment_less_than_sign_bang_dash_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-': t->state = comment_less_than_sign_bang_dash_dash_state; break;
	default: reconsume(t, comment_end_dash_state); break;
	}
}

static void comment_less_than_sign_bang_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-': t->state = comment_less_than_sign_bang_dash_state; break;
	default: reconsume(t, comment_state); break;
	}
}

static void comment_less_than_sign_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '!': t->state = comment_less_than_sign_bang_state; break;
	case '<': break;
	default: reconsume(t, comment_state); break;
	}
}

static void comment_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '<': t->state = comment_less_than_sign_state; break;
	case '-': t->state = comment_end_dash_state; break;
	case END_OF_INPUT: emit_comment(t, 0); break;
	}
}

static void comment_start_dash_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-': t->state = comment_end_state; break;
	case '>':
	case END_OF_INPUT: emit_comment(t, 1); break;
	default: reconsume(t, comment_state); break;
	}
}

static void comment_start_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-': t->state = comment_start_dash_state; break;
	case '>': emit_comment(t, 0); break;
	default: reconsume(t, comment_state); break;
	}
}

/* ---- doctype: its sixteen states end alike ---- */

static void doctype_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '>':
		t->state = data_state;
		emit(t, REFERENCE_DOCTYPE, SLICE_EMPTY, t->at + 1);
		break;
	case END_OF_INPUT:
		t->state = data_state;
		emit(t, REFERENCE_DOCTYPE, SLICE_EMPTY, t->at);
		break;
	}
}

/* ---- CDATA ---- */

static void emit_cdata(struct reference_tokenizer *t, size_t data_end, size_t end)
{
	struct slice data = slice_sub(t->html, t->data_start, data_end);
	t->state = data_state;
	emit(t, REFERENCE_CDATA, data, end);
	t->has_references = true; /* the input of a test may begin in a section */
}

static void cdata_section_end_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case ']': break;
	case '>': emit_cdata(t, t->at - 2, t->at + 1); break;
	default: reconsume(t, cdata_section_state); break;
	}
}

static void cdata_section_bracket_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case ']': t->state = cdata_section_end_state; break;
	default: reconsume(t, cdata_section_state); break;
	}
}

void cdata_section_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case ']': t->state = cdata_section_bracket_state; break;
	case END_OF_INPUT: emit_cdata(t, t->at, t->at); break;
	}
}

/* ---- which of them it is ---- */

static void consume(struct reference_tokenizer *t, struct slice word, state_fn *state)
{
	t->at += word.n - 1; /* the state saw the first byte */
	t->data_start = t->at + 1;
	t->state = state;
}

void markup_declaration_open_state(struct reference_tokenizer *t, int c)
{
	struct slice rest = slice_from(t->html, t->at);
	(void)c;
	if (slice_starts_with(rest, SLICE("--"))) {
		consume(t, SLICE("--"), comment_start_state);
	} else if (slice_starts_with_nocase(rest, SLICE("doctype"))) {
		consume(t, SLICE("doctype"), doctype_state);
	} else if (t->cdata_allowed && slice_starts_with(rest, SLICE("[CDATA["))) {
		consume(t, SLICE("[CDATA["), cdata_section_state);
	} else {
		t->data_start = t->at;
		reconsume(t, bogus_comment_state);
	}
}
