/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the linter. One row a code; the texts say what is wrong and what to do about it, once, and the details
 * of a finding say where and what exactly. */
#include "codec/lint/lint_code.h"

struct code_words {
	const char *name;
	enum lint_severity severity;
	const char *text;
};

static const struct code_words code_words[LINT_CODE_COUNT] = {
    [LINT_BAD_URL] = {"bad_url", LINT_ERROR, "The address cannot be opened. Correct it."},
    [LINT_RELATIVE_LINK] = {"relative_link", LINT_ERROR,
			    "A mail has no page for this address to start from. Write it out, with https://."},
    [LINT_SCRIPT_LINK] = {"script_link", LINT_ERROR, "Mail clients do not follow such links. Link to a web page."},
    [LINT_LOCAL_LINK] = {"local_link", LINT_ERROR,
			 "Only this machine or network can open it. Link to the public address."},
    [LINT_PHISHING_TEXT] = {"phishing_text", LINT_ERROR,
			    "The text shows another site than the one the link leads to; filters take that for "
			    "phishing. Show the real address, or use words."},
    [LINT_TEMPLATE_LINK] =
	{"template_link", LINT_ERROR,
	 "A merge tag is left in a link: it leads nowhere and is not tracked. Merge before sending."},
    [LINT_PLACEHOLDER_LINK] = {"placeholder_link", LINT_WARNING,
			       "The link has no address. Fill it in, or take it out."},
    [LINT_VISIBLE_URL] = {"visible_url", LINT_WARNING,
			  "The text is an address, and tracking makes the link lead to another host; filters may take "
			  "that for phishing. Use words, a tracking domain of the same site, or data-no-track."},
    [LINT_HTTP_LINK] = {"http_link", LINT_WARNING, "Not encrypted, unlike this mail's other links. Use https://."},
    [LINT_IP_LINK] = {"ip_link", LINT_WARNING, "The host is a bare number, as in spam. Use a name."},
    [LINT_SHORTENED_LINK] = {"shortened_link", LINT_WARNING,
			     "Filters distrust link shorteners, and clicks are tracked anyway. Use the real address."},
    [LINT_USERINFO_LINK] =
	{"userinfo_link", LINT_WARNING,
	 "What stands before the @ is a user name, and it hides the host, as in phishing. Take it out."},
    [LINT_EMPTY_LINK] = {"empty_link", LINT_WARNING,
			 "It has no words, neither a text nor an image's alt; screen readers read out the address. Put "
			 "words in, or take the link out."},
    [LINT_MISSING_ANCHOR] = {"missing_anchor", LINT_NOTE,
			     "Nothing in this mail has that id or name. Correct the link, or take it out."},
    [LINT_MANY_LINKS] = {"many_links", LINT_WARNING,
			 "This many links look like spam and make the mail grow. Leave out what nobody needs."},
    [LINT_TRACKED_UNSUBSCRIBE] =
	{"tracked_unsubscribe", LINT_NOTE,
	 "The unsubscribe link is tracked like any other. Mark it with data-no-track to let it lead there directly."},
    [LINT_CUT] = {"cut", LINT_ERROR, "It is never closed, and mail clients do not show what follows. Close it."},
    [LINT_NESTED_LINK] = {"nested_link", LINT_WARNING,
			  "A link cannot hold a link: the outer one ends where the inner one begins. Close the first "
			  "before the second."},
    [LINT_UNCLOSED_LINK] = {"unclosed_link", LINT_WARNING,
			    "Its </a> is missing, and each client ends it somewhere else. Close it."},
    [LINT_DUPLICATE_HREF] = {"duplicate_href", LINT_WARNING,
			     "The tag has two addresses, and only the first one counts. Take this one out."},
    [LINT_NO_PIXEL] =
	{"no_pixel", LINT_WARNING,
	 "There is nowhere to put the open pixel: opens are not counted. Repair the markup, or give it a <body>."},
    [LINT_PIXEL_PRESENT] = {"pixel_present", LINT_NOTE,
			    "It was instrumented before; no second pixel is added. Rewrite the original instead."},
    [LINT_ACTIVE_CONTENT] = {"active_content", LINT_WARNING,
			     "Mail clients take it out, or refuse the mail. Do without, and link to a page."},
    [LINT_BODY_END] = {"body_end", LINT_NOTE, "There should be one </body>. The pixel goes in front of the last one."},
    [LINT_RELATIVE_IMAGE] = {"relative_image", LINT_ERROR,
			     "A mail has no page for this address to start from: the image does not load. Write it "
			     "out, with https://, or attach it and use cid:."},
    [LINT_TEMPLATE_IMAGE] = {"template_image", LINT_ERROR,
			     "A merge tag is left in an image's address. Merge before sending."},
    [LINT_DATA_IMAGE] = {"data_image", LINT_WARNING,
			 "Gmail and Outlook do not show images that are written into the address. Link to it, or "
			 "attach it and use cid:."},
    [LINT_NO_ALT] =
	{"no_alt", LINT_WARNING,
	 "Without alt, readers who block images or listen to the mail get nothing. Describe it; alt=\"\" for "
	 "decoration."},
    [LINT_HTTP_IMAGE] = {"http_image", LINT_NOTE, "Not encrypted; some clients do not load it. Use https://."},
    [LINT_IMAGE_ONLY] =
	{"image_only", LINT_WARNING,
	 "Nearly all of it is in images, which many clients do not load and filters distrust. Say it in text too."},
    [LINT_TEMPLATE_TEXT] = {"template_text", LINT_WARNING,
			    "What looks like a merge tag is left in the text. Merge before sending."},
    [LINT_GMAIL_CLIP] = {"gmail_clip", LINT_WARNING,
			 "Gmail cuts HTML off after 102 KB: the end, and a pixel there, are not loaded. Make it "
			 "smaller, or put the pixel at the top."},
    [LINT_NEAR_CLIP] = {"near_clip", LINT_NOTE,
			"Gmail cuts HTML off after 102 KB, and this is close to it. Make it smaller before it grows."},
    [LINT_UNSAFE_CHARSET] = {"unsafe_charset", LINT_WARNING,
			     "HTML in this encoding cannot be edited: nothing is tracked. Send it as UTF-8."},
    [LINT_UNKNOWN_CHARSET] = {"unknown_charset", LINT_WARNING,
			      "Links with characters of this encoding are not tracked. Send it as UTF-8."},
    [LINT_WRONG_BYTES] = {"wrong_bytes", LINT_WARNING,
			  "These bytes are no UTF-8, which is what it is taken for; readers may see other characters. "
			  "Convert it, or declare its real charset."},
    [LINT_LONG_LINE] =
	{"long_line", LINT_NOTE,
	 "Mail servers break lines of more than 998 bytes. Let it be sent as quoted-printable or base64."},
    [LINT_BIDI_CONTROL] = {"bidi_control", LINT_WARNING,
			   "A character (as U+202E) turns the direction of text around, so that it reads as something "
			   "else; filters take that for deceit. Take it out."},
    [LINT_TEMPLATE_SUBJECT] = {"template_subject", LINT_ERROR,
			       "A merge tag is left in the subject. Merge before sending."},
    [LINT_NO_SUBJECT] = {"no_subject", LINT_WARNING, "There is no subject. Write one."},
    [LINT_NO_HTML] = {"no_html", LINT_NOTE, "There is no HTML part: nothing to track."},
    [LINT_NO_TEXT_PART] =
	{"no_text_part", LINT_WARNING,
	 "There is no plain text; filters, watches and some readers want it. Add it as multipart/alternative."},
    [LINT_NO_CHARSET] = {"no_charset", LINT_WARNING,
			 "There are characters other than ASCII, but Content-Type names no charset. Add it."},
    [LINT_NO_LIST_UNSUBSCRIBE] = {"no_list_unsubscribe", LINT_WARNING,
				  "Bulk mail needs a List-Unsubscribe header; Gmail and Yahoo demand it. Add it."},
    [LINT_NO_ONE_CLICK] =
	{"no_one_click", LINT_WARNING,
	 "Gmail and Yahoo demand one click: add \"List-Unsubscribe-Post: List-Unsubscribe=One-Click\" "
	 "(RFC 8058)."},
    [LINT_BAD_LIST_UNSUBSCRIBE] =
	{"bad_list_unsubscribe", LINT_ERROR,
	 "One-click unsubscribing (RFC 8058) needs an https address in List-Unsubscribe. Add it."},
    [LINT_NO_UNSUBSCRIBE_LINK] = {"no_unsubscribe_link", LINT_WARNING,
				  "Bulk mail needs a visible way out. Add a link to unsubscribe."},
    [LINT_SIGNED_ALREADY] = {"signed_already", LINT_WARNING,
			     "Rewriting the body breaks this signature. Let the mail be signed after Pugmark."},
    [LINT_PART_LEFT_ALONE] = {"part_left_alone", LINT_NOTE, "This part is not rewritten."},
};

/* A code that is not of the list can only be a mistake of ours, and a report is no place to die of it. */
const char *lint_code_name(enum lint_code code)
{
	return (unsigned)code < LINT_CODE_COUNT ? code_words[code].name : "unknown";
}

const char *lint_code_text(enum lint_code code)
{
	return (unsigned)code < LINT_CODE_COUNT ? code_words[code].text : "Unknown.";
}

enum lint_severity lint_code_severity(enum lint_code code)
{
	return (unsigned)code < LINT_CODE_COUNT ? code_words[code].severity : LINT_NOTE;
}

const char *lint_severity_name(enum lint_severity severity)
{
	switch (severity) {
	case LINT_ERROR: return "error";
	case LINT_WARNING: return "warning";
	default: return "note";
	}
}
