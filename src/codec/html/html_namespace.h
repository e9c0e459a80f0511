/* SPDX-License-Identifier: Apache-2.0 */
/* html_namespace: the part of HTML tree construction that reaches back into the tokenizer (13.2.6).
 *
 * Whether `<style>` starts raw text, and whether `<![CDATA[` is one, depends on being inside svg or math. This keeps
 * the open svg and math elements and the points inside them where HTML begins again (foreignObject, desc, title, mi,
 * mo, mn, ms, mtext, annotation-xml). Elements in between are not kept; where a cut tree would need them (an end tag
 * that closes svg from outside) names that only HTML has decide. Without scripting: noscript holds markup.
 *
 * Where tags of raw text stand in a select or behind a frameset, readers differ: some drop the tag and read its content
 * as markup. Here it is raw text all the same, so that nothing in it is touched, and `is_ambiguous` is set.
 */
#ifndef PUGMARK_CODEC_HTML_NAMESPACE_H
#define PUGMARK_CODEC_HTML_NAMESPACE_H

#include "codec/html/html_token.h"

/* Open foreign elements and integration points that are kept; what is nested deeper is counted, not looked at. */
enum { HTML_NAMESPACE_DEPTH = 16 };

enum html_scope { HTML_SCOPE_HTML, HTML_SCOPE_SVG, HTML_SCOPE_MATH };

/* The elements that are kept. */
enum html_foreign_name {
	HTML_FOREIGN_NONE,
	HTML_FOREIGN_SVG,
	HTML_FOREIGN_MATH,
	HTML_FOREIGN_OBJECT, /* foreignObject */
	HTML_FOREIGN_DESC,
	HTML_FOREIGN_TITLE,
	HTML_FOREIGN_MI,
	HTML_FOREIGN_MN,
	HTML_FOREIGN_MO,
	HTML_FOREIGN_MS,
	HTML_FOREIGN_MTEXT,
	HTML_FOREIGN_ANNOTATION, /* annotation-xml */
	HTML_FOREIGN_NAMES,
};

struct html_namespace_entry {
	enum html_foreign_name name;
	enum html_scope scope; /* which rules hold inside */
};

struct html_namespace {
	struct html_namespace_entry entries[HTML_NAMESPACE_DEPTH];
	size_t depth;
	size_t open[HTML_FOREIGN_NAMES]; /* how many entries there are of each name */
	size_t too_deep;                 /* foreign roots opened past HTML_NAMESPACE_DEPTH */
	bool is_in_select;
	bool is_behind_frameset;
	bool is_ambiguous; /* raw text stood where not all readers take it for that; stays set */
};

void html_namespace_init(struct html_namespace *space);

/* To be called with every start and end tag in order, before the next token is asked for. Sets the tokenizer's `mode`
 * and `cdata_allowed`. */
void html_namespace_follow(struct html_namespace *space, struct html_tokenizer *tokenizer,
			   const struct html_token *tag);

#endif
