/* SPDX-License-Identifier: Apache-2.0 */
/* mime_rewrite: html_rewrite for a whole message. Every inline text/html part is rewritten inside its transfer
 * encoding; bytes outside the changed parts stay as they are, headers, boundaries, line ends and line widths included.
 *
 *   quoted-printable   only what is replaced is encoded anew; a line that would pass 76 characters gets a soft break
 *   base64             from the first change on, in the part's own line width and line ends
 *   7bit, 8bit         spliced; a part in which a line would pass 998 bytes becomes quoted-printable, and its
 *                      Content-Transfer-Encoding is the only header that changes
 *   binary             spliced
 *
 * Never transcodes, never changes a charset or a boundary. Left alone and reported (mime_skip.h): signed, encrypted and
 * attached parts, messages inside messages, AMP, unknown encodings, parts that do not end. One pixel per mail: in
 * the last html part that takes one. An existing DKIM signature of the body becomes invalid; sign behind this.
 */
#ifndef PUGMARK_CODEC_MIME_REWRITE_H
#define PUGMARK_CODEC_MIME_REWRITE_H

#include "codec/html/html_rewrite.h"
#include "codec/mime/mime_skip.h"

/* One text/html part. */
struct mime_html {
	size_t part; /* its index in the tree */
	enum mime_skip skip;
	struct html_report report; /* offsets are those of the decoded part; only when not skipped */
	struct slice html;         /* the decoded part; only when not skipped */
	struct slice rewritten;    /* what a mail client decodes the result to; only when not skipped */
	bool becomes_quoted_printable;
};

struct mime_report {
	struct mime_tree tree;
	struct mime_html *htmls; /* in the arena, in order; link indices go on from one part to the next */
	size_t html_count;
	size_t link_count; /* of all parts */
	size_t tracked_count;
	bool has_pixel;
	bool has_signature; /* a DKIM-Signature or ARC seal stands in the headers */
	bool has_text;      /* a text/plain part that is shown */
	uint32_t warnings;  /* of all parts, enum html_warning */
	size_t bytes_in;
	size_t bytes_out;
};

/* Appends the rewritten message to `out` and fills *ret. In `options`, `charset` is overridden by each part's own.
 * Results live in `arena` or point into `message`. Input that is no message at all is copied unchanged, with
 * html_count 0. STATUS_OK; STATUS_TOO_BIG when `out` is full, *ret is then untouched. */
enum status mime_rewrite(const struct html_rewrite_options *options, struct slice message, struct arena *arena,
			 struct buf *out, struct mime_report *ret) MUST_CHECK;

#endif
