/* SPDX-License-Identifier: Apache-2.0 */
/* html_namespace: the part of HTML tree construction that reaches back into the tokenizer (13.2.6).
 *
 * Whether `<style>` starts raw text, and whether `<![CDATA[` is one, depends on being inside svg or math. This keeps
 * the open svg and math elements and the points inside them where HTML begins again (foreignObject, desc, title, mi,
 * mo, mn, ms, mtext, annotation-xml). Elements in between are not kept; where a cut tree would need them (an end tag
 * that closes svg from outside) names that only HTML has decide. Without scripting: noscript holds markup.
 */
#ifndef PUGMARK_CODEC_HTML_NAMESPACE_H
#define PUGMARK_CODEC_HTML_NAMESPACE_H

#include "codec/html_token.h"

/* Open foreign elements and integration points that are kept; what is nested deeper is counted, not looked at. */
enum { HTML_NAMESPACE_DEPTH = 64 };

enum html_scope { HTML_SCOPE_HTML, HTML_SCOPE_SVG, HTML_SCOPE_MATH };

struct html_namespace_entry {
	enum html_scope scope; /* which rules hold inside */
	bool is_annotation;    /* annotation-xml, in which svg starts as in HTML */
	struct slice name;     /* points into the input */
};

struct html_namespace {
	struct html_namespace_entry entries[HTML_NAMESPACE_DEPTH];
	size_t depth;
	size_t too_deep; /* foreign roots opened past HTML_NAMESPACE_DEPTH */
};

void html_namespace_init(struct html_namespace *space);

/* To be called with every start and end tag in order, before the next token is asked for. Sets the tokenizer's `mode`
 * and `cdata_allowed`. */
void html_namespace_follow(struct html_namespace *space, struct html_tokenizer *tokenizer,
			   const struct html_token *tag);

#endif
