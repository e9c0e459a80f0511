/* SPDX-License-Identifier: Apache-2.0 */
/* RCDATA, RAWTEXT, script data and PLAINTEXT: 13.2.5.2 to .5 and .9 to .31. The end tag states of the four kinds differ
 * only in the state they fall back to, which is t->home; so they are written once. */
#include "reference_html_priv.h"

/* ---- end tags ---- */

static bool is_appropriate_end_tag(const struct reference_tokenizer *t)
{
	return slice_equal_nocase(t->tag.name, t->last_start_tag);
}

static void raw_end_tag_name_state(struct reference_tokenizer *t, int c)
{
	if (is_letter(c)) {
		t->tag.name.n++;
		return;
	}
	if (is_appropriate_end_tag(t)) {
		switch (c) {
		case '\t':
		case '\n':
		case '\f':
		case '\r':
		case ' ': t->state = before_attribute_name_state; return;
		case '/': t->state = self_closing_start_tag_state; return;
		case '>': emit_tag(t); return;
		}
	}
	characters(t, t->mark, t->at);
	reconsume(t, t->home);
}

static void raw_end_tag_open_state(struct reference_tokenizer *t, int c)
{
	if (is_letter(c)) {
		create_tag(t, REFERENCE_END_TAG, t->at);
		reconsume(t, raw_end_tag_name_state);
		return;
	}
	characters(t, t->mark, t->at);
	reconsume(t, t->home);
}

/* ---- RCDATA, RAWTEXT, PLAINTEXT ---- */

static void raw_less_than_sign_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '/': t->state = raw_end_tag_open_state; break;
	default:
		characters(t, t->mark, t->at);
		reconsume(t, t->home);
		break;
	}
}

static void raw_state(struct reference_tokenizer *t, int c, state_fn *home)
{
	switch (c) {
	case '<':
		t->mark = t->at;
		t->home = home;
		t->state = raw_less_than_sign_state;
		break;
	case END_OF_INPUT: emit_text(t); break;
	default: characters(t, t->at, t->at + 1); break;
	}
}

void rcdata_state(struct reference_tokenizer *t, int c)
{
	raw_state(t, c, rcdata_state);
}

void rawtext_state(struct reference_tokenizer *t, int c)
{
	raw_state(t, c, rawtext_state);
}

void plaintext_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case END_OF_INPUT: emit_text(t); break;
	default: characters(t, t->at, t->at + 1); break;
	}
}

/* ---- script data ---- */

static state_fn escaped_state;
static state_fn escaped_dash_dash_state;
static state_fn double_escaped_state;

static void escape_start_dash_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-':
		characters(t, t->at, t->at + 1);
		t->state = escaped_dash_dash_state;
		break;
	default: reconsume(t, script_data_state); break;
	}
}

static void escape_start_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-':
		characters(t, t->at, t->at + 1);
		t->state = escape_start_dash_state;
		break;
	default: reconsume(t, script_data_state); break;
	}
}

static void script_less_than_sign_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '/': t->state = raw_end_tag_open_state; break;
	case '!':
		characters(t, t->mark, t->at + 1);
		t->state = escape_start_state;
		break;
	default:
		characters(t, t->mark, t->at);
		reconsume(t, script_data_state);
		break;
	}
}

void script_data_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '<':
		t->mark = t->at;
		t->home = script_data_state;
		t->state = script_less_than_sign_state;
		break;
	case END_OF_INPUT: emit_text(t); break;
	default: characters(t, t->at, t->at + 1); break;
	}
}

/* ---- script data, escaped: behind `<!--` ---- */

/* The name in the temporary buffer is over: `script` goes to one state, any other to the other. */
static void leave_name(struct reference_tokenizer *t, state_fn *when_script, state_fn *otherwise)
{
	bool is_script = slice_equal_nocase(buf_slice(&t->temporary), SLICE("script"));
	characters(t, t->at, t->at + 1);
	t->state = is_script ? when_script : otherwise;
}

static void name_byte(struct reference_tokenizer *t, int c)
{
	buf_append_byte(&t->temporary, (char)c);
	characters(t, t->at, t->at + 1);
}

static void double_escape_start_state(struct reference_tokenizer *t, int c)
{
	if (is_white_space(c) || c == '/' || c == '>')
		leave_name(t, double_escaped_state, escaped_state);
	else if (is_letter(c))
		name_byte(t, c);
	else
		reconsume(t, escaped_state);
}

static void escaped_less_than_sign_state(struct reference_tokenizer *t, int c)
{
	if (c == '/') {
		t->state = raw_end_tag_open_state;
		return;
	}
	characters(t, t->mark, t->at);
	if (is_letter(c)) {
		buf_clear(&t->temporary);
		reconsume(t, double_escape_start_state);
	} else {
		reconsume(t, escaped_state);
	}
}

static void escaped_less_than(struct reference_tokenizer *t)
{
	t->mark = t->at;
	t->home = escaped_state;
	t->state = escaped_less_than_sign_state;
}

static void escaped_dash_dash_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-': characters(t, t->at, t->at + 1); break;
	case '<': escaped_less_than(t); break;
	case '>':
		characters(t, t->at, t->at + 1);
		t->state = script_data_state;
		break;
	case END_OF_INPUT: emit_text(t); break;
	default:
		characters(t, t->at, t->at + 1);
		t->state = escaped_state;
		break;
	}
}

static void escaped_dash_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-':
		characters(t, t->at, t->at + 1);
		t->state = escaped_dash_dash_state;
		break;
	case '<': escaped_less_than(t); break;
	case END_OF_INPUT: emit_text(t); break;
	default:
		characters(t, t->at, t->at + 1);
		t->state = escaped_state;
		break;
	}
}

static void escaped_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '-':
		characters(t, t->at, t->at + 1);
		t->state = escaped_dash_state;
		break;
	case '<': escaped_less_than(t); break;
	case END_OF_INPUT: emit_text(t); break;
	default: characters(t, t->at, t->at + 1); break;
	}
}

/* ---- script data, double escaped: behind `<!-- <script`; only `</script` leads back, never out ---- */

static void double_escape_end_state(struct reference_tokenizer *t, int c)
{
	if (is_white_space(c) || c == '/' || c == '>')
		leave_name(t, escaped_state, double_escaped_state);
	else if (is_letter(c))
		name_byte(t, c);
	else
		reconsume(t, double_escaped_state);
}

static void double_escaped_less_than_sign_state(struct reference_tokenizer *t, int c)
{
	switch (c) {
	case '/':
		characters(t, t->at, t->at + 1);
		buf_clear(&t->temporary);
		t->state = double_escape_end_state;
		break;
	default: reconsume(t, double_escaped_state); break;
	}
}

static void double_escaped_dash_dash_state(struct reference_tokenizer *t, int c)
{
	if (c == END_OF_INPUT) {
		emit_text(t);
		return;
	}
	characters(t, t->at, t->at + 1);
	switch (c) {
	case '-': break;
	case '<': t->state = double_escaped_less_than_sign_state; break;
	case '>': t->state = script_data_state; break;
	default: t->state = double_escaped_state; break;
	}
}

static void double_escaped_dash_state(struct reference_tokenizer *t, int c)
{
	if (c == END_OF_INPUT) {
		emit_text(t);
		return;
	}
	characters(t, t->at, t->at + 1);
	switch (c) {
	case '-': t->state = double_escaped_dash_dash_state; break;
	case '<': t->state = double_escaped_less_than_sign_state; break;
	default: t->state = double_escaped_state; break;
	}
}

static void double_escaped_state(struct reference_tokenizer *t, int c)
{
	if (c == END_OF_INPUT) {
		emit_text(t);
		return;
	}
	characters(t, t->at, t->at + 1);
	switch (c) {
	case '-': t->state = double_escaped_dash_state; break;
	case '<': t->state = double_escaped_less_than_sign_state; break;
	}
}
