/* SPDX-License-Identifier: Apache-2.0 */
/* hit_path: the paths that readers of mail ask for, taken apart. Pure. */
#ifndef PUGMARK_WEB_HIT_PATH_H
#define PUGMARK_WEB_HIT_PATH_H

#include "base/arena.h"
#include "codec/token/link_token.h"

struct hit_path {
	enum link_token_kind kind;
	struct slice token; /* not looked into; within the path, or in the arena */
	bool is_signed; /* /api/track/…/{message id}?s=…: it is the message's id, and the token is in the query */
};

/* False: it is none of them. What mail programs do to an address is taken off the token again: percent signs for
 * characters that need none, and whatever stands behind it that is in no token, such as the bracket or the comma behind
 * an address that was found in a text. Nothing else of the path may be written in another way. */
bool hit_path_parse(struct slice path, struct arena *arena, struct hit_path *ret);

#endif
