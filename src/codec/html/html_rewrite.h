/* SPDX-License-Identifier: Apache-2.0 */
/* html_rewrite: puts tracking links and an open pixel into the HTML of a mail, and changes no other byte.
 *
 * The document is read as a mail client reads it (html_token.h, html_namespace.h), the policy of html_link.h judges the
 * first href of every `<a>` and `<area>`, and what is tracked is spliced: the bytes of the value between its quotes are
 * replaced, the pixel is inserted, everything else is copied. So white space, quotes, case, broken markup and
 * conditional comments survive exactly. Documents in encodings that cannot be cut (html_charset.h) pass through whole.
 * Linear in the size of the input; no recursion; any bytes will do.
 */
#ifndef PUGMARK_CODEC_HTML_REWRITE_H
#define PUGMARK_CODEC_HTML_REWRITE_H

#include "codec/html/html_link.h"

/* Gmail clips mails larger than this; what lies behind, the pixel at the bottom included, is not loaded. */
enum { HTML_GMAIL_CLIP = 102 * 1024 };

enum html_pixel_place { HTML_PIXEL_OFF, HTML_PIXEL_BOTTOM, HTML_PIXEL_TOP };

/* Makes the tracked URL of one link: appends it to `to`, of A-Za-z0-9-._~:/ only, so that the same bytes are right in
 * every kind of quoting. Called once for each link to be tracked, in order, from inside html_rewrite; must not keep the
 * pointers. False leaves the link as it is (HTML_SKIP_REFUSED), as do an empty result and other characters. */
typedef bool html_track_fn(void *user, const struct html_link *link, struct buf *to);
/* Whether it is of these characters, and not empty. */
bool html_is_tracked_url(struct slice url);

struct html_rewrite_options {
	struct slice charset;           /* of the Content-Type header, or empty */
	struct html_link_policy policy; /* `charset` in it is set by html_rewrite */
	html_track_fn *track;           /* not needed with `identity` */
	void *user;
	struct slice pixel; /* the markup of the open pixel, and of whatever else is to stand there */
	enum html_pixel_place pixel_place;
	uint32_t first_link_index; /* of a mail's later parts: links are numbered through all of them */
	uint32_t links_max;        /* of all parts together, tracked or not; 0: any number */
	bool vml;               /* `<!--[if` comments are rewritten too: `<a>`, `<area>` and VML shapes (`<v:…>`) */
	bool skip_visible_urls; /* links whose text is an address stay as they are */
	bool identity; /* every tracked value is replaced by itself and there is no pixel: output equals input */
};

enum html_warning {
	HTML_WARN_PASSED_THROUGH = 1 << 0, /* an encoding that cannot be cut */
	HTML_WARN_AMP = 1 << 1,
	HTML_WARN_NO_PIXEL = 1 << 2,      /* nowhere to put it */
	HTML_WARN_PIXEL_PRESENT = 1 << 3, /* one of an own host, or a hidden link to it, is there; none is added */
	HTML_WARN_CUT = 1 << 4,           /* the document ends inside a tag, a comment or raw text */
	HTML_WARN_TEMPLATE = 1 << 5,      /* merge tags are left in links */
	HTML_WARN_BAD_URL = 1 << 6,
	HTML_WARN_CHARSET = 1 << 7,     /* links could not be decoded */
	HTML_WARN_VISIBLE_URL = 1 << 8, /* tracked links whose text is an address: looks like phishing */
	HTML_WARN_CLIP = 1 << 9,        /* the output is larger than HTML_GMAIL_CLIP */
	HTML_WARN_REFUSED = 1 << 10,
	HTML_WARN_AMBIGUOUS = 1 << 11, /* raw text in a select or behind a frameset, in which nothing was touched */
};
enum { HTML_WARNING_COUNT = 12 };

/* A code ("gmail_clip") and a sentence for one warning bit. Never NULL. */
const char *html_warning_name(enum html_warning warning);
const char *html_warning_text(enum html_warning warning);

enum { HTML_NOWHERE = -1 };

struct html_report {
	struct html_link *links; /* in the arena; in the order of their start */
	size_t link_count;
	size_t tracked_count;
	int64_t pixel_at;     /* offset in the input, HTML_NOWHERE when none was put in */
	struct slice charset; /* as declared or found; in the options, the input, or a literal */
	size_t bytes_in;
	size_t bytes_out;
	uint32_t warnings; /* bits of enum html_warning */
};

/* Appends the rewritten `html` to `out` and fills *ret. Links and their slices live in `arena`, or point into `html`,
 * which must stay as long as they are used. STATUS_OK; STATUS_TOO_BIG when `out` is full or
 * there are more than `links_max` links, *ret is then untouched. */
enum status html_rewrite(const struct html_rewrite_options *options, struct slice html, struct arena *arena,
			 struct buf *out, struct html_report *ret) MUST_CHECK;

#endif
