/* SPDX-License-Identifier: Apache-2.0 */
/* Words for what html_rewrite left alone. They follow html_skip one to one; that list is closed, so the compiler says
 * here when it grows. */
#include "codec/lint/lint_report.h"

const char *lint_link_why(const struct lint_link *link)
{
	switch (link->link.skip) {
	case HTML_NOT_SKIPPED: return "";
	case HTML_SKIP_DUPLICATE_ATTRIBUTE: return "a second address of one tag";
	case HTML_SKIP_EMPTY: return "has no address";
	case HTML_SKIP_FRAGMENT: return link->link.url.n == 1 ? "has no address" : "leads to a place in the mail";
	case HTML_SKIP_TEMPLATE: return "has a merge tag in it";
	case HTML_SKIP_RELATIVE: return "no full address";
	case HTML_SKIP_NOT_HTTP: return "not a web address";
	case HTML_SKIP_CHARSET: return "in an unknown encoding";
	case HTML_SKIP_BAD_URL: return "not a valid address";
	case HTML_SKIP_NO_TRACK: return "marked not to be tracked";
	case HTML_SKIP_TOO_MANY_ATTRIBUTES: return "in a tag of 4,096 attributes or more";
	case HTML_SKIP_OWN_LINK: return "leads to the tracking host already";
	case HTML_SKIP_UNSUBSCRIBE: return "the unsubscribe address";
	case HTML_SKIP_VISIBLE_URL: return "its text is an address";
	case HTML_SKIP_AMP: return "AMP must stay as it is";
	case HTML_SKIP_REFUSED: return "too long to be tracked";
	}
	return "unknown";
}
