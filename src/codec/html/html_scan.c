/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over the tokens. Conditional comments are tokens of the outer document and a document of their own inside;
 * theirs cannot nest, so one level is enough and nothing recurses. */
#include "codec/html/html_scan.h"

#include "codec/html/html_namespace.h"

#define LOW(c) ((c)&31)
#define SECOND(c) (UINT32_C(1) << LOW(c))

struct scan_level {
	struct html_tokenizer tokenizer;
	struct html_namespace space;
	bool is_conditional;
};

static struct html_link *add_link(struct html_scan *scan, const struct html_attribute *href, bool is_conditional)
{
	enum { FIRST_ROOM = 32 };
	if (scan->link_count == scan->link_room) {
		size_t room = scan->link_room ? scan->link_room * 2 : FIRST_ROOM;
		struct html_link *grown = arena_alloc_array(scan->arena, room, sizeof(*grown));
		if (scan->link_count)
			memcpy(grown, scan->links, scan->link_count * sizeof(*grown));
		scan->links = grown;
		scan->link_room = room;
	}
	struct html_link *link = &scan->links[scan->link_count];
	link->index = scan->first_link_index + (uint32_t)scan->link_count++;
	link->start = (size_t)(href->value.p - scan->html.p);
	link->end = link->start + href->value.n;
	link->text = SLICE_EMPTY;
	link->skip = HTML_NOT_SKIPPED;
	link->is_conditional = is_conditional;
	link->is_hidden = false;
	return link;
}

/* The first href counts (WHATWG 13.2.5.33); later ones are reported. The opt-out may stand anywhere in the tag. */
static void scan_link_tag(struct html_scan *scan, const struct scan_level *level, const struct html_token *tag)
{
	struct html_attributes attributes = html_attributes_of(&level->tokenizer, tag);
	struct html_attribute attribute;
	size_t first = HTML_NO_OFFSET;
	bool is_opted_out = false;
	bool is_hidden = false;
	while (html_attribute_next(&attributes, &attribute)) {
		if (slice_equal_nocase(attribute.name, SLICE("href"))) {
			struct html_link *link = add_link(scan, &attribute, level->is_conditional);
			if (first == HTML_NO_OFFSET)
				first = scan->link_count - 1;
			else
				link->skip = HTML_SKIP_DUPLICATE_ATTRIBUTE;
		} else if (html_attribute_is_opt_out(&attribute)) {
			is_opted_out = true;
		} else if (slice_equal_nocase(attribute.name, SLICE("aria-hidden"))) {
			is_hidden = true;
		}
	}
	if (first == HTML_NO_OFFSET)
		return;
	scan->links[first].is_hidden = is_hidden;
	if (is_opted_out)
		scan->links[first].skip = HTML_SKIP_NO_TRACK;
	else if (attributes.count == HTML_ATTRIBUTES_MAX)
		scan->links[first].skip = HTML_SKIP_TOO_MANY_ATTRIBUTES; /* an opt-out may be among them */
	scan->open_link = first;
}

/* `<html amp4email>`, `<html ⚡4email>`. */
static bool is_amp_tag(const struct scan_level *level, const struct html_token *tag)
{
	struct html_attributes attributes = html_attributes_of(&level->tokenizer, tag);
	struct html_attribute attribute;
	while (html_attribute_next(&attributes, &attribute))
		if (slice_equal_nocase(attribute.name, SLICE("amp4email")) ||
		    slice_equal(attribute.name, SLICE("\xe2\x9a\xa1"
						      "4email")))
			return true;
	return false;
}

/* An address on an own host, with a path that pixels have. */
static bool is_pixel_url(const struct html_scan *scan, struct slice url)
{
	for (size_t i = 0; i < scan->policy->own_host_count; i++)
		if (url_is_on_host(url, scan->policy->own_hosts[i]))
			return slice_contains(url, SLICE("/o/")) || slice_contains(url, SLICE("/track/open/"));
	return false;
}

/* Whether an image is an open pixel that an earlier run put in. */
static bool is_own_pixel(const struct html_scan *scan, const struct scan_level *level, const struct html_token *tag)
{
	struct html_attributes attributes = html_attributes_of(&level->tokenizer, tag);
	struct html_attribute attribute;
	while (html_attribute_next(&attributes, &attribute))
		if (slice_equal_nocase(attribute.name, SLICE("src")))
			return is_pixel_url(scan, url_trim(attribute.value));
	return false;
}

/* By the first letter, which the sieve has let through; most of what comes here is a link. */
static void scan_start_tag(struct html_scan *scan, const struct scan_level *level, const struct html_token *tag)
{
	struct slice name = tag->name;
	switch (name.p[0] | 0x20) {
	case 'a':
		if (name.n == 1 || slice_equal_nocase(name, SLICE("area")))
			scan_link_tag(scan, level, tag);
		break;
	case 'b':
		if (!level->is_conditional && scan->body_start_end == HTML_NO_OFFSET &&
		    slice_equal_nocase(name, SLICE("body")))
			scan->body_start_end = tag->end;
		break;
	case 'f':
		if (!level->is_conditional && slice_equal_nocase(name, SLICE("frameset")))
			scan->is_frameset = true;
		break;
	case 'h':
		if (!level->is_conditional && slice_equal_nocase(name, SLICE("html")) && is_amp_tag(level, tag))
			scan->is_amp = true;
		break;
	case 'i':
		if (!level->is_conditional && scan->policy->own_host_count > 0 &&
		    slice_equal_nocase(name, SLICE("img")) && is_own_pixel(scan, level, tag))
			scan->has_own_pixel = true;
		break;
	case 'v':
		if (level->is_conditional && slice_starts_with_nocase(name, SLICE("v:")))
			scan_link_tag(scan, level, tag);
		break;
	}
}

/* The last one counts of those that close the document: mailers append footers behind them, and browsers read on. */
static void scan_end_tag(struct html_scan *scan, const struct scan_level *level, const struct html_token *tag)
{
	struct slice name = tag->name;
	if (name.n == 1 && (name.p[0] | 0x20) == 'a')
		scan->open_link = HTML_NO_OFFSET;
	if (name.n != 4 || level->is_conditional)
		return;
	if (slice_equal_nocase(name, SLICE("body")))
		scan->body_end_at = tag->start;
	else if (slice_equal_nocase(name, SLICE("html")))
		scan->html_end_at = tag->start;
	else if (slice_equal_nocase(name, SLICE("head")))
		scan->head_end_end = tag->end;
}

static void scan_text(struct html_scan *scan, const struct html_token *text)
{
	if (scan->open_link == HTML_NO_OFFSET)
		return;
	struct slice words = slice_trim(text->data);
	if (words.n == 0)
		return;
	/* The words as they stand in the document, not as they are hidden: somebody will want to read them. */
	size_t at = (size_t)(words.p - scan->html.p);
	scan->links[scan->open_link].text = slice_sub(scan->source, at, at + words.n);
	scan->open_link = HTML_NO_OFFSET;
}

/* Everything but comments. */
static void scan_token(struct html_scan *scan, struct scan_level *level, const struct html_token *token)
{
	if (token->type == HTML_TEXT) {
		scan_text(scan, token);
	} else if (token->type == HTML_START_TAG) {
		html_namespace_follow(&level->space, &level->tokenizer, token);
		scan_start_tag(scan, level, token);
	} else if (token->type == HTML_END_TAG) {
		html_namespace_follow(&level->space, &level->tokenizer, token);
		scan_end_tag(scan, level, token);
	}
}

/* The tags that this file or html_namespace.h asks for: a, area, body, frameset, head, html, iframe, img, math,
 * noembed, noframes, plaintext, script, select, style, svg, textarea, title, v:*, xmp. */
static const struct html_sieve wanted = {{
    [LOW('a')] = SECOND(' ') | SECOND('\t') | SECOND('\n') | SECOND('\f') | SECOND('\r') | SECOND('/') | SECOND('>') |
		 SECOND('r'),
    [LOW('b')] = SECOND('o'),
    [LOW('f')] = SECOND('r'),
    [LOW('h')] = SECOND('e') | SECOND('t'),
    [LOW('i')] = SECOND('f') | SECOND('m'),
    [LOW('m')] = SECOND('a'),
    [LOW('n')] = SECOND('o'),
    [LOW('p')] = SECOND('l'),
    [LOW('s')] = SECOND('c') | SECOND('e') | SECOND('t') | SECOND('v'),
    [LOW('t')] = SECOND('e') | SECOND('i'),
    [LOW('v')] = SECOND(':'),
    [LOW('x')] = SECOND('m'),
}};

/* Text only matters right behind a link, and inside svg and math every tag does. What is kept of a link takes several
 * times the bytes of its tag, so who reads for strangers says where that ends. */
static bool next_token(const struct html_scan *scan, struct scan_level *level, struct html_token *ret)
{
	if (scan->link_count > scan->links_max)
		return false;
	level->tokenizer.skips_text = scan->open_link == HTML_NO_OFFSET;
	level->tokenizer.sieve = level->space.depth > 0 ? NULL : &wanted;
	return html_token_next(&level->tokenizer, ret);
}

static void level_init(struct scan_level *level, struct slice html, bool is_conditional)
{
	html_tokenizer_init(&level->tokenizer, html);
	html_namespace_init(&level->space);
	level->is_conditional = is_conditional;
}

/* `<!--[if …]> markup <![endif]-->`. To those who see a comment, the text of a link goes on behind it. */
static void scan_conditional(struct html_scan *scan, struct slice data)
{
	struct scan_level level;
	struct html_token token;
	size_t open_link = scan->open_link;
	level_init(&level, data, true);
	scan->open_link = HTML_NO_OFFSET;
	while (next_token(scan, &level, &token))
		scan_token(scan, &level, &token);
	scan->open_link = open_link;
}

/* Most conditional comments only hold the tables that Outlook wants. All bytes are looked at, so that the compiler can
 * look at many at a time. */
static bool has_href(struct slice s)
{
	unsigned char found = 0;
	for (size_t i = 3; i < s.n; i++)
		found |= (unsigned char)(((s.p[i - 3] | 0x20) == 'h') & ((s.p[i - 2] | 0x20) == 'r') &
					 ((s.p[i - 1] | 0x20) == 'e') & ((s.p[i] | 0x20) == 'f'));
	return found;
}

static void scan_comment(struct html_scan *scan, const struct html_token *comment)
{
	if (scan->conditional_comments && comment->is_closed && slice_starts_with_nocase(comment->data, SLICE("[if")) &&
	    slice_starts_with(slice_from(scan->html, comment->start), SLICE("<!--")) && has_href(comment->data))
		scan_conditional(scan, comment->data);
}

/* Whether something appended to the document would not be read as markup. `</` and then `<img …>` is a bogus comment.
 */
static bool ends_inside(const struct html_scan *scan, const struct scan_level *level, bool is_last_open)
{
	return is_last_open || level->tokenizer.is_cut || level->tokenizer.mode != HTML_MODE_DATA ||
	       slice_ends_with(scan->html, SLICE("</"));
}

/* A comment, a doctype or a CDATA section that the document ends in swallows what is appended. For a tag the tokenizer
 * says so, for raw text its mode. */
static bool is_open(const struct html_token *token)
{
	return (token->type == HTML_COMMENT || token->type == HTML_DOCTYPE || token->type == HTML_CDATA) &&
	       !token->is_closed;
}

/* What the values of links say, once all are there. An earlier run may have put in a hidden link and no pixel. */
static void judge_links(struct html_scan *scan)
{
	html_links_judge(scan->policy, scan->source, scan->links, scan->link_count, scan->arena);
	for (size_t i = 0; i < scan->link_count; i++) {
		const struct html_link *link = &scan->links[i];
		scan->has_own_pixel |= link->is_hidden && !link->is_conditional && link->skip == HTML_SKIP_OWN_LINK;
	}
}

void html_scan_document(struct html_scan *scan)
{
	struct scan_level level;
	struct html_token token;
	bool is_last_open = false;
	scan->open_link = scan->body_start_end = scan->body_end_at = HTML_NO_OFFSET;
	scan->html_end_at = scan->head_end_end = HTML_NO_OFFSET;
	level_init(&level, scan->html, false);
	while (next_token(scan, &level, &token)) {
		is_last_open = is_open(&token);
		if (token.type == HTML_COMMENT)
			scan_comment(scan, &token);
		else
			scan_token(scan, &level, &token);
	}
	scan->is_cut = ends_inside(scan, &level, is_last_open);
	scan->is_ambiguous = level.space.is_ambiguous;
	judge_links(scan);
}
