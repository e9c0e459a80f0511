/* SPDX-License-Identifier: Apache-2.0 */
/* html_attribute: the attributes of a tag, by the states of the HTML standard (13.2.5.32-40). Nothing is decoded. */
#ifndef PUGMARK_CODEC_HTML_ATTRIBUTE_H
#define PUGMARK_CODEC_HTML_ATTRIBUTE_H

#include "base/slice.h"

enum html_quote { HTML_NO_VALUE, HTML_UNQUOTED, HTML_SINGLE_QUOTED, HTML_DOUBLE_QUOTED };

struct html_attribute {
	struct slice name;  /* as written; compare without case */
	struct slice value; /* as written, without quotes; without a value it is empty and lies behind the name */
	enum html_quote quote;
};

/* So many attributes of a tag are walked at most. Nobody writes tags with more; they are made to be slow. */
enum { HTML_ATTRIBUTES_MAX = 4096 };

/* Walks the attributes of a tag in order, duplicates included (the first one counts). `input` ends with the tag, `at`
 * is behind its name. When `count` has reached HTML_ATTRIBUTES_MAX there may be more that were not walked. */
struct html_attributes {
	struct slice input;
	size_t at;
	size_t count; /* walked so far */
};
bool html_attribute_next(struct html_attributes *attributes, struct html_attribute *ret);

#endif
