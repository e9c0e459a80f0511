/* SPDX-License-Identifier: Apache-2.0 */
/* html_link: one link of a mail, and what to do with it.
 *
 * The policy in one place: a link is tracked when it is http(s) with a valid host and nobody objects. Objections are
 * the closed list `enum html_skip`; the first that applies, in the order of the list's groups, is the one reported.
 */
#ifndef PUGMARK_CODEC_HTML_LINK_H
#define PUGMARK_CODEC_HTML_LINK_H

#include "base/arena.h"
#include "codec/html/html_charset.h"
#include "codec/html/html_token.h"
#include "codec/url/url.h"

enum html_skip {
	HTML_NOT_SKIPPED = 0,
	/* what the value is */
	HTML_SKIP_DUPLICATE_ATTRIBUTE, /* a second href of one tag; the first one counts */
	HTML_SKIP_EMPTY,
	HTML_SKIP_FRAGMENT,
	HTML_SKIP_TEMPLATE, /* a merge tag is, or is in, the value */
	HTML_SKIP_RELATIVE, /* no scheme; `//host` too */
	HTML_SKIP_NOT_HTTP,
	HTML_SKIP_CHARSET, /* characters that cannot be decoded: of an unknown encoding, or broken */
	HTML_SKIP_BAD_URL, /* see html_link.fault */
	/* who objects */
	HTML_SKIP_NO_TRACK,            /* an opt-out attribute */
	HTML_SKIP_TOO_MANY_ATTRIBUTES, /* HTML_ATTRIBUTES_MAX or more: who knows what the rest say */
	HTML_SKIP_OWN_LINK,            /* leads to the tracking host already */
	HTML_SKIP_UNSUBSCRIBE,
	HTML_SKIP_VISIBLE_URL, /* its text is an address, and the caller wants those left alone */
	HTML_SKIP_AMP,         /* an AMP mail, which must stay valid */
	HTML_SKIP_REFUSED,     /* the caller's track function said no */
};

/* The word for reports and the API: "not_http", "template"… Empty for HTML_NOT_SKIPPED. Never NULL. */
const char *html_skip_name(enum html_skip skip);

struct html_link {
	uint32_t index; /* 0, 1, … in order of the document, skipped ones included */
	size_t start;   /* the value as written, without quotes, is bytes [start, end) of the input */
	size_t end;
	struct slice url; /* decoded once, trimmed, without line breaks; UTF-8; in the input or in the arena */
	struct slice
	    destination;   /* where a click must lead: printable ASCII, parameters added; only when not skipped */
	struct slice text; /* the first words inside the link as written (references not decoded); may be empty */
	enum html_skip skip;
	enum url_fault fault; /* for HTML_SKIP_BAD_URL */
	bool is_conditional;  /* in a `<!--[if` comment */
	bool is_hidden;       /* from those who are read to (aria-hidden), as our own hidden link is */
	size_t out_start;     /* where the value stands in the output; set by html_rewrite */
	size_t out_end;
};

/* What does not depend on the link. Slices and arrays are borrowed. */
struct html_link_policy {
	const struct charset *charset;
	const struct slice *own_hosts; /* see url_is_on_host */
	size_t own_host_count;
	const struct slice *unsubscribe_urls; /* in decoded form, as in a List-Unsubscribe header */
	size_t unsubscribe_url_count;
	const struct url_parameter *parameters; /* to be added to every tracked destination */
	size_t parameter_count;
};

/* Fills `url`, `destination`, `skip` and `fault` of the links of `source` from their raw values there. `skip` is what
 * their tags say, so far: HTML_NOT_SKIPPED, or one that holds unless the value has a better reason. All at once, since
 * a decoder is opened for all or for none (charset_decoder.h). What must be copied goes to `arena`. */
void html_links_judge(const struct html_link_policy *policy, struct slice source, struct html_link *links, size_t count,
		      struct arena *arena);

/* Whether a tag asks not to be tracked: data-no-track, and what other senders taught authors to write. */
bool html_attribute_is_opt_out(const struct html_attribute *attribute);

/* Whether a link's text looks like an address to its reader. */
bool html_text_is_url(struct slice text);

#endif
