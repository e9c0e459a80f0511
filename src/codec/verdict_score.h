/* SPDX-License-Identifier: Apache-2.0 */
/* verdict_score: what speaks against a person where no single sign decides. Points of a hit that looks like a mail
 * client or a browser, with their reasons. */
#ifndef PUGMARK_CODEC_VERDICT_SCORE_H
#define PUGMARK_CODEC_VERDICT_SCORE_H

#include "codec/known_network.h"
#include "codec/user_agent.h"
#include "codec/verdict.h"

enum { SCORE_SUSPECT = 50, SCORE_SCANNER = 80 };

/* Appends reasons to `reasons`, each behind a space. */
unsigned verdict_score(const struct hit_signals *hit, const struct client *client, const struct network *network,
		       struct buf *reasons);
/* A page that rewrites links sent the browser here: a person clicked a rewritten link. */
bool verdict_is_rewritten_link(struct slice referer);

#endif
