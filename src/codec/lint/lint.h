/* SPDX-License-Identifier: Apache-2.0 */
/* lint: what is wrong with a mail, before it is sent.
 *
 * Rewrites the mail as it would be rewritten, with tokens of the real length, and says what became of each link and
 * why, how large it got, and what a mail expert would object to. A finding is one of a closed list of codes, has a
 * place, and says what to do. Few and right is the aim: what is fine in most mails is not mentioned. Pure; linear in
 * the size of the mail; any bytes will do. No link is visited.
 */
#ifndef PUGMARK_CODEC_LINT_H
#define PUGMARK_CODEC_LINT_H

#include "codec/html/html_rewrite.h"
#include "codec/text/json_text.h"

enum lint_severity { LINT_NOTE, LINT_WARNING, LINT_ERROR };

enum lint_code {
	/* links */
	LINT_BAD_URL,
	LINT_RELATIVE_LINK,
	LINT_SCRIPT_LINK,      /* javascript: and what else no mail client follows */
	LINT_LOCAL_LINK,       /* localhost and private networks */
	LINT_PHISHING_TEXT,    /* the text shows another site than the link leads to */
	LINT_TEMPLATE_LINK,    /* a merge tag is left in it */
	LINT_PLACEHOLDER_LINK, /* empty, or "#" */
	LINT_VISIBLE_URL,      /* the text shows the address that tracking replaces */
	LINT_HTTP_LINK,        /* where the others are https */
	LINT_IP_LINK,
	LINT_SHORTENED_LINK,
	LINT_USERINFO_LINK, /* user@host hides where it leads */
	LINT_EMPTY_LINK,    /* nothing to click on */
	LINT_MISSING_ANCHOR,
	LINT_MANY_LINKS,
	LINT_TRACKED_UNSUBSCRIBE,
	/* markup */
	LINT_CUT,
	LINT_NESTED_LINK,
	LINT_UNCLOSED_LINK,
	LINT_DUPLICATE_HREF,
	LINT_NO_PIXEL,
	LINT_PIXEL_PRESENT,
	LINT_ACTIVE_CONTENT,
	LINT_BODY_END, /* none, or several */
	/* images */
	LINT_RELATIVE_IMAGE,
	LINT_TEMPLATE_IMAGE,
	LINT_DATA_IMAGE,
	LINT_NO_ALT,
	LINT_HTTP_IMAGE,
	LINT_IMAGE_ONLY,
	/* text and size */
	LINT_TEMPLATE_TEXT,
	LINT_GMAIL_CLIP,
	LINT_NEAR_CLIP,
	LINT_UNSAFE_CHARSET, /* cannot be rewritten */
	LINT_UNKNOWN_CHARSET,
	LINT_WRONG_BYTES, /* not of the charset that is declared */
	LINT_LONG_LINE,
	/* the mail around it */
	LINT_TEMPLATE_SUBJECT,
	LINT_NO_SUBJECT,
	LINT_NO_HTML,
	LINT_NO_TEXT_PART,
	LINT_NO_CHARSET,
	LINT_NO_LIST_UNSUBSCRIBE,
	LINT_NO_ONE_CLICK,
	LINT_BAD_LIST_UNSUBSCRIBE,
	LINT_NO_UNSUBSCRIBE_LINK,
	LINT_SIGNED_ALREADY, /* a DKIM-Signature that rewriting breaks */
	LINT_PART_LEFT_ALONE,
};
enum { LINT_CODE_COUNT = LINT_PART_LEFT_ALONE + 1 };

/* "phishing_text"…; one sentence or two: what is wrong, what to do. Never NULL. */
const char *lint_code_name(enum lint_code code);
const char *lint_code_text(enum lint_code code);
/* What a finding of this code has at least; some are worse in bulk mail. */
enum lint_severity lint_code_severity(enum lint_code code);
const char *lint_severity_name(enum lint_severity severity); /* "error", "warning", "note" */
enum lint_kind {
	LINT_KIND_UNKNOWN, /* bulk when its headers say so */
	LINT_BULK,
	LINT_TRANSACTIONAL, /* nobody needs to unsubscribe from it */
};

/* Everything is borrowed. */
struct lint_options {
	struct slice base_url; /* of the tracking host, without a slash at its end */
	struct slice charset;  /* of HTML that is given alone; empty: from the document */
	enum lint_kind kind;
	enum html_pixel_place pixel_place;
	bool is_template; /* merge tags belong there */
};

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

/* Fills *ret. Everything in it lives in `arena` or points into the input. STATUS_OK; STATUS_TOO_BIG for input, or a
 * result, past LINT_SIZE_MAX; *ret is then untouched. */
enum { LINT_SIZE_MAX = 64 << 20 };
enum status lint_html(const struct lint_options *options, struct slice html, struct arena *arena,
		      struct lint_report *ret) MUST_CHECK;
enum status lint_mail(const struct lint_options *options, struct slice message, struct arena *arena,
		      struct lint_report *ret) MUST_CHECK;

/* Whether input is a mail rather than HTML: it begins with a header that mails have. */
bool lint_is_mail(struct slice input);

/* The report as one JSON object. */
void lint_put_json(struct json_text *w, const struct lint_report *report);

#endif
