/* SPDX-License-Identifier: Apache-2.0 */
/* lint_code: what a linter can find, as a closed list, and the words for it. Pure. */
#ifndef PUGMARK_CODEC_LINT_CODE_H
#define PUGMARK_CODEC_LINT_CODE_H

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
	LINT_BIDI_CONTROL,
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

#endif
