/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of reference_html: the tokenizer, and what the states do to it. */
#ifndef PUGMARK_TEST_REFERENCE_HTML_PRIV_H
#define PUGMARK_TEST_REFERENCE_HTML_PRIV_H

#include "base/buf.h"
#include "reference_html.h"

enum { END_OF_INPUT = -1 };

/* Sees one byte, or END_OF_INPUT. Sets t->state for the next one; reconsume() hands this one on. */
typedef void state_fn(struct reference_tokenizer *t, int c);

struct reference_tokenizer {
	struct slice html;
	reference_token_fn *each;
	void *user;
	size_t at; /* of the byte that the state sees */
	state_fn *state;
	bool reconsumes;
	bool cdata_allowed;
	bool has_references; /* text of this mode */
	struct slice last_start_tag;
	state_fn *home;    /* the text state that an end tag, if it is none, falls back to */
	size_t mark;       /* of the `<` that is being looked at */
	size_t data_start; /* of a comment or CDATA section */
	size_t text_start; /* characters emitted and not yet told: [text_start, text_end) */
	size_t text_end;
	struct buf temporary; /* the standard's temporary buffer */
	struct reference_token tag;
	struct reference_attribute *attributes;
	size_t attribute_count;
	size_t attribute_room;
};

void reconsume(struct reference_tokenizer *t, state_fn *state);
/* The input's bytes [from, to) are text. */
void characters(struct reference_tokenizer *t, size_t from, size_t to);
void emit_text(struct reference_tokenizer *t);
/* A token from the mark up to and without `end`; text goes first. */
void emit(struct reference_tokenizer *t, enum reference_kind kind, struct slice data, size_t end);

bool is_white_space(int c);
bool is_letter(int c);

state_fn data_state;
state_fn tag_name_state;
state_fn before_attribute_name_state;
state_fn self_closing_start_tag_state;
void create_tag(struct reference_tokenizer *t, enum reference_kind kind, size_t name_start);
void emit_tag(struct reference_tokenizer *t);

state_fn rcdata_state;
state_fn rawtext_state;
state_fn plaintext_state;
state_fn script_data_state;

state_fn markup_declaration_open_state;
state_fn bogus_comment_state;
state_fn cdata_section_state;

#endif
