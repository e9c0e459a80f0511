/* SPDX-License-Identifier: Apache-2.0 */
/* lint_report: what a linter says of a mail: its parts, its links, and what was found, each with its place. */
#ifndef PUGMARK_CODEC_LINT_REPORT_H
#define PUGMARK_CODEC_LINT_REPORT_H

#include "codec/html/html_rewrite.h"
#include "codec/lint/lint_code.h"

/* Where something is. */
struct lint_place {
	struct slice part; /* of a mail, by IMAP's numbers (RFC 3501, 6.4.5): "1.2"; "": the raw mail, or the HTML */
	size_t offset;     /* in the decoded part, in the raw mail, or in the HTML */
	uint32_t line;     /* from 1; 0: of the whole, nowhere in particular */
	uint32_t column;   /* from 1; in characters where the text is UTF-8, else in bytes */
};

struct lint_finding {
	enum lint_code code;
	enum lint_severity severity;
	struct lint_place place;
	struct slice detail; /* UTF-8: what exactly, "paypal.com, but leads to evil.example"; may be empty */
};

struct lint_link {
	struct html_link link;
	struct lint_place place; /* of its address */
	struct slice text; /* all of it up to LINT_TEXT_MAX bytes; UTF-8, references decoded, one space between words */
	bool has_image;
};
enum { LINT_TEXT_MAX = 256 };
/* Why it is left alone, in words that follow "left alone: "; empty when it is not. Never NULL. */
const char *lint_link_why(const struct lint_link *link);

/* One text/html part, or the HTML alone. */
struct lint_part {
	struct slice part;      /* as in lint_place */
	struct slice charset;   /* as declared or found */
	const char *left_alone; /* why it is not rewritten; NULL: it is */
	size_t bytes_in;
	size_t bytes_out;
};

/* Findings past this many are only counted. */
enum { LINT_FINDINGS_MAX = 1000 };

/* Lists are in the arena. */
struct lint_report {
	bool is_mail;
	struct slice subject; /* of a mail; decoded */
	struct lint_part *parts;
	size_t part_count;
	struct lint_link *links;
	size_t link_count;
	size_t tracked_count;
	struct lint_finding *findings; /* the worst first; by code, then by place */
	size_t finding_count;
	size_t omitted_count; /* … of findings */
	size_t counts[3];     /* by severity, omitted ones included */
	bool has_pixel;
	struct lint_place pixel; /* where it goes */
	size_t bytes_in;         /* of the HTML, or of the whole mail */
	size_t bytes_out;
};

#endif
