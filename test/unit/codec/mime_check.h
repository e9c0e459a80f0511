/* SPDX-License-Identifier: Apache-2.0 */
/* mime_check: what mime_rewrite promises, as a check, for tests and the fuzzer. */
#ifndef PUGMARK_TEST_MIME_CHECK_H
#define PUGMARK_TEST_MIME_CHECK_H

#include "codec/mime/mime_rewrite.h"
#include "html_splice.h"

static inline bool mime_check_part(struct slice message, const struct mime_report *report, const struct mime_html *html,
				   struct slice out, const struct mime_part *now)
{
	const struct mime_part *was = &report->tree.parts[html->part];
	struct slice head = slice_sub(message, was->start, was->body);
	struct slice body = slice_sub(message, was->body, was->end);
	struct slice new_body = slice_sub(out, now->body, now->end);
	bool is_changed = html->skip == MIME_NOT_SKIPPED && !slice_equal(html->html, html->rewritten);
	struct buf decoded;
	if (!is_changed)
		return slice_equal(body, new_body) && !html->becomes_quoted_printable;
	if (!html->becomes_quoted_printable && !slice_equal(head, slice_sub(out, now->start, now->body)))
		return false;
	if (html->becomes_quoted_printable && now->encoding != MIME_QUOTED_PRINTABLE)
		return false;
	buf_init(&decoded, new_body.n + 4);
	bool is_right = mime_body_decode(out, now, &decoded) && slice_equal(buf_slice(&decoded), html->rewritten);
	buf_done(&decoded);
	return is_right;
}

/* NULL, or what is wrong: the output has the parts of the input, every byte outside the changed bodies is there (only
 * the header of a part that became quoted-printable may differ), each body decodes to what html_rewrite made, and that
 * is what its report says. */
static inline const char *mime_check(struct slice message, const struct mime_report *report, struct slice pixel,
				     struct slice out)
{
	struct arena *arena = arena_new();
	struct mime_tree tree;
	const char *fault = NULL;
	size_t at = 0;
	size_t out_at = 0;
	size_t pixels = 0;
	mime_tree_read(out, arena, &tree);
	if (tree.count != report->tree.count || report->bytes_in != message.n || report->bytes_out != out.n)
		fault = "the parts or the sizes differ";
	for (size_t i = 0; i < report->html_count && !fault; i++) {
		const struct mime_html *html = &report->htmls[i];
		const struct mime_part *was = &report->tree.parts[html->part];
		const struct mime_part *now = &tree.parts[html->part];
		if (!slice_equal(slice_sub(message, at, was->start), slice_sub(out, out_at, now->start)))
			fault = "bytes between the parts changed";
		else if (!mime_check_part(message, report, html, out, now))
			fault = "a part is not what it should be";
		else if (html->skip == MIME_NOT_SKIPPED &&
			 !html_is_spliced(html->html, &html->report, pixel, html->rewritten))
			fault = "the html is not spliced as reported";
		pixels += html->skip == MIME_NOT_SKIPPED && html->report.pixel_at != HTML_NOWHERE;
		at = was->end;
		out_at = now->end;
	}
	if (!fault && !slice_equal(slice_from(message, at), slice_from(out, out_at)))
		fault = "bytes behind the last part changed";
	if (!fault && (pixels > 1 || report->has_pixel != (pixels == 1)))
		fault = "the number of pixels is wrong";
	arena_free(&arena);
	return fault;
}

/* Whether the second pass read every part in the same charset: a <meta> may have moved out of the first 1,024 bytes. */
static inline bool mime_check_same_charsets(const struct mime_report *a, const struct mime_report *b)
{
	for (size_t i = 0; i < a->html_count && i < b->html_count; i++)
		if (a->htmls[i].skip == MIME_NOT_SKIPPED && b->htmls[i].skip == MIME_NOT_SKIPPED &&
		    !slice_equal(a->htmls[i].report.charset, b->htmls[i].report.charset))
			return false;
	return a->html_count == b->html_count;
}

#endif
