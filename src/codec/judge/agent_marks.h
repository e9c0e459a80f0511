/* SPDX-License-Identifier: Apache-2.0 */
/* agent_marks: what is known of the names in a user agent, found in one pass over it.
 *
 * All that the judge (verdict.h) and the reports (user_agent.h) look for: senders of requests that say who they are,
 * the public list of robots (crawler-user-agents), mail clients and browsers, systems, and a few more words. It says
 * what stands in the text; what follows from it is decided there. Pure; allocates nothing; looks at USER_AGENT_MAX
 * bytes.
 */
#ifndef PUGMARK_CODEC_AGENT_MARKS_H
#define PUGMARK_CODEC_AGENT_MARKS_H

#include "base/slice.h"
#include "codec/judge/user_agent.h"
#include "codec/judge/verdict.h"

/* Words that mean something in company; src/codec/judge/data/agent_signs.tsv has the texts. */
enum agent_sign {
	SIGN_NONE,
	SIGN_APPLE_WEBKIT,
	SIGN_CHROME,
	SIGN_FIREFOX,
	SIGN_GECKO,
	SIGN_KHTML_MOBILE,
	SIGN_MAC_OS_X,
	SIGN_MOBILE,
	SIGN_MSIE,
	SIGN_SAFARI,
	SIGN_TRIDENT,
	SIGN_VERSION,
	SIGN_WINDOWS_NT_5,
	SIGN_WINDOWS_NT_6_0,
	SIGN_COUNT
};

/* Strings are static. */
struct agent_name {
	enum actor actor;
	const char *code; /* NULL: none was found */
};
struct client_name {
	enum client_kind kind;
	const char *name;
};
struct system_name {
	const char *os, *device;
};

struct agent_marks {
	struct slice agent;      /* what was looked at */
	struct agent_name named; /* of known_agents.tsv: the strongest */
	/* Of the public list the first that counts, the longest of those that end at one place; else the first word
	 * that robots use of themselves. Such lists have mail clients' and image proxies' own names, too: look for
	 * those first. */
	struct agent_name robot;
	const struct client_name *client; /* of clients.tsv, the first of the table that occurs; NULL: none */
	const struct system_name *system; /* of systems.tsv, the same */
	uint16_t sign_ends[SIGN_COUNT]; /* where the first of each ends; 0: it does not occur. Of SIGN_NONE: anything */
};

void agent_marks_find(struct slice agent, struct agent_marks *ret);

static inline bool agent_marks_has(const struct agent_marks *marks, enum agent_sign sign)
{
	return marks->sign_ends[sign] != 0;
}
/* The codes that `named` can have, some of them more than once; NULL behind the last. */
const char *agent_marks_code_at(size_t index);
/* The number behind a sign, or 0. */
unsigned agent_marks_version(const struct agent_marks *marks, enum agent_sign sign);

#endif
