/* SPDX-License-Identifier: Apache-2.0 */
/* behaviour: who is behind the hits of one message, judged from all of them together. Pure.
 *
 * The first verdict (verdict.h) believes what a hit says of itself; most scanners say they are an ordinary browser.
 * What gives them away is what they do: follow every link at once, fetch within seconds of delivery, walk through all
 * recipients of a company. Strong signs decide alone, weak ones only together; the weights are in behaviour.c.
 *
 * Only what was counted as a person, or as nobody, can become a machine here. Nothing becomes a person: somebody who
 * comes after a scanner is a hit of their own, and counts by itself.
 *
 * How often it is asked makes no difference: with more hits no sign of a hit goes away, and signs are read from what
 * the first verdict said of it (its reasons), never from what an earlier look made of it. So looking after every hit,
 * or twice, comes to the verdicts of one look at the end.
 */
#ifndef PUGMARK_CODEC_BEHAVIOUR_H
#define PUGMARK_CODEC_BEHAVIOUR_H

#include "codec/judge/ip_address.h"
#include "codec/judge/verdict.h"
#include "codec/text/uuid.h"
#include <stdint.h>

enum {
	BEHAVIOUR_SETTLE_S = 120,      /* all that can still change a verdict happens within that time */
	BEHAVIOUR_HITS_MAX = 512,      /* judged at once */
	BEHAVIOUR_BURST_LINKS_MIN = 3, /* different links that no person follows … */
	BEHAVIOUR_BURST_MS = 2000,     /* … within that time */
	BEHAVIOUR_HONEYPOT_S = 10,     /* to either side of a hit on the honeypot: everybody's hits on that mail … */
	BEHAVIOUR_HONEYPOT_SOURCE_S = 120, /* … and the same source's */
	BEHAVIOUR_FAN_OUT_MIN = 5,         /* recipients */
	BEHAVIOUR_FAN_OUT_REACH_S = 60     /* to either side of a hit */
};

/* Where a hit came from, as far as hits can share it. */
struct behaviour_source {
	uint64_t network; /* stands for an IPv4 /24 or an IPv6 /48; 0: not known, like no other */
	uint64_t agent;   /* stands for the user agent; 0: not known */
};
/* `address` may be NULL, `user_agent` empty. */
struct behaviour_source behaviour_source_of(const struct ip_address *address, struct slice user_agent);

struct behaviour_hit {
	struct uuid id;
	enum hit_kind kind; /* open or click; others are passed over */
	int64_t time_us;
	uint32_t link_index; /* of a click, unless `reasons` say that it was the honeypot */
	struct behaviour_source source;
	uint32_t fan_out;     /* recipients of one domain that the source came for around then; 0: not known */
	enum actor actor;     /* the verdict so far */
	struct slice reasons; /* of it, as in struct verdict */
	/* Out. */
	bool is_changed;
	struct verdict verdict; /* the new one, when it is changed; what `reasons` said first, then what was seen */
	struct uuid group;      /* of a burst: the id of its first hit; zero: none */
};

struct behaviour_mail {
	int64_t delivered_us;  /* else when the other side took it; 0: nobody knows, and no window applies */
	int64_t first_open_us; /* by anybody; 0: none */
	uint32_t links;        /* links that can be clicked; 0: not known */
};

/* `hits` are those of one message in order of time; those past BEHAVIOUR_HITS_MAX are left alone. */
void behaviour_judge(const struct behaviour_mail *mail, struct behaviour_hit *hits, size_t count);

/* Whether such a verdict may still change when more is known: it is about a person, or about nobody. */
bool behaviour_is_provisional(enum actor actor);
/* Whether what is known of this hit alone may still make it another one's: it came in the window, or nobody knows yet
 * whether it did, or its reasons have nearly enough points. False: only a click or a hit on the honeypot that comes
 * within BEHAVIOUR_SETTLE_S can, and a look that is taken for that one sees this one, too. Uses kind, time_us and
 * reasons. */
bool behaviour_can_change_alone(const struct behaviour_mail *mail, const struct behaviour_hit *hit);
/* Whether a click with that verdict was on the link that no person sees, by who fetched it to look behind it. */
bool behaviour_is_honeypot(enum actor actor, struct slice reasons);
/* In the time around delivery in which machines come: 60 seconds for opens, 30 for clicks. */
bool behaviour_in_window(const struct behaviour_mail *mail, enum hit_kind kind, int64_t time_us);

#endif
