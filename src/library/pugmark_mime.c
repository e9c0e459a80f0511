/* SPDX-License-Identifier: Apache-2.0 */
/* Parts that are left alone are in the result as well, with the reason: a host that must say why a mail is not tracked
 * has no other place to look. */
#include "library/argument.h"
#include "library/result.h"

static void add(struct instrumenting *it, const struct mime_report *report, const struct mime_html *html)
{
	struct result *result = it->result;
	const struct mime_part *at = &report->tree.parts[html->part];
	bool is_skipped = html->skip != MIME_NOT_SKIPPED;
	struct pugmark_part part = {
	    .skip = link_part_skip_of(html->skip),
	    .start = at->body,
	    .end = at->end,
	    .pixel_at = HTML_NOWHERE,
	    .charset = result_text(result, at->charset),
	    .html = result_text(result, is_skipped ? SLICE_EMPTY : html->rewritten),
	    .becomes_quoted_printable = html->becomes_quoted_printable,
	};
	result_add_part(result, &part);
	if (!is_skipped)
		result_add_html(result, &html->report, html->rewritten, it->run.from->clicks == PUGMARK_CONSENT_OFF);
}

static enum pugmark_status work(struct instrumenting *it)
{
	struct result *result = it->result;
	struct mime_report report;
	size_t link_count = 0;
	if (mime_rewrite(&it->run.options, it->input, result->arena, &result->output, &report) != STATUS_OK)
		return PUGMARK_TOO_BIG;
	/* Counted first, so that the lists of the result are allocated once. */
	for (size_t i = 0; i < report.html_count; i++)
		link_count += report.htmls[i].skip == MIME_NOT_SKIPPED ? report.htmls[i].report.link_count : 0;
	result_reserve(result, link_count, report.html_count);
	for (size_t i = 0; i < report.html_count; i++)
		add(it, &report, &report.htmls[i]);
	result->shown.has_text = report.has_text;
	result->shown.has_signature = report.has_signature;
	return PUGMARK_OK;
}

enum pugmark_status pugmark_instrument_mime(struct pugmark_instrumenter *instrumenter, const char *message,
					    size_t message_size, struct pugmark_result **ret_result)
{
	struct instrumenting it = {.work = work};
	if (!instrumenter || !ret_result || !argument_slice(message, message_size, &it.input))
		return PUGMARK_MISUSE;
	return instrumenting_do(instrumenter, &it, ret_result);
}
