/* SPDX-License-Identifier: Apache-2.0 */
/* user_agent: which mail client or browser a User-Agent names, for reports.
 *
 * A hand-made table in order of precedence, not a database: browsers freeze most detail anyway. It says what the text
 * claims, not whether the claim is true (verdict.h does that). Pure; allocates nothing; looks at USER_AGENT_MAX bytes
 * (verdict.h).
 */
#ifndef PUGMARK_CODEC_USER_AGENT_H
#define PUGMARK_CODEC_USER_AGENT_H

#include "base/slice.h"

struct agent_marks; /* agent_marks.h */

enum client_kind {
	CLIENT_UNKNOWN,
	CLIENT_MAIL,    /* reads mail */
	CLIENT_BROWSER, /* shows pages */
	CLIENT_PROXY,   /* fetches for a person it hides: system and device say nothing about that person */
};

/* Static strings; NULL: not known. */
struct client {
	enum client_kind kind;
	const char *name;    /* "Outlook", "Apple Mail", "Chrome" */
	const char *os;      /* "Windows", "macOS", "iOS", "iPadOS", "Android", "Linux", "ChromeOS" */
	const char *device;  /* "desktop", "phone", "tablet" */
	bool is_bare_engine; /* CLIENT_MAIL by what it leaves out: it has no name of its own */
};

void user_agent_parse(struct slice user_agent, struct client *ret);
/* The same of an agent that was read already. */
void user_agent_of_marks(const struct agent_marks *marks, struct client *ret);

#endif
