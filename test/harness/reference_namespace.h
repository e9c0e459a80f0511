/* SPDX-License-Identifier: Apache-2.0 */
/* reference_namespace: what svg, math and the names of elements do to the tokenizer, stated a second time: by the words
 * of html_namespace.h, not by its code. */
#ifndef PUGMARK_TEST_REFERENCE_NAMESPACE_H
#define PUGMARK_TEST_REFERENCE_NAMESPACE_H

#include "reference_html.h"

enum reference_place { IN_HTML, IN_SVG, IN_MATH };

struct reference_frame {
	struct slice name;
	enum reference_place inside; /* the rules for what stands in it */
};

enum { REFERENCE_FRAMES_MAX = 64 }; /* the real one keeps fewer; what is deeper is not comparable */

struct reference_namespace {
	struct reference_frame frames[REFERENCE_FRAMES_MAX];
	size_t depth;
	size_t deepest;
	bool is_in_select;
	bool is_behind_frameset;
	bool is_ambiguous;
};

void reference_namespace_follow(struct reference_namespace *space, struct reference_tokenizer *tokenizer,
				const struct reference_token *tag);

#endif
