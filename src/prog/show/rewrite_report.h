/* SPDX-License-Identifier: Apache-2.0 */
/* rewrite_report: what the rewriter did, as JSON for machines. Offsets are bytes of the input, for mail of a decoded
 * part.
 */
#ifndef PUGMARK_PROG_REWRITE_REPORT_H
#define PUGMARK_PROG_REWRITE_REPORT_H

#include "codec/mime/mime_rewrite.h"
#include "codec/text/json_text.h"

/* {"bytes_in","bytes_out","charset","pixel_at","links":[],"warnings":[]}; `out` is what html_rewrite made. */
void rewrite_report_html(struct json_text *w, const struct html_report *report, struct slice out);

/* The same for a mail: `charset` and `pixel_at` are those of the part that got the pixel, or of the first that was
 * read. Each link has the number of its "part" too, and "parts" lists all html parts by that number. */
void rewrite_report_eml(struct json_text *w, const struct mime_report *report);

/* The most bytes either of them writes. */
size_t rewrite_report_room(size_t out_bytes, size_t links, size_t parts);

#endif
