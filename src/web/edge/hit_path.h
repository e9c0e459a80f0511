/* SPDX-License-Identifier: Apache-2.0 */
/* hit_path: the paths that readers of mail ask for, taken apart. Pure. */
#ifndef PUGMARK_WEB_HIT_PATH_H
#define PUGMARK_WEB_HIT_PATH_H

#include "codec/token/link_token.h"

struct hit_path {
	enum link_token_kind kind;
	struct slice token; /* not looked into; within the path */
	bool is_signed; /* /api/track/…/{message id}?s=…: it is the message's id, and the token is in the query */
};

/* False: it is none of them. */
bool hit_path_parse(struct slice path, struct hit_path *ret);

#endif
