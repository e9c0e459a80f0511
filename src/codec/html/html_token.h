/* SPDX-License-Identifier: Apache-2.0 */
/* html_token: a pull tokenizer for HTML by the states of the WHATWG standard, 13.2.5.
 *
 * Works over a whole document in memory, allocates nothing, changes nothing: a token says where it lies in the input.
 * So there is no input preprocessing and no decoding: CR counts as white space, NUL is a byte like any other, character
 * references stay as written. Any encoding will do in which the ASCII bytes always mean ASCII (see html_charset.h).
 *
 * The tokenizer does not know elements. As in the standard, whoever builds the tree (html_namespace.h does the part of
 * it that matters) sets `mode` behind a start tag and `cdata_allowed` before each token. A start or end tag that the
 * input ends in is dropped. Tokens come in order and do not overlap; bytes between them were nothing (`</>`, a cut
 * tag).
 */
#ifndef PUGMARK_CODEC_HTML_TOKEN_H
#define PUGMARK_CODEC_HTML_TOKEN_H

#include "codec/html/html_attribute.h"
#include "codec/html/html_marks.h"

enum html_token_type {
	HTML_END_OF_INPUT,
	HTML_TEXT,
	HTML_START_TAG,
	HTML_END_TAG,
	HTML_COMMENT, /* bogus ones too: `<?…>`, `<![if …]>` */
	HTML_DOCTYPE,
	HTML_CDATA, /* the text inside a CDATA section; may be empty */
};

enum html_mode {
	HTML_MODE_DATA,
	HTML_MODE_RCDATA,  /* title, textarea */
	HTML_MODE_RAWTEXT, /* style, xmp, iframe, noembed, noframes */
	HTML_MODE_SCRIPT,
	HTML_MODE_PLAINTEXT, /* never ends */
	HTML_MODE_CDATA,     /* only as a state to start in */
};

struct html_token {
	enum html_token_type type;
	size_t start; /* the whole token is [start, end) of the input */
	size_t end;
	struct slice name;       /* tags: as written */
	struct slice data;       /* text, comment, doctype, CDATA: without what encloses it */
	size_t attributes_start; /* tags: for html_attributes_of */
	bool is_self_closing;    /* tags: ends in `/>` */
	bool has_references;     /* text: character references count in it (data and RCDATA) */
	bool is_closed;          /* comment, doctype, CDATA: false when the input ends in it */
};

/* Which tags a caller wants to see, by the first two bytes of their names without case: most tags of a mail are
 * nobody's business and are passed over without being taken apart. Lets more through than it says, never less. Bit b of
 * seconds[a]: names whose first two bytes are a and b in their low five bits. */
struct html_sieve {
	uint32_t seconds[32];
};

struct html_tokenizer {
	struct slice input;
	size_t at;           /* where the next token begins */
	enum html_mode mode; /* may be set between tokens */
	bool cdata_allowed;  /* the adjusted current node is not an HTML element; may be set between tokens */
	bool skips_text;     /* pass over text in the data state; may be set between tokens */
	const struct html_sieve *sieve; /* pass over tags that it does not hold; may be set between tokens; or NULL */
	bool is_cut;                    /* the input ended inside a tag */
	struct slice last_start_tag;    /* the name that ends RCDATA, RAWTEXT and script; set by every start tag */
	struct html_marks_place place;
	struct html_marks marks; /* of the input */
};

/* `input` must outlive the tokenizer and its tokens. */
void html_tokenizer_init(struct html_tokenizer *tokenizer, struct slice input);

/* Fills *ret with the next token; false, with type HTML_END_OF_INPUT, when there is none. */
bool html_token_next(struct html_tokenizer *tokenizer, struct html_token *ret);

/* For walking the attributes of a tag. */
static inline struct html_attributes html_attributes_of(const struct html_tokenizer *tokenizer,
							const struct html_token *tag)
{
	return (struct html_attributes){.input = {tokenizer->input.p, tag->end}, .at = tag->attributes_start};
}

#endif
