/* SPDX-License-Identifier: Apache-2.0 */
/* html_splice: what html_rewrite promises, as a check: the output is the input with the reported values replaced and
 * the pixel put in where the report says, and nothing else. */
#ifndef PUGMARK_TEST_HTML_SPLICE_H
#define PUGMARK_TEST_HTML_SPLICE_H

#include "codec/html/html_rewrite.h"

/* Takes [*at, to) of `html` off the front of *out; false when it is not there. */
static inline bool html_splice_takes(struct slice html, size_t *at, size_t to, struct slice *out)
{
	struct slice part = slice_sub(html, *at, to);
	if (to < *at || to > html.n || !slice_starts_with(*out, part))
		return false;
	*out = slice_from(*out, part.n);
	*at = to;
	return true;
}

static inline bool html_is_spliced(struct slice html, const struct html_report *report, struct slice pixel,
				   struct slice out)
{
	size_t at = 0;
	size_t out_n = out.n;
	bool has_pixel = report->pixel_at != HTML_NOWHERE;
	for (size_t i = 0; i <= report->link_count; i++) {
		const struct html_link *link = i < report->link_count ? &report->links[i] : NULL;
		size_t next = link ? link->start : html.n;
		if (has_pixel && (size_t)report->pixel_at <= next) {
			if (!html_splice_takes(html, &at, (size_t)report->pixel_at, &out) ||
			    !slice_starts_with(out, pixel))
				return false;
			out = slice_from(out, pixel.n);
			has_pixel = false;
		}
		if (!html_splice_takes(html, &at, next, &out))
			return false;
		if (!link || link->skip != HTML_NOT_SKIPPED)
			continue;
		if (link->out_start != out_n - out.n || link->out_end < link->out_start || link->out_end > out_n)
			return false;
		out = slice_from(out, link->out_end - link->out_start);
		at = link->end;
	}
	return out.n == 0 && !has_pixel;
}

#endif
