/* SPDX-License-Identifier: Apache-2.0 */
/* Every html part is decoded, given to html_rewrite, and what that did is done to the raw body by the splicer of its
 * encoding. Then the message is put together, and read again as a receiver would: when it has other parts than before,
 * or a part does not decode to what html_rewrite made, the part at fault is left as it was and the message is put
 * together once more. So whatever the splicers get wrong, no mail is broken by it.
 */
#include "codec/mime/mime_rewrite.h"

#include "codec/mime/mime_edit.h"
#include "codec/mime/mime_splice_base64.h"
#include "codec/mime/mime_splice_qp.h"
#include "codec/text/quoted_printable.h"

enum { LINE_MAX_BYTES = 998, ENCODED_ROOM = 4 };

/* The new raw bytes of one html part. */
struct mime_splice {
	bool is_changed;
	struct slice body;
	size_t header_at; /* [header_at, header_end) becomes `header`; nothing when header_at is 0 */
	size_t header_end;
	struct slice header;
};

struct rewriting {
	const struct html_rewrite_options *options;
	struct slice message;
	struct arena *arena;
	size_t room; /* for the output, and so for everything on the way */
	struct mime_report report;
	struct mime_splice *splices; /* as many as report.htmls */
	size_t pixel_html;           /* which of them gets the pixel */
	uint32_t next_link_index;
};

/* ---- which parts ---- */

static const struct mime_part *part_of(const struct rewriting *r, const struct mime_html *html)
{
	return &r->report.tree.parts[html->part];
}

/* The decoded part; a slice of the message when it is not encoded. */
static struct slice decode(const struct rewriting *r, struct slice message, const struct mime_part *part)
{
	struct buf decoded;
	size_t size = part->end - part->body;
	if (part->encoding != MIME_QUOTED_PRINTABLE && part->encoding != MIME_BASE64)
		return slice_sub(message, part->body, part->end);
	/* No encoding makes anything shorter; the decoder of base64 asks for a little more room than it needs. */
	buf_init_fixed(&decoded, arena_alloc(r->arena, size + ENCODED_ROOM), size + ENCODED_ROOM);
	(void)mime_body_decode(message, part, &decoded);
	return buf_slice(&decoded);
}

/* Counted in a first walk, so that the lists are as long as they must be. */
static void find_htmls(struct rewriting *r)
{
	struct mime_report *report = &r->report;
	size_t count = 0;
	for (size_t i = 0; i < report->tree.count; i++) {
		const struct mime_part *part = &report->tree.parts[i];
		count += mime_part_is_html(part);
		report->has_text |=
		    slice_equal(part->type, SLICE("text/plain")) && mime_part_is_shown(&report->tree, i);
	}
	report->htmls = arena_alloc_array(r->arena, count, sizeof(struct mime_html));
	r->splices = arena_alloc_array(r->arena, count, sizeof(struct mime_splice));
	for (size_t i = 0; i < report->tree.count; i++) {
		if (!mime_part_is_html(&report->tree.parts[i]))
			continue;
		struct mime_html *html = &report->htmls[report->html_count++];
		html->part = i;
		html->report.pixel_at = HTML_NOWHERE;
		html->skip = mime_skip_of(r->message, &report->tree, i);
		if (html->skip == MIME_NOT_SKIPPED)
			html->html = html->rewritten = decode(r, r->message, &report->tree.parts[i]);
	}
}

static bool has_signature(struct slice message, const struct mime_part *root)
{
	struct header_line header;
	size_t at = root->start;
	while (mime_header_next(message, root, &at, &header))
		if (slice_equal_nocase(header.name, SLICE("DKIM-Signature")) ||
		    slice_equal_nocase(header.name, SLICE("ARC-Seal")))
			return true;
	return false;
}

/* A buffer that stays, with room for what will most likely be in it. */
static void buf_for(const struct rewriting *r, size_t likely, struct buf *b)
{
	buf_init_in_arena(b, r->room, r->arena);
	if (likely < r->room)
		(void)buf_reserve(b, likely);
}

/* ---- the pixel ---- */

static bool refuse(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	(void)link;
	(void)to;
	return false;
}

static struct html_rewrite_options options_for(const struct rewriting *r, const struct mime_html *html, bool has_pixel)
{
	struct html_rewrite_options options = *r->options;
	options.charset = part_of(r, html)->charset;
	/* An empty part may have no room between its headers and what follows. */
	if (!has_pixel || html->html.n == 0)
		options.pixel_place = HTML_PIXEL_OFF;
	return options;
}

/* Where a pixel would go into that part, and what html_rewrite has to say about it. */
static int64_t try_pixel(const struct rewriting *r, const struct mime_html *html, uint32_t *ret_warnings)
{
	struct html_rewrite_options options = options_for(r, html, true);
	struct html_report report = {.pixel_at = HTML_NOWHERE};
	struct buf out;
	options.track = refuse;
	buf_for(r, html->html.n + options.pixel.n, &out);
	/* Too big: so will be the real one. */
	if (html_rewrite(&options, html->html, r->arena, &out, &report) == STATUS_OK)
		*ret_warnings = report.warnings;
	return report.pixel_at;
}

/* Chooses the last part that takes one. A mail with several is asked beforehand, because links are numbered forwards
 * and the choice is made backwards; and one pixel of ours that is there already is enough. */
static void choose_pixel_html(struct rewriting *r)
{
	struct mime_report *report = &r->report;
	size_t candidates = 0;
	size_t last = 0;
	size_t chosen = report->html_count;
	for (size_t i = 0; i < report->html_count; i++) {
		candidates += report->htmls[i].skip == MIME_NOT_SKIPPED;
		if (report->htmls[i].skip == MIME_NOT_SKIPPED)
			last = i;
	}
	bool wants_pixel =
	    r->options->pixel_place != HTML_PIXEL_OFF && r->options->pixel.n > 0 && !r->options->identity;
	r->pixel_html = candidates && wants_pixel ? last : report->html_count;
	if (candidates < 2 || !wants_pixel)
		return;
	for (size_t i = 0; i < report->html_count; i++) {
		uint32_t warnings = 0;
		if (report->htmls[i].skip != MIME_NOT_SKIPPED)
			continue;
		if (try_pixel(r, &report->htmls[i], &warnings) != HTML_NOWHERE)
			chosen = i;
		if (warnings & HTML_WARN_PIXEL_PRESENT) {
			r->pixel_html = i; /* which says so again, and puts none in */
			return;
		}
	}
	if (chosen < report->html_count)
		r->pixel_html = chosen;
}

/* ---- one part ---- */

/* Without the line end (RFC 5322, 2.1.1). */
static bool has_long_line(struct slice text)
{
	while (text.n) {
		size_t n = slice_index(text, '\n');
		size_t length = n - (n && n < text.n && text.p[n - 1] == '\r');
		if (length > LINE_MAX_BYTES)
			return true;
		text = slice_from(text, n + 1);
	}
	return false;
}

/* The header that says the encoding, and when there is none, the place behind Content-Type. */
static void say_quoted_printable(const struct rewriting *r, const struct mime_part *part, struct slice newline,
				 struct mime_splice *splice)
{
	struct header_line header;
	size_t at = part->start;
	while (mime_header_next(r->message, part, &at, &header)) {
		if (slice_equal_nocase(header.name, SLICE("Content-Transfer-Encoding"))) {
			struct slice value = slice_trim(header.value);
			if (!value.n)
				value = slice_sub(header.value, 0, 0); /* right behind the colon */
			splice->header_at = (size_t)(value.p - r->message.p);
			splice->header_end = splice->header_at + value.n;
			splice->header = value.n ? SLICE("quoted-printable") : SLICE(" quoted-printable");
			return;
		}
		if (slice_equal_nocase(header.name, SLICE("Content-Type")) && splice->header.n == 0) {
			splice->header_at = splice->header_end = at;
			splice->header = arena_printf(r->arena, "Content-Transfer-Encoding: quoted-printable%.*s",
						      SLICE_FMT(newline));
		}
	}
}

/* Makes the new raw body. */
static enum status splice_part(const struct rewriting *r, struct mime_html *html, struct mime_edits edits,
			       struct mime_splice *splice)
{
	const struct mime_part *part = part_of(r, html);
	struct slice raw = slice_sub(r->message, part->body, part->end);
	bool has_newline = slice_index(raw, '\n') < raw.n;
	struct slice newline = mime_newline_of(has_newline ? raw : r->message);
	struct buf body;
	bool is_spliced_as_is = part->encoding != MIME_QUOTED_PRINTABLE && part->encoding != MIME_BASE64;
	html->becomes_quoted_printable =
	    is_spliced_as_is && part->encoding != MIME_BINARY && has_long_line(html->rewritten);
	splice->is_changed = true;
	splice->body = html->rewritten;
	if (is_spliced_as_is && !html->becomes_quoted_printable)
		return STATUS_OK;
	buf_for(r, raw.n + raw.n / 4 + html->rewritten.n - html->html.n, &body);
	if (html->becomes_quoted_printable) {
		say_quoted_printable(r, part, newline, splice);
		quoted_printable_append(&body, html->rewritten, newline);
	} else if (part->encoding == MIME_QUOTED_PRINTABLE) {
		mime_splice_qp(raw, edits, newline, &body);
	} else {
		mime_splice_base64(raw, edits.edits[0].start, html->rewritten, newline, &body);
	}
	splice->body = buf_slice(&body);
	return buf_status(&body);
}

/* Parts are numbered on from each other, also those that give no edit, so that an index means one link of the whole
 * mail. */
static enum status rewrite_part(struct rewriting *r, size_t index)
{
	struct mime_html *html = &r->report.htmls[index];
	struct html_rewrite_options options = options_for(r, html, index == r->pixel_html);
	struct buf out;
	buf_for(r, html->html.n + html->html.n / 4, &out);
	options.first_link_index = r->next_link_index;
	enum status status = html_rewrite(&options, html->html, r->arena, &out, &html->report);
	if (status != STATUS_OK)
		return status;
	struct mime_edits edits = mime_edits_of(&html->report, html->html, buf_slice(&out), options.pixel, r->arena);
	r->next_link_index += (uint32_t)html->report.link_count;
	if (edits.count == 0)
		return STATUS_OK;
	html->rewritten = buf_slice(&out);
	return splice_part(r, html, edits, &r->splices[index]);
}

/* ---- the whole ---- */

/* Stretches of the message and new bodies in turn. Nothing of what lies between parts is written anew, boundaries
 * least of all. */
static void compose(const struct rewriting *r, struct buf *out)
{
	size_t at = 0;
	for (size_t i = 0; i < r->report.html_count; i++) {
		const struct mime_splice *splice = &r->splices[i];
		const struct mime_part *part = part_of(r, &r->report.htmls[i]);
		if (!splice->is_changed)
			continue;
		if (splice->header_at) {
			buf_append(out, slice_sub(r->message, at, splice->header_at));
			buf_append(out, splice->header);
			at = splice->header_end;
		}
		buf_append(out, slice_sub(r->message, at, part->body));
		buf_append(out, splice->body);
		at = part->end;
	}
	buf_append(out, slice_from(r->message, at));
}

static bool has_same_shape(const struct mime_tree *a, const struct mime_tree *b)
{
	if (a->count != b->count || a->is_cut != b->is_cut)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct mime_part *x = &a->parts[i];
		const struct mime_part *y = &b->parts[i];
		if (x->parent != y->parent || x->is_closed != y->is_closed || !slice_equal(x->type, y->type))
			return false;
	}
	return true;
}

/* The proof: whoever reads the new part gets what was meant for him, and nothing else. */
static bool decodes_to(const struct rewriting *r, struct slice message, const struct mime_part *part, struct slice want)
{
	struct slice got = decode(r, message, part);
	return part->encoding != MIME_UNKNOWN_ENCODING && slice_equal(got, want);
}

/* The part stays as it was, which is reported, and its pixel is gone with it. */
static void give_up(struct rewriting *r, size_t index)
{
	struct mime_html *html = &r->report.htmls[index];
	*html = (struct mime_html){
	    .part = html->part, .skip = MIME_SKIP_UNCHANGEABLE, .report = {.pixel_at = HTML_NOWHERE}};
	r->splices[index].is_changed = false;
	if (index == r->pixel_html)
		r->report.warnings |= HTML_WARN_NO_PIXEL;
}

static bool has_change(const struct rewriting *r)
{
	for (size_t i = 0; i < r->report.html_count; i++)
		if (r->splices[i].is_changed)
			return true;
	return false;
}

/* Reads the output and gives up what did not come out as it should. True when all did. */
static bool verify(struct rewriting *r, struct slice out)
{
	struct mime_tree tree;
	bool is_right = true;
	if (!has_change(r))
		return true;
	mime_tree_read(out, r->arena, &tree);
	bool is_same_shape = has_same_shape(&r->report.tree, &tree);
	for (size_t i = 0; i < r->report.html_count; i++) {
		const struct mime_html *html = &r->report.htmls[i];
		if (!r->splices[i].is_changed ||
		    (is_same_shape && decodes_to(r, out, &tree.parts[html->part], html->rewritten)))
			continue;
		give_up(r, i);
		is_right = false;
	}
	return is_right;
}

static enum status compose_verified(struct rewriting *r, struct buf *out)
{
	size_t before = out->n;
	do {
		buf_truncate(out, before);
		compose(r, out);
		if (buf_failed(out))
			return STATUS_TOO_BIG;
	} while (!verify(r, slice_from(buf_slice(out), before))); /* each time at least one part fewer is changed */
	r->report.bytes_in = r->message.n;
	r->report.bytes_out = out->n - before;
	return STATUS_OK;
}

static void sum_up(struct mime_report *report)
{
	for (size_t i = 0; i < report->html_count; i++) {
		const struct mime_html *html = &report->htmls[i];
		if (html->skip != MIME_NOT_SKIPPED)
			continue;
		report->link_count += html->report.link_count;
		report->tracked_count += html->report.tracked_count;
		report->warnings |= html->report.warnings;
		report->has_pixel |= html->report.pixel_at != HTML_NOWHERE;
	}
}

enum status mime_rewrite(const struct html_rewrite_options *options, struct slice message, struct arena *arena,
			 struct buf *out, struct mime_report *ret)
{
	struct rewriting r = {.options = options,
			      .message = message,
			      .arena = arena,
			      .room = out->max - out->n,
			      .next_link_index = options->first_link_index};
	mime_tree_read(message, arena, &r.report.tree);
	r.report.has_signature = has_signature(message, &r.report.tree.parts[0]);
	find_htmls(&r);
	choose_pixel_html(&r);
	enum status status = STATUS_OK;
	for (size_t i = 0; i < r.report.html_count && status == STATUS_OK; i++)
		if (r.report.htmls[i].skip == MIME_NOT_SKIPPED)
			status = rewrite_part(&r, i);
	if (status == STATUS_OK)
		status = compose_verified(&r, out);
	if (status != STATUS_OK)
		return status;
	sum_up(&r.report);
	*ret = r.report;
	return STATUS_OK;
}
