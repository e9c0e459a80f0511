/* SPDX-License-Identifier: Apache-2.0 */
#include "reference_compare.h"

#include "base/arena.h"
#include "base/buf.h"
#include "codec/html/html_namespace.h"
#include "codec/html/html_rewrite.h"
#include "reference_mail.h"
#include "reference_namespace.h"
#include <stdio.h>

enum { OUT_MAX = 64 << 20 };

/* ---- tokens ---- */

struct comparison {
	struct slice html;
	struct reference_namespace reference_space;
	struct html_tokenizer tokenizer;
	struct html_namespace space;
	struct html_token token; /* ours, that comes next; text is passed over */
	bool is_different;
};

static const char *const kind_names[] = {"text", "start tag", "end tag", "comment", "doctype", "CDATA"};

static enum reference_kind kind_of(enum html_token_type type)
{
	switch (type) {
	case HTML_START_TAG: return REFERENCE_START_TAG;
	case HTML_END_TAG: return REFERENCE_END_TAG;
	case HTML_COMMENT: return REFERENCE_COMMENT;
	case HTML_DOCTYPE: return REFERENCE_DOCTYPE;
	case HTML_CDATA: return REFERENCE_CDATA;
	default: return REFERENCE_TEXT;
	}
}

static void next_of_ours(struct comparison *c)
{
	do {
		if (c->token.type == HTML_START_TAG || c->token.type == HTML_END_TAG)
			html_namespace_follow(&c->space, &c->tokenizer, &c->token);
		if (!html_token_next(&c->tokenizer, &c->token))
			c->token.type = HTML_END_OF_INPUT;
	} while (c->token.type == HTML_TEXT);
}

static void differ(struct comparison *c, size_t at, const char *what)
{
	if (!c->is_different)
		fprintf(stderr, "offset %zu: %s\n", at, what);
	c->is_different = true;
}

static bool is_same(struct slice a, struct slice b)
{
	return a.p == b.p && a.n == b.n;
}

static bool has_value(const struct html_attribute *attribute)
{
	return attribute->quote != HTML_NO_VALUE && attribute->value.n > 0;
}

static void compare_attributes(struct comparison *c, const struct reference_token *want)
{
	struct html_attributes attributes = html_attributes_of(&c->tokenizer, &c->token);
	struct html_attribute got;
	size_t count = 0;
	for (; html_attribute_next(&attributes, &got); count++) {
		if (count >= want->attribute_count)
			break;
		const struct reference_attribute *attribute = &want->attributes[count];
		if (!is_same(got.name, attribute->name))
			differ(c, want->start, "an attribute's name");
		if (attribute->value.n != got.value.n)
			differ(c, want->start, "the length of a value");
		if ((attribute->value.n > 0 || attribute->quote == '"' || attribute->quote == '\'') &&
		    !is_same(got.value, attribute->value))
			differ(c, want->start, "a value");
		if (has_value(&got) && (got.quote == HTML_UNQUOTED) != (attribute->quote == '='))
			differ(c, want->start, "a value's quotes");
	}
	if (count != want->attribute_count)
		differ(c, want->start, "the number of attributes");
}

static void compare_token(struct comparison *c, const struct reference_token *want)
{
	const struct html_token *got = &c->token;
	if (got->type == HTML_END_OF_INPUT || kind_of(got->type) != want->kind || got->start != want->start ||
	    got->end != want->end) {
		differ(c, want->start, "a token");
		if (got->type == HTML_END_OF_INPUT)
			fprintf(stderr, "  want %s %zu-%zu, got nothing\n", kind_names[want->kind], want->start,
				want->end);
		else
			fprintf(stderr, "  want %s %zu-%zu, got %s %zu-%zu\n", kind_names[want->kind], want->start,
				want->end, kind_names[kind_of(got->type)], got->start, got->end);
		return;
	}
	if (want->kind == REFERENCE_START_TAG || want->kind == REFERENCE_END_TAG) {
		if (!is_same(got->name, want->name))
			differ(c, want->start, "a tag's name");
		if (got->is_self_closing != want->is_self_closing)
			differ(c, want->start, "whether a tag closes itself");
		compare_attributes(c, want);
		return;
	}
	if (got->is_closed != want->is_closed)
		differ(c, want->start, "whether it is closed");
	if (want->kind != REFERENCE_DOCTYPE && !slice_equal(got->data, want->data))
		differ(c, want->start, "the data");
}

static void compare_next(void *user, struct reference_tokenizer *tokenizer, const struct reference_token *want)
{
	struct comparison *c = user;
	if (want->kind == REFERENCE_TEXT || c->is_different)
		return;
	if (want->kind == REFERENCE_START_TAG || want->kind == REFERENCE_END_TAG)
		reference_namespace_follow(&c->reference_space, tokenizer, want);
	if (c->reference_space.deepest > HTML_NAMESPACE_DEPTH)
		return;
	next_of_ours(c);
	compare_token(c, want);
}

bool reference_tokens_agree(struct slice html)
{
	struct comparison c = {.html = html};
	html_tokenizer_init(&c.tokenizer, html);
	html_namespace_init(&c.space);
	struct reference_tokenizer *tokenizer = reference_tokenizer_new(html, compare_next, &c);
	reference_run(tokenizer);
	reference_tokenizer_free(&tokenizer);
	if (c.is_different || c.reference_space.deepest > HTML_NAMESPACE_DEPTH)
		return !c.is_different;
	next_of_ours(&c);
	if (c.token.type != HTML_END_OF_INPUT)
		differ(&c, c.token.start, "a token too many");
	if (c.space.is_ambiguous != c.reference_space.is_ambiguous)
		differ(&c, html.n, "whether raw text stands where readers differ");
	return !c.is_different;
}

/* ---- links and the pixel ---- */

static bool track(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	buf_append_cstr(to, "https://t.example/c/");
	buf_append_u64(to, link->index);
	return true;
}

static bool say(const char *what, size_t at)
{
	fprintf(stderr, "links: %s at %zu\n", what, at);
	return false;
}

static bool is_same_link(const struct html_link *got, const struct reference_link *want)
{
	if (got->end - got->start != want->end - want->start || (want->end > want->start && got->start != want->start))
		return say("another range", want->start);
	if ((got->skip == HTML_SKIP_DUPLICATE_ATTRIBUTE) != want->is_duplicate)
		return say("which href is the first", want->start);
	if (got->is_conditional != want->is_conditional)
		return say("whether it is in a conditional comment", want->start);
	if (want->is_opted_out && got->skip == HTML_NOT_SKIPPED)
		return say("an opt-out is not seen", want->start);
	if (!want->is_opted_out && got->skip == HTML_SKIP_NO_TRACK)
		return say("an opt-out that is none", want->start);
	return true;
}

static bool agree_on_report(const struct html_report *got, const struct reference_mail *want, bool is_at_top)
{
	if (got->link_count != want->link_count)
		return say("another number of links", got->link_count);
	for (size_t i = 0; i < want->link_count; i++)
		if (!is_same_link(&got->links[i], &want->links[i]))
			return false;
	int64_t pixel_at = is_at_top ? want->top_pixel_at : want->bottom_pixel_at;
	if (got->pixel_at != (want->is_amp ? HTML_NOWHERE : pixel_at))
		return say("another place for the pixel", (size_t)got->pixel_at);
	if (((got->warnings & HTML_WARN_CUT) != 0) != want->is_cut)
		return say("whether the document is cut", 0);
	if (((got->warnings & HTML_WARN_AMP) != 0) != want->is_amp)
		return say("whether it is AMP", 0);
	if (((got->warnings & HTML_WARN_AMBIGUOUS) != 0) != want->is_ambiguous)
		return say("whether raw text stands where readers differ", 0);
	return true;
}

static bool agree_with(struct slice html, bool vml, bool is_at_top, struct arena *arena)
{
	struct html_rewrite_options options = {.charset = SLICE("utf-8"),
					       .track = track,
					       .pixel = SLICE("<img>"),
					       .pixel_place = is_at_top ? HTML_PIXEL_TOP : HTML_PIXEL_BOTTOM,
					       .vml = vml};
	struct html_report report;
	struct reference_mail mail;
	struct buf out;
	bool is_agreed = true;
	buf_init(&out, OUT_MAX);
	reference_mail_read(&mail, html, vml);
	if (html_rewrite(&options, html, arena, &out, &report) != STATUS_OK)
		is_agreed = false;
	else if (mail.deepest <= HTML_NAMESPACE_DEPTH && !(report.warnings & HTML_WARN_PASSED_THROUGH))
		is_agreed = agree_on_report(&report, &mail, is_at_top);
	reference_mail_done(&mail);
	buf_done(&out);
	return is_agreed;
}

bool reference_links_agree(struct slice html)
{
	struct arena *arena = arena_new();
	bool is_agreed = agree_with(html, true, false, arena) && agree_with(html, false, true, arena);
	arena_free(&arena);
	return is_agreed;
}
