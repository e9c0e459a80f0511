/* SPDX-License-Identifier: Apache-2.0 */
/* reference_html: a second reading of HTML, for comparing the real one with. Slow and plain on purpose: the states of
 * the WHATWG standard, 13.2.5, one function with one switch each, a byte at a time. It shares nothing with src/codec
 * but slices and memory.
 *
 * Left out are the states that move no boundary: those of character references (a value ends where it ends, whatever
 * `&` means in it) and those inside a doctype (each of them ends at `>`). CR counts as white space, NUL is a byte.
 */
#ifndef PUGMARK_TEST_REFERENCE_HTML_H
#define PUGMARK_TEST_REFERENCE_HTML_H

#include "base/slice.h"

enum reference_kind {
	REFERENCE_TEXT,
	REFERENCE_START_TAG,
	REFERENCE_END_TAG,
	REFERENCE_COMMENT,
	REFERENCE_DOCTYPE,
	REFERENCE_CDATA, /* a section and its text, which may be empty */
};

enum reference_mode {
	REFERENCE_DATA,
	REFERENCE_RCDATA,
	REFERENCE_RAWTEXT,
	REFERENCE_SCRIPT,
	REFERENCE_PLAINTEXT,
	REFERENCE_CDATA_SECTION,
};

struct reference_attribute {
	struct slice name;
	struct slice value;
	char quote; /* `"`, `'`, `=` for none around a value, 0 for no value */
};

struct reference_token {
	enum reference_kind kind;
	size_t start; /* of its bytes in the input */
	size_t end;
	struct slice name; /* tags */
	struct slice data; /* text, comment, CDATA */
	bool is_self_closing;
	bool is_closed;                               /* comment, doctype: not ended by the end of the input */
	bool has_references;                          /* text: of a state that knows them */
	const struct reference_attribute *attributes; /* until the next token */
	size_t attribute_count;
};

struct reference_tokenizer;

/* Called with every token. For a tag it may set the mode and whether CDATA is allowed from here on. */
typedef void reference_token_fn(void *user, struct reference_tokenizer *tokenizer, const struct reference_token *token);

struct reference_tokenizer *reference_tokenizer_new(struct slice html, reference_token_fn *each, void *user);
void reference_tokenizer_free(struct reference_tokenizer **tokenizer);
void reference_set_mode(struct reference_tokenizer *tokenizer, enum reference_mode mode);
void reference_set_cdata_allowed(struct reference_tokenizer *tokenizer, bool is_allowed);
/* The name that an end tag must have to end RCDATA, RAWTEXT and script; every start tag sets it. */
void reference_set_last_start_tag(struct reference_tokenizer *tokenizer, struct slice name);
void reference_run(struct reference_tokenizer *tokenizer);

#endif
