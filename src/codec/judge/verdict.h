/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: who is behind one hit, judged from the hit and what its caller knows around it. Pure; rules and sources:
 * doc/judging.md.
 *
 * Order: method, prefetch headers, the honeypot, agents of image proxies, prefetchers, link previews and gateways,
 * networks of scanners, the public list of robots (not for mail clients), points, the rest unknown. Answers never
 * depend on the verdict; only labels do.
 */
#ifndef PUGMARK_CODEC_VERDICT_H
#define PUGMARK_CODEC_VERDICT_H

#include "base/buf.h"
#include "base/slice.h"
#include "codec/judge/ip_address.h"

enum actor {
	ACTOR_UNKNOWN, /* nobody can tell; also: not judged */
	ACTOR_HUMAN,
	ACTOR_PROXY_HUMAN, /* an image proxy acting for a person who opened */
	ACTOR_PREFETCH,    /* Apple MPP, Gmail prefetch: nobody can know */
	ACTOR_SCANNER,
	ACTOR_LINK_PREVIEW,
	ACTOR_CRAWLER,
	ACTOR_COUNT,
};
const char *actor_name(enum actor actor); /* "human", "proxy_human", … */
bool actor_parse(struct slice name, enum actor *ret);
/* In the headline: human, proxy_human; unknown counts as nobody. */
bool actor_is_counted(enum actor actor);

struct network_lists; /* known_network.h */

enum hit_kind { HIT_OPEN, HIT_CLICK, HIT_UNSUBSCRIBE };

/* What is known of a hit. */
struct hit_signals {
	enum hit_kind kind;
	struct slice method;     /* empty: the one that such a hit comes with */
	struct slice user_agent; /* at most USER_AGENT_MAX bytes are looked at */
	struct slice purpose;    /* Sec-Purpose, Purpose, X-Purpose or X-Moz, whichever was sent */
	struct slice referer;
	bool is_honeypot; /* a click on the link that no person sees */

	/* What is not known is false and counts for nobody and against nobody. */
	bool has_client;
	struct ip_address client;
	bool has_delivery_age;
	int64_t delivery_age_ms; /* since the mail was delivered, or else accepted; negative: before */
	bool headers_are_known;  /* the three below say something */
	bool has_accept_language, has_sec_fetch, is_https;
	const struct network_lists *lists; /* an operator's; NULL: none */
};
enum { USER_AGENT_MAX = 1024, REASONS_MAX = 256 };

struct verdict {
	enum actor actor;
	bool mpp; /* Apple Mail Privacy Protection */
	uint8_t confidence_percent;
	char reasons[REASONS_MAX]; /* codes separated by one space */
};

/* The version of the rules, a date. */
#define VERDICT_RULES "2026-11-21"

/* GET; POST for an unsubscription. */
bool verdict_is_usual_method(const struct hit_signals *hit);
void verdict_judge(const struct hit_signals *hit, struct verdict *ret);

#endif
