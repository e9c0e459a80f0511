/* SPDX-License-Identifier: Apache-2.0 */
/* Every field is always there, with null for what there is none of, so that a client needs no case for one that is
 * missing. */
#include "codec/lint/lint_json.h"

static void put_place(struct json_text *w, const struct lint_place *place)
{
	JSON_FIELD(w, "part", string_or_null, place->part);
	if (place->line == 0) {
		JSON_FIELD(w, "offset", cstring, NULL);
		JSON_FIELD(w, "line", cstring, NULL);
		JSON_FIELD(w, "column", cstring, NULL);
		return;
	}
	JSON_FIELD(w, "offset", i64, (int64_t)place->offset);
	JSON_FIELD(w, "line", i64, place->line);
	JSON_FIELD(w, "column", i64, place->column);
}

static void put_summary(struct json_text *w, const struct lint_report *report)
{
	json_key(w, "summary");
	json_open(w, '{');
	JSON_FIELD(w, "links", i64, (int64_t)report->link_count);
	JSON_FIELD(w, "tracked", i64, (int64_t)report->tracked_count);
	JSON_FIELD(w, "left_alone", i64, (int64_t)(report->link_count - report->tracked_count));
	JSON_FIELD(w, "errors", i64, (int64_t)report->counts[LINT_ERROR]);
	JSON_FIELD(w, "warnings", i64, (int64_t)report->counts[LINT_WARNING]);
	JSON_FIELD(w, "notes", i64, (int64_t)report->counts[LINT_NOTE]);
	JSON_FIELD(w, "bytes_in", i64, (int64_t)report->bytes_in);
	JSON_FIELD(w, "bytes_out", i64, (int64_t)report->bytes_out);
	json_close(w, '}');
}

static void put_part(struct json_text *w, const struct lint_part *part)
{
	json_open(w, '{');
	JSON_FIELD(w, "part", string_or_null, part->part);
	JSON_FIELD(w, "charset", string, part->charset);
	JSON_FIELD(w, "left_alone", cstring, part->left_alone);
	JSON_FIELD(w, "bytes_in", i64, (int64_t)part->bytes_in);
	JSON_FIELD(w, "bytes_out", i64, (int64_t)part->bytes_out);
	JSON_FIELD(w, "clipped_before", bool, !part->left_alone && part->bytes_in > HTML_GMAIL_CLIP);
	JSON_FIELD(w, "clipped_after", bool, !part->left_alone && part->bytes_out > HTML_GMAIL_CLIP);
	json_close(w, '}');
}

static void put_link(struct json_text *w, const struct lint_link *link)
{
	bool is_tracked = link->link.skip == HTML_NOT_SKIPPED;
	json_open(w, '{');
	JSON_FIELD(w, "index", i64, link->link.index);
	put_place(w, &link->place);
	JSON_FIELD(w, "url", string, link->link.url);
	JSON_FIELD(w, "text", string, link->text);
	JSON_FIELD(w, "tracked", bool, is_tracked);
	JSON_FIELD(w, "skipped", cstring, is_tracked ? NULL : html_skip_name(link->link.skip));
	JSON_FIELD(w, "why", cstring, is_tracked ? NULL : lint_link_why(link));
	json_close(w, '}');
}

static void put_finding(struct json_text *w, const struct lint_finding *finding)
{
	json_open(w, '{');
	JSON_FIELD(w, "severity", cstring, lint_severity_name(finding->severity));
	JSON_FIELD(w, "code", cstring, lint_code_name(finding->code));
	put_place(w, &finding->place);
	JSON_FIELD(w, "message", cstring, lint_code_text(finding->code));
	JSON_FIELD(w, "detail", string_or_null, finding->detail);
	json_close(w, '}');
}

void lint_put_json(struct json_text *w, const struct lint_report *report)
{
	json_open(w, '{');
	JSON_FIELD(w, "kind", cstring, report->is_mail ? "eml" : "html");
	if (report->is_mail)
		JSON_FIELD(w, "subject", string, report->subject);
	else
		JSON_FIELD(w, "subject", cstring, NULL);
	put_summary(w, report);
	json_key(w, "pixel");
	if (report->has_pixel) {
		json_open(w, '{');
		put_place(w, &report->pixel);
		json_close(w, '}');
	} else {
		json_put_null(w);
	}
	json_key(w, "parts");
	json_open(w, '[');
	for (size_t i = 0; i < report->part_count; i++)
		put_part(w, &report->parts[i]);
	json_close(w, ']');
	json_key(w, "links");
	json_open(w, '[');
	for (size_t i = 0; i < report->link_count; i++)
		put_link(w, &report->links[i]);
	json_close(w, ']');
	json_key(w, "findings");
	json_open(w, '[');
	for (size_t i = 0; i < report->finding_count; i++)
		put_finding(w, &report->findings[i]);
	json_close(w, ']');
	JSON_FIELD(w, "findings_omitted", i64, (int64_t)report->omitted_count);
	json_close(w, '}');
}
