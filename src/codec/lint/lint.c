/* SPDX-License-Identifier: Apache-2.0 */
/* HTML that is given alone. What is found in it is lint_document's; here is what is only known of the whole. */
#include "codec/lint/lint.h"

#include "codec/lint/lint_document.h"
#include "codec/lint/lint_rewriting.h"

/* HTML alone has no headers, so it is bulk only when the caller says so, and then what shows is the one way out that
 * can be looked for. */
static void judge_html(struct lint_work *work, struct slice html, const struct html_report *report)
{
	struct lint_part *part = ARENA_NEW(work->arena, struct lint_part);
	*part = (struct lint_part){.part = SLICE_EMPTY,
				   .charset = report->charset,
				   .left_alone = report->warnings & HTML_WARN_PASSED_THROUGH ? "unsafe_charset"
						 : report->warnings & HTML_WARN_AMP          ? "amp"
											     : NULL,
				   .bytes_in = report->bytes_in,
				   .bytes_out = report->bytes_out};
	work->report.parts = part;
	work->report.part_count = 1;
	work->report.bytes_in = report->bytes_in;
	work->report.bytes_out = report->bytes_out;
	work->is_bulk = work->options->kind == LINT_BULK;
	lint_enter(work, SLICE_EMPTY, html);
	lint_document(work, html, report);
	if (work->is_bulk && !work->has_unsubscribe_link)
		lint_add_as(work, LINT_NO_UNSUBSCRIBE_LINK, LINT_ERROR, lint_place_of_part(work), NULL);
}

enum status lint_html(const struct lint_options *options, struct slice html, struct arena *arena,
		      struct lint_report *ret)
{
	struct lint_work work = {.options = options, .arena = arena};
	struct lint_rewriting rewriting;
	struct html_report report;
	if (html.n > LINT_SIZE_MAX)
		return STATUS_TOO_BIG;
	lint_rewriting_init(&rewriting, options, arena);
	enum status status = html_rewrite(&rewriting.options, html, arena, &rewriting.out, &report);
	if (status == STATUS_OK) {
		judge_html(&work, html, &report);
		lint_finish(&work);
		*ret = work.report;
	}
	lint_rewriting_done(&rewriting);
	return status;
}
