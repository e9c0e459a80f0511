/* SPDX-License-Identifier: Apache-2.0 */
/* A report tells of links and of the pixel apart; splicers want one list in order. What came out as it went in is no
 * edit: a part in which nothing changes stays byte for byte as it is, its encoding too. */
#include "codec/mime/mime_edit.h"

static void add_edit(struct mime_edit *edits, size_t *count, struct mime_edit edit, struct slice html)
{
	if (!slice_equal(slice_sub(html, edit.start, edit.end), edit.text))
		edits[(*count)++] = edit;
}

struct mime_edits mime_edits_of(const struct html_report *report, struct slice html, struct slice rewritten,
				struct slice pixel, struct arena *arena)
{
	struct mime_edit *edits = arena_alloc_array(arena, report->link_count + 1, sizeof(struct mime_edit));
	bool has_pixel = report->pixel_at != HTML_NOWHERE;
	struct mime_edit put_pixel = {.text = pixel};
	size_t count = 0;
	/* The pixel's place is in front of a link that begins there: html_rewrite puts it so. */
	if (has_pixel)
		put_pixel.start = put_pixel.end = (size_t)report->pixel_at;
	for (size_t i = 0; i < report->link_count; i++) {
		const struct html_link *link = &report->links[i];
		if (has_pixel && put_pixel.start <= link->start) {
			add_edit(edits, &count, put_pixel, html);
			has_pixel = false;
		}
		struct slice text = slice_sub(rewritten, link->out_start, link->out_end);
		if (link->skip == HTML_NOT_SKIPPED)
			add_edit(edits, &count, (struct mime_edit){link->start, link->end, text}, html);
	}
	if (has_pixel)
		add_edit(edits, &count, put_pixel, html);
	return (struct mime_edits){edits, count};
}

struct slice mime_newline_of(struct slice text)
{
	size_t n = slice_index(text, '\n');
	return n < text.n && (n == 0 || text.p[n - 1] != '\r') ? SLICE("\n") : SLICE("\r\n");
}
