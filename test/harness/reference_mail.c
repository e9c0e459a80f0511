/* SPDX-License-Identifier: Apache-2.0 */
#include "reference_mail.h"

#include "base/buf.h"
#include "base/mem.h"
#include "reference_namespace.h"

enum { NOT_SEEN = -1, INPUT_MAX = 64 << 20 };

struct reader {
	struct reference_mail *mail;
	struct slice html;
	bool vml;
	bool is_conditional;
	struct reference_namespace space;
	int64_t body_start_end;
	int64_t body_end_at;
	int64_t html_end_at;
	int64_t head_end_end;
	bool is_frameset;
};

static bool is_named(const struct reference_token *tag, const char *name)
{
	return slice_equal_nocase(tag->name, slice_from_cstr(name));
}

static bool has_name(const struct reference_attribute *attribute, const char *name)
{
	return slice_equal_nocase(attribute->name, slice_from_cstr(name));
}

static bool has_value(const struct reference_attribute *attribute, const char *value)
{
	return slice_equal_nocase(attribute->value, slice_from_cstr(value));
}

static bool is_opt_out(const struct reference_attribute *attribute)
{
	return has_name(attribute, "data-no-track") || has_name(attribute, "ses:no-track") ||
	       has_name(attribute, "data-pm-no-track") || has_name(attribute, "data-mt-no-track") ||
	       (has_name(attribute, "clicktracking") && has_value(attribute, "off")) ||
	       (has_name(attribute, "disable-tracking") && has_value(attribute, "true")) ||
	       (has_name(attribute, "mautic:disable-tracking") && has_value(attribute, "true")) ||
	       (has_name(attribute, "data-mautic-disable-tracking") && has_value(attribute, "true"));
}

static void add_link(struct reader *reader, const struct reference_attribute *href, bool is_first, bool is_opted_out)
{
	struct reference_mail *mail = reader->mail;
	if (mail->link_count == mail->link_room) {
		mail->link_room = mail->link_room * 2 + 16;
		mail->links = mem_resize(mail->links, mail->link_room * sizeof(*mail->links));
	}
	size_t start = (size_t)(href->value.p - reader->html.p);
	mail->links[mail->link_count++] = (struct reference_link){.start = start,
								  .end = start + href->value.n,
								  .is_duplicate = !is_first,
								  .is_opted_out = is_first && is_opted_out,
								  .is_conditional = reader->is_conditional};
}

static void read_link(struct reader *reader, const struct reference_token *tag)
{
	bool is_opted_out = false;
	for (size_t i = 0; i < tag->attribute_count; i++)
		is_opted_out = is_opted_out || is_opt_out(&tag->attributes[i]);
	bool is_first = true;
	for (size_t i = 0; i < tag->attribute_count; i++) {
		if (!has_name(&tag->attributes[i], "href"))
			continue;
		add_link(reader, &tag->attributes[i], is_first, is_opted_out);
		is_first = false;
	}
}

static void read_start_tag(struct reader *reader, const struct reference_token *tag)
{
	bool is_shape = reader->is_conditional && slice_starts_with_nocase(tag->name, SLICE("v:"));
	if (is_named(tag, "a") || is_named(tag, "area") || is_shape)
		read_link(reader, tag);
	if (reader->is_conditional)
		return; /* only links count there */
	if (is_named(tag, "frameset"))
		reader->is_frameset = true;
	if (is_named(tag, "html"))
		for (size_t i = 0; i < tag->attribute_count; i++)
			if (has_name(&tag->attributes[i], "amp4email") || has_name(&tag->attributes[i], "\xe2\x9a\xa1"
													"4email"))
				reader->mail->is_amp = true;
	if (is_named(tag, "body") && reader->body_start_end == NOT_SEEN)
		reader->body_start_end = (int64_t)tag->end;
}

static void read_end_tag(struct reader *reader, const struct reference_token *tag)
{
	if (reader->is_conditional)
		return;
	if (is_named(tag, "body"))
		reader->body_end_at = (int64_t)tag->start;
	if (is_named(tag, "html"))
		reader->html_end_at = (int64_t)tag->start;
	if (is_named(tag, "head"))
		reader->head_end_end = (int64_t)tag->end;
}

static void read_document(struct reader *reader, struct slice html);

/* `<!--[if …]> markup <![endif]-->` is a document of its own. */
static void read_comment(struct reader *reader, const struct reference_token *comment)
{
	struct slice whole = slice_sub(reader->html, comment->start, comment->end);
	if (!reader->vml || reader->is_conditional || !comment->is_closed ||
	    !slice_starts_with_nocase(whole, SLICE("<!--[if")))
		return;
	struct reference_namespace outer = reader->space;
	reader->space = (struct reference_namespace){.depth = 0};
	reader->is_conditional = true;
	read_document(reader, comment->data);
	reader->is_conditional = false;
	if (reader->space.deepest > reader->mail->deepest)
		reader->mail->deepest = reader->space.deepest;
	reader->space = outer;
}

static void read_token(void *user, struct reference_tokenizer *tokenizer, const struct reference_token *token)
{
	struct reader *reader = user;
	switch (token->kind) {
	case REFERENCE_START_TAG:
		reference_namespace_follow(&reader->space, tokenizer, token);
		read_start_tag(reader, token);
		break;
	case REFERENCE_END_TAG:
		reference_namespace_follow(&reader->space, tokenizer, token);
		read_end_tag(reader, token);
		break;
	case REFERENCE_COMMENT: read_comment(reader, token); break;
	default: break;
	}
}

static void read_document(struct reader *reader, struct slice html)
{
	struct reference_tokenizer *tokenizer = reference_tokenizer_new(html, read_token, reader);
	reference_run(tokenizer);
	reference_tokenizer_free(&tokenizer);
}

/* ---- whether a pixel behind the last byte would be one: put one there and look ---- */

struct probe {
	struct reference_namespace space;
	size_t at;
	bool is_found;
};

static void look_for_probe(void *user, struct reference_tokenizer *tokenizer, const struct reference_token *token)
{
	struct probe *probe = user;
	if (token->kind == REFERENCE_START_TAG || token->kind == REFERENCE_END_TAG)
		reference_namespace_follow(&probe->space, tokenizer, token);
	if (token->kind == REFERENCE_START_TAG && token->start == probe->at)
		probe->is_found = true;
}

static bool swallows_what_is_appended(struct slice html)
{
	struct probe probe = {.at = html.n};
	struct buf longer;
	buf_init(&longer, INPUT_MAX);
	buf_append(&longer, html);
	buf_append_cstr(&longer, "<img>");
	struct reference_tokenizer *tokenizer = reference_tokenizer_new(buf_slice(&longer), look_for_probe, &probe);
	reference_run(tokenizer);
	reference_tokenizer_free(&tokenizer);
	buf_done(&longer);
	return !probe.is_found;
}

static int64_t bottom_of(const struct reader *reader)
{
	if (reader->body_end_at != NOT_SEEN)
		return reader->body_end_at;
	bool has_html_end = reader->html_end_at != NOT_SEEN && !reader->is_frameset;
	if (reader->mail->is_cut) {
		if (reader->body_start_end != NOT_SEEN)
			return reader->body_start_end;
		return has_html_end ? reader->html_end_at : NOT_SEEN;
	}
	return has_html_end ? reader->html_end_at : (int64_t)reader->html.n;
}

void reference_mail_read(struct reference_mail *mail, struct slice html, bool vml)
{
	struct reader reader = {.mail = mail,
				.html = html,
				.vml = vml,
				.body_start_end = NOT_SEEN,
				.body_end_at = NOT_SEEN,
				.html_end_at = NOT_SEEN,
				.head_end_end = NOT_SEEN};
	*mail = (struct reference_mail){.link_count = 0};
	read_document(&reader, html);
	if (reader.space.deepest > mail->deepest)
		mail->deepest = reader.space.deepest;
	mail->is_ambiguous = reader.space.is_ambiguous;
	mail->is_cut = swallows_what_is_appended(html);
	mail->bottom_pixel_at = bottom_of(&reader);
	mail->top_pixel_at = reader.body_start_end;
	if (mail->top_pixel_at == NOT_SEEN)
		mail->top_pixel_at = reader.head_end_end;
	if (mail->top_pixel_at == NOT_SEEN)
		mail->top_pixel_at = mail->bottom_pixel_at;
}

void reference_mail_done(struct reference_mail *mail)
{
	mem_free(mail->links);
	*mail = (struct reference_mail){.link_count = 0};
}
