/* SPDX-License-Identifier: Apache-2.0 */
/* Two passes: html_scan finds links and places, then the output is written as copies of the stretches between them. The
 * first pass must see the whole document before anything is written, because its end decides where the pixel goes. */
#include "codec/html/html_rewrite.h"

#include "codec/html/html_scan.h"

struct warning_words {
	const char *name;
	const char *text;
};

static const struct warning_words warning_words[HTML_WARNING_COUNT] = {
    {"passed_through", "The character encoding cannot be edited byte by byte; nothing was changed."},
    {"amp", "This is AMP for email, which must not be changed."},
    {"no_pixel", "The document ends inside a comment, raw text or tag and has no <body>; no pixel was added."},
    {"pixel_present", "An open pixel of this installation is there already; no second one was added."},
    {"cut", "The document ends inside a tag, a comment or raw text."},
    {"template_tag", "Links with merge tags in them were left alone; merge before rewriting."},
    {"bad_url", "Links without a valid host were left alone."},
    {"charset", "Links with characters of this encoding could not be decoded and were left alone."},
    {"visible_url", "The text of a tracked link is an address; mail filters may take it for phishing."},
    {"gmail_clip", "Larger than 102 KB: Gmail clips the mail and does not load what lies behind."},
    {"refused", "Links were left alone because no tracking URL could be made."},
    {"ambiguous", "Mail clients differ about text in a <select> or behind a <frameset>; nothing in it was changed."},
};

static const struct warning_words *words_of(enum html_warning warning)
{
	static const struct warning_words unknown = {"unknown", "Unknown."};
	for (size_t i = 0; i < HTML_WARNING_COUNT; i++)
		if ((uint32_t)warning == UINT32_C(1) << i)
			return &warning_words[i];
	return &unknown;
}

const char *html_warning_name(enum html_warning warning)
{
	return words_of(warning)->name;
}

const char *html_warning_text(enum html_warning warning)
{
	return words_of(warning)->text;
}

/* ---- the pixel ---- */

static int64_t first_offset(const size_t *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (candidates[i] != HTML_NO_OFFSET)
			return (int64_t)candidates[i];
	return HTML_NOWHERE;
}

/* Before the last `</body>`; else, when the document ends inside something that would swallow it, behind `<body>`; else
 * before `</html>`; else at the end. A frameset page has no place that shows anything: the end is as good as any. */
static int64_t bottom_place(const struct html_scan *scan)
{
	size_t end = scan->is_cut ? HTML_NO_OFFSET : scan->html.n;
	size_t html_end = scan->is_frameset ? HTML_NO_OFFSET : scan->html_end_at;
	size_t when_whole[] = {scan->body_end_at, html_end, end};
	size_t when_cut[] = {scan->body_end_at, scan->body_start_end, html_end};
	return scan->is_cut ? first_offset(when_cut, 3) : first_offset(when_whole, 3);
}

/* Behind <body>, or where a body would begin: in front of that an image would end the head too early (13.2.6.4.4). */
static int64_t top_place(const struct html_scan *scan)
{
	size_t candidates[] = {scan->body_start_end, scan->head_end_end};
	int64_t at = first_offset(candidates, 2);
	return at == HTML_NOWHERE ? bottom_place(scan) : at;
}

static int64_t pixel_place(const struct html_rewrite_options *options, const struct html_scan *scan, uint32_t *warnings)
{
	if (options->pixel_place == HTML_PIXEL_OFF || options->identity || options->pixel.n == 0)
		return HTML_NOWHERE;
	if (scan->has_own_pixel) {
		*warnings |= HTML_WARN_PIXEL_PRESENT;
		return HTML_NOWHERE;
	}
	int64_t at = options->pixel_place == HTML_PIXEL_TOP ? top_place(scan) : bottom_place(scan);
	if (at == HTML_NOWHERE)
		*warnings |= HTML_WARN_NO_PIXEL;
	return at;
}

/* ---- writing ---- */

struct writer {
	const struct html_rewrite_options *options;
	struct slice html;
	size_t at;        /* input is written up to here */
	int64_t pixel_at; /* still to be put in, or HTML_NOWHERE */
	struct buf *out;
};

/* Copies the input up to `to`, with the pixel if its place is on the way. */
static void copy_until(struct writer *writer, size_t to)
{
	if (writer->pixel_at != HTML_NOWHERE && (size_t)writer->pixel_at <= to) {
		size_t place = (size_t)writer->pixel_at;
		buf_append(writer->out, slice_sub(writer->html, writer->at, place));
		buf_append(writer->out, writer->options->pixel);
		writer->at = place;
		writer->pixel_at = HTML_NOWHERE;
	}
	buf_append(writer->out, slice_sub(writer->html, writer->at, to));
	writer->at = to;
}

/* The characters that mean themselves in every kind of attribute value, in a URL and in quoted-printable. */
bool html_is_tracked_url(struct slice url)
{
	for (size_t i = 0; i < url.n; i++) {
		unsigned char c = (unsigned char)url.p[i];
		bool is_word = (c >= '0' && c <= ':') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
		if (!is_word && c != '-' && c != '.' && c != '_' && c != '~' && c != '/')
			return false;
	}
	return url.n > 0;
}

/* Whether an unquoted value that ends in dashes, and the `>` behind it, would end the comment that they are in. */
static bool ends_comment(const struct writer *writer, const struct html_link *link, struct slice url)
{
	return link->is_conditional && slice_ends_with(url, SLICE("--")) &&
	       slice_starts_with(slice_from(writer->html, link->end), SLICE(">"));
}

/* Appends what the link's value becomes. False, and nothing appended, when there is no tracked URL for it. */
static bool write_tracked(struct writer *writer, const struct html_link *link)
{
	const struct html_rewrite_options *options = writer->options;
	struct buf *out = writer->out;
	if (options->identity) {
		buf_append(out, slice_sub(writer->html, link->start, link->end));
		return true;
	}
	size_t before = out->n;
	if (options->track(options->user, link, out)) {
		struct slice url = slice_from(buf_slice(out), before);
		if (buf_failed(out) || (html_is_tracked_url(url) && !ends_comment(writer, link, url)))
			return true;
	}
	buf_truncate(out, before);
	return false;
}

/* A link that cannot be tracked after all is copied with what follows it; where its value stands in the output is
 * noted all the same. */
static void write_link(struct writer *writer, struct html_link *link)
{
	copy_until(writer, link->start);
	link->out_start = writer->out->n;
	if (link->skip == HTML_NOT_SKIPPED) {
		if (write_tracked(writer, link))
			writer->at = link->end;
		else
			link->skip = HTML_SKIP_REFUSED;
	}
	copy_until(writer, link->end);
	link->out_end = writer->out->n;
}

static enum status write_all(struct writer *writer, struct html_scan *scan)
{
	/* One allocation for nearly every mail; a buffer that has no room for it grows as it can. */
	size_t expected = scan->html.n + scan->html.n / 8 + writer->options->pixel.n + 4096;
	if (expected <= writer->out->max - writer->out->n && !buf_failed(writer->out))
		(void)buf_reserve(writer->out, expected); /* there is room, so it cannot fail */
	for (size_t i = 0; i < scan->link_count; i++)
		write_link(writer, &scan->links[i]);
	copy_until(writer, scan->html.n);
	return buf_status(writer->out);
}

/* ---- the report ---- */

static uint32_t warning_of(const struct html_link *link)
{
	switch (link->skip) {
	case HTML_NOT_SKIPPED: return html_text_is_url(link->text) ? HTML_WARN_VISIBLE_URL : 0;
	case HTML_SKIP_TEMPLATE: return HTML_WARN_TEMPLATE;
	case HTML_SKIP_BAD_URL: return HTML_WARN_BAD_URL;
	case HTML_SKIP_CHARSET: return HTML_WARN_CHARSET;
	case HTML_SKIP_REFUSED: return HTML_WARN_REFUSED;
	default: return 0;
	}
}

/* Warnings of links are one bit each however many there are; who wants to know which looks at the links. */
static void fill_report(const struct html_scan *scan, struct html_report *report)
{
	report->links = scan->links;
	report->link_count = scan->link_count;
	report->tracked_count = 0;
	for (size_t i = 0; i < scan->link_count; i++) {
		report->warnings |= warning_of(&scan->links[i]);
		report->tracked_count += scan->links[i].skip == HTML_NOT_SKIPPED;
	}
	if (scan->is_cut)
		report->warnings |= HTML_WARN_CUT;
	if (scan->is_ambiguous)
		report->warnings |= HTML_WARN_AMBIGUOUS;
	if (report->bytes_out > HTML_GMAIL_CLIP)
		report->warnings |= HTML_WARN_CLIP;
}

/* Objections that are only known when the whole document is. */
static void skip_late(const struct html_rewrite_options *options, struct html_scan *scan)
{
	for (size_t i = 0; i < scan->link_count; i++) {
		struct html_link *link = &scan->links[i];
		if (link->skip != HTML_NOT_SKIPPED)
			continue;
		if (scan->is_amp)
			link->skip = HTML_SKIP_AMP;
		else if (options->skip_visible_urls && html_text_is_url(link->text))
			link->skip = HTML_SKIP_VISIBLE_URL;
	}
}

static size_t links_left(const struct html_rewrite_options *options)
{
	if (!options->links_max)
		return SIZE_MAX;
	return options->links_max > options->first_link_index ? options->links_max - options->first_link_index : 0;
}

enum status html_rewrite(const struct html_rewrite_options *options, struct slice html, struct arena *arena,
			 struct buf *out, struct html_report *ret)
{
	struct html_charset_guess guess = html_charset_of(options->charset, html);
	struct slice visible = html; /* what markup is looked for in; as long as html */
	bool is_unsafe = guess.charset->markup == CHARSET_UNSAFE;
	if (guess.charset->markup == CHARSET_ESCAPED)
		is_unsafe = !html_charset_hide(html, arena, &visible);
	struct html_link_policy policy = options->policy;
	policy.charset = guess.charset;
	struct html_scan scan = {.source = html,
				 .html = visible,
				 .policy = &policy,
				 .arena = arena,
				 .first_link_index = options->first_link_index,
				 .links_max = links_left(options),
				 .conditional_comments = options->vml};
	struct html_report report = {.charset = guess.name, .bytes_in = html.n, .pixel_at = HTML_NOWHERE};
	if (is_unsafe) {
		report.warnings |= HTML_WARN_PASSED_THROUGH;
	} else {
		html_scan_document(&scan);
		if (scan.link_count > scan.links_max)
			return STATUS_TOO_BIG;
		skip_late(options, &scan);
		if (scan.is_amp)
			report.warnings |= HTML_WARN_AMP;
		else
			report.pixel_at = pixel_place(options, &scan, &report.warnings);
	}
	size_t before = out->n;
	struct writer writer = {.options = options, .html = html, .pixel_at = report.pixel_at, .out = out};
	enum status status = write_all(&writer, &scan);
	if (status != STATUS_OK)
		return status;
	report.bytes_out = out->n - before;
	fill_report(&scan, &report);
	*ret = report;
	return STATUS_OK;
}
