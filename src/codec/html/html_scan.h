/* SPDX-License-Identifier: Apache-2.0 */
/* html_scan: the reading half of html_rewrite: all links of a document, and where a pixel could go. Writes nothing. */
#ifndef PUGMARK_CODEC_HTML_SCAN_H
#define PUGMARK_CODEC_HTML_SCAN_H

#include "codec/html/html_link.h"

#define HTML_NO_OFFSET SIZE_MAX

struct html_scan {
	/* given */
	struct slice source; /* the document */
	struct slice
	    html; /* what markup is looked for in: the document, or a copy of the same length (html_charset.h) */
	const struct html_link_policy *policy;
	struct arena *arena;
	uint32_t first_link_index;
	size_t links_max;          /* reading ends behind the tag with one more */
	bool conditional_comments; /* look into `<!--[if` comments */
	/* found */
	struct html_link *links; /* in the arena, in order */
	size_t link_count;
	size_t link_room;
	size_t open_link;      /* the link whose text comes next, or HTML_NO_OFFSET */
	size_t body_start_end; /* behind the first `<body …>` */
	size_t body_end_at;    /* at the last `</body>` */
	size_t html_end_at;    /* at the last `</html>` */
	size_t head_end_end;   /* behind the last `</head>` */
	bool is_frameset;
	bool is_amp;
	bool has_own_pixel; /* of an earlier run, or the hidden link of one */
	bool is_ambiguous;  /* see html_namespace.h */
	bool is_cut;        /* the document ends inside something, so that what were appended would be swallowed */
};

/* Fills the second half of `scan`; the first is the caller's. */
void html_scan_document(struct html_scan *scan);

#endif
