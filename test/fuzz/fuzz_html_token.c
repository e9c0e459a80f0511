/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer by itself on any bytes and from any state: tokens lie in the input, in order and apart; names and
 * values lie in their tag; passing over text changes no other token; what is not a tag ends where the next one begins.
 * The first byte chooses the state. Whether the tokens are the right ones is fuzz_html_differential's business. */
#include "base/mem.h"
#include "codec/html/html_namespace.h"

struct walk {
	struct html_tokenizer tokenizer;
	struct html_namespace space;
	struct html_token token;
	bool is_following; /* svg, math and raw text elements count */
};

static void walk_start(struct walk *walk, struct slice html, uint8_t options)
{
	static const struct slice last_tags[] = {{"script", 6}, {"style", 5}, {"TITLE", 5}, {"", 0}};
	html_tokenizer_init(&walk->tokenizer, html);
	html_namespace_init(&walk->space);
	walk->tokenizer.mode = (enum html_mode)(options % (HTML_MODE_CDATA + 1));
	walk->tokenizer.last_start_tag = last_tags[options >> 3 & 3];
	walk->tokenizer.cdata_allowed = options & 0x20;
	walk->is_following = options & 0x40;
}

static bool walk_next(struct walk *walk)
{
	bool is_more = html_token_next(&walk->tokenizer, &walk->token);
	bool is_tag = walk->token.type == HTML_START_TAG || walk->token.type == HTML_END_TAG;
	BUG_IF(is_more == (walk->token.type == HTML_END_OF_INPUT));
	if (is_more && is_tag && walk->is_following)
		html_namespace_follow(&walk->space, &walk->tokenizer, &walk->token);
	return is_more;
}

static void check_inside(struct slice part, struct slice html, size_t start, size_t end)
{
	if (part.n == 0)
		return;
	BUG_IF(part.p < html.p + start || part.p + part.n > html.p + end);
}

static void check_attributes(const struct walk *walk)
{
	const struct html_token *tag = &walk->token;
	struct slice html = walk->tokenizer.input;
	struct html_attributes attributes = html_attributes_of(&walk->tokenizer, tag);
	struct html_attribute attribute;
	size_t at = tag->start;
	while (html_attribute_next(&attributes, &attribute)) {
		check_inside(attribute.name, html, at, tag->end);
		BUG_IF(attribute.name.n == 0);
		at = (size_t)(attribute.name.p - html.p) + attribute.name.n;
		check_inside(attribute.value, html, at, tag->end);
		if (attribute.value.n == 0)
			continue;
		at = (size_t)(attribute.value.p - html.p) + attribute.value.n;
		BUG_IF(attribute.quote == HTML_NO_VALUE);
		BUG_IF(attribute.quote == HTML_DOUBLE_QUOTED && slice_contains(attribute.value, SLICE("\"")));
		BUG_IF(attribute.quote == HTML_SINGLE_QUOTED && slice_contains(attribute.value, SLICE("'")));
		BUG_IF(attribute.quote == HTML_UNQUOTED && slice_contains(attribute.value, SLICE(">")));
	}
}

static void check_order(struct slice html, uint8_t options)
{
	struct walk walk;
	size_t at = 0;
	walk_start(&walk, html, options);
	while (walk_next(&walk)) {
		BUG_IF(walk.token.start < at || walk.token.end < walk.token.start || walk.token.end > html.n);
		BUG_IF(walk.token.end == walk.token.start && walk.token.type != HTML_CDATA);
		at = walk.token.end;
		if (walk.token.type == HTML_START_TAG || walk.token.type == HTML_END_TAG) {
			BUG_IF(walk.token.name.n == 0);
			check_inside(walk.token.name, html, walk.token.start, walk.token.end);
			check_attributes(&walk);
		} else {
			check_inside(walk.token.data, html, walk.token.start, walk.token.end);
		}
	}
	BUG_IF(walk_next(&walk)); /* the end stays the end */
}

/* Text may only be passed over in the data state; a caller that does gets all the rest. */
static void check_without_text(struct slice html, uint8_t options)
{
	struct walk all;
	struct walk few;
	walk_start(&all, html, options);
	walk_start(&few, html, options);
	few.tokenizer.skips_text = true;
	for (;;) {
		bool is_more = walk_next(&all);
		while (is_more && all.token.type == HTML_TEXT)
			is_more = walk_next(&all);
		bool is_more_of_few = walk_next(&few);
		while (is_more_of_few && few.token.type == HTML_TEXT)
			is_more_of_few = walk_next(&few);
		BUG_IF(is_more != is_more_of_few);
		if (!is_more)
			return;
		BUG_IF(all.token.type != few.token.type || all.token.start != few.token.start ||
		       all.token.end != few.token.end);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct slice html = slice_of(data + 1, size - 1);
	check_order(html, data[0]);
	check_without_text(html, data[0]);
	return 0;
}
