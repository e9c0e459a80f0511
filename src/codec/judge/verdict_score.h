/* SPDX-License-Identifier: Apache-2.0 */
/* verdict_score: what speaks against a person where no single sign decides. Points of a hit that looks like a mail
 * client or a browser, with their reasons. */
#ifndef PUGMARK_CODEC_VERDICT_SCORE_H
#define PUGMARK_CODEC_VERDICT_SCORE_H

#include "codec/judge/agent_marks.h"
#include "codec/judge/known_network.h"
#include "codec/judge/user_agent.h"
#include "codec/judge/verdict.h"

enum { SCORE_SUSPECT = 50, SCORE_SCANNER = 80 };

/* What a sign is worth, here and in the second look (behaviour.h). */
enum {
	POINTS_PROBABLE_SCANNER = 60,
	POINTS_IMPOSSIBLE_AGENT = 40,
	POINTS_EARLY = 35,
	POINTS_NO_FETCH_METADATA = 30,
	POINTS_DATA_CENTRE = 25,
	POINTS_NO_LANGUAGE = 20,
	POINTS_OLD_AGENT = 10,
	POINTS_FROZEN_AGENT = 40,
};

/* What the first verdict sees of a hit beside the signals. */
struct hit_look {
	const struct hit_signals *hit;
	struct agent_marks marks;
	struct client client;
	struct network network;
};
/* Appends reasons to `reasons`, each behind a space. */
unsigned verdict_score(const struct hit_look *look, struct buf *reasons);
/* The points of a reason that verdict_score gave, "early" apart, which depends on when the mail was delivered; 0 for
 * every other one. `code` is the reason up to its colon. */
unsigned verdict_points_of(struct slice code);
/* In the time around delivery in which machines come: until 60 seconds after it for opens, 30 for clicks. Gateways look
 * while they still hold the mail, and providers tell late, so it begins ten minutes before. */
bool verdict_is_early(enum hit_kind kind, int64_t delivery_age_ms);
/* A page that rewrites links sent the browser here: a person clicked a rewritten link. */
bool verdict_is_rewritten_link(struct slice referer);

#endif
