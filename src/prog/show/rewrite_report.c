/* SPDX-License-Identifier: Apache-2.0 */
/* What was done to HTML or a mail, as JSON, for tests and for the curious. Offsets are into the output, so that a
 * program can find each link again without parsing. */
#include "prog/show/rewrite_report.h"

enum { BYTES_A_LINK = 16 * URL_MAX, BYTES_A_PART = 1024 + 16 * 8192, BYTES_AROUND = 65536, NO_PART = -1 };

/* A bound and no guess: every byte of a link may become six in JSON, and the report must never be cut. */
size_t rewrite_report_room(size_t out_bytes, size_t links, size_t parts)
{
	return 6 * out_bytes + BYTES_AROUND + links * BYTES_A_LINK + parts * BYTES_A_PART;
}

static void put_link(struct json_text *w, const struct html_link *link, struct slice out, int64_t part)
{
	bool is_tracked = link->skip == HTML_NOT_SKIPPED;
	json_open(w, '{');
	JSON_FIELD(w, "index", i64, link->index);
	if (part != NO_PART)
		JSON_FIELD(w, "part", i64, part);
	JSON_FIELD(w, "start", i64, (int64_t)link->start);
	JSON_FIELD(w, "end", i64, (int64_t)link->end);
	JSON_FIELD(w, "url", string, link->url);
	json_key(w, "tracked_url");
	if (is_tracked)
		json_put_string(w, slice_sub(out, link->out_start, link->out_end));
	else
		json_put_null(w);
	JSON_FIELD(w, "skipped", cstring, is_tracked ? NULL : html_skip_name(link->skip));
	json_close(w, '}');
}

static void put_links(struct json_text *w, const struct html_report *report, struct slice out, int64_t part)
{
	for (size_t i = 0; i < report->link_count; i++)
		put_link(w, &report->links[i], out, part);
}

/* null says that there is none; 0 would be a place. */
static void put_pixel_at(struct json_text *w, int64_t at)
{
	json_key(w, "pixel_at");
	if (at == HTML_NOWHERE)
		json_put_null(w);
	else
		json_put_i64(w, at);
}

static void put_warnings(struct json_text *w, uint32_t warnings)
{
	json_key(w, "warnings");
	json_open(w, '[');
	for (size_t i = 0; i < HTML_WARNING_COUNT; i++)
		if (warnings >> i & 1)
			json_put_cstring(w, html_warning_name((enum html_warning)(1U << i)));
	json_close(w, ']');
}

static void put_summary(struct json_text *w, size_t bytes_in, size_t bytes_out, const struct html_report *html)
{
	JSON_FIELD(w, "bytes_in", i64, (int64_t)bytes_in);
	JSON_FIELD(w, "bytes_out", i64, (int64_t)bytes_out);
	JSON_FIELD(w, "charset", string_or_null, html ? html->charset : SLICE_EMPTY);
	put_pixel_at(w, html ? html->pixel_at : HTML_NOWHERE);
}

void rewrite_report_html(struct json_text *w, const struct html_report *report, struct slice out)
{
	json_open(w, '{');
	put_summary(w, report->bytes_in, report->bytes_out, report);
	json_key(w, "links");
	json_open(w, '[');
	put_links(w, report, out, NO_PART);
	json_close(w, ']');
	put_warnings(w, report->warnings);
	json_close(w, '}');
}

/* ---- mail ---- */

static const char *encoding_name(enum mime_encoding encoding)
{
	switch (encoding) {
	case MIME_7BIT: return "7bit";
	case MIME_8BIT: return "8bit";
	case MIME_BINARY: return "binary";
	case MIME_QUOTED_PRINTABLE: return "quoted-printable";
	case MIME_BASE64: return "base64";
	default: return "unknown";
	}
}

static void put_part(struct json_text *w, const struct mime_html *html, const struct mime_part *part)
{
	bool is_skipped = html->skip != MIME_NOT_SKIPPED;
	json_open(w, '{');
	JSON_FIELD(w, "index", i64, (int64_t)html->part);
	JSON_FIELD(w, "type", string, part->type);
	JSON_FIELD(w, "charset", string_or_null, is_skipped ? part->charset : html->report.charset);
	JSON_FIELD(w, "encoding", cstring, encoding_name(part->encoding));
	JSON_FIELD(w, "skipped", cstring, is_skipped ? mime_skip_name(html->skip) : NULL);
	JSON_FIELD(w, "becomes_quoted_printable", bool, html->becomes_quoted_printable);
	JSON_FIELD(w, "start", i64, (int64_t)part->body);
	JSON_FIELD(w, "end", i64, (int64_t)part->end);
	put_pixel_at(w, html->report.pixel_at);
	JSON_FIELD(w, "links", i64, (int64_t)html->report.link_count);
	JSON_FIELD(w, "tracked", i64, (int64_t)html->report.tracked_count);
	put_warnings(w, html->report.warnings);
	json_close(w, '}');
}

/* The part that stands for the mail: the one with the pixel, else the first that was read; NULL when none was. */
static const struct html_report *main_part(const struct mime_report *report)
{
	const struct html_report *first = NULL;
	for (size_t i = 0; i < report->html_count; i++) {
		const struct mime_html *html = &report->htmls[i];
		if (html->skip != MIME_NOT_SKIPPED)
			continue;
		if (html->report.pixel_at != HTML_NOWHERE)
			return &html->report;
		if (!first)
			first = &html->report;
	}
	return first;
}

void rewrite_report_eml(struct json_text *w, const struct mime_report *report)
{
	json_open(w, '{');
	put_summary(w, report->bytes_in, report->bytes_out, main_part(report));
	json_key(w, "links");
	json_open(w, '[');
	for (size_t i = 0; i < report->html_count; i++)
		put_links(w, &report->htmls[i].report, report->htmls[i].rewritten, (int64_t)report->htmls[i].part);
	json_close(w, ']');
	put_warnings(w, report->warnings);
	json_key(w, "parts");
	json_open(w, '[');
	for (size_t i = 0; i < report->html_count; i++)
		put_part(w, &report->htmls[i], &report->tree.parts[report->htmls[i].part]);
	json_close(w, ']');
	JSON_FIELD(w, "has_signature", bool, report->has_signature);
	json_close(w, '}');
}
