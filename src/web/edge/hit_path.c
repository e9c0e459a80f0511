/* SPDX-License-Identifier: Apache-2.0 */
/* What this program writes into mails is codec/token/tracking_url; what callers build themselves has longer forms, and
 * those of before stay, because mails do. */
#include "web/edge/hit_path.h"

#include "codec/token/tracking_url.h"

static bool take_prefix(struct slice *path, struct slice prefix)
{
	if (!slice_starts_with(*path, prefix))
		return false;
	*path = slice_from(*path, prefix.n);
	return true;
}

bool hit_path_parse(struct slice path, struct hit_path *ret)
{
	static const struct {
		struct slice prefix;
		enum link_token_kind kind;
	} prefixes[] = {
	    {{"/api/track/open/", 16}, LINK_TOKEN_OPEN},
	    {{"/api/track/click/", 17}, LINK_TOKEN_CLICK},
	    {{"/track/open/", 12}, LINK_TOKEN_OPEN},
	    {{"/track/click/", 13}, LINK_TOKEN_CLICK},
	};
	if (tracking_path_read(path, &ret->kind, &ret->token)) {
		ret->is_signed = ret->token.n == UUID_TEXT_SIZE - 1;
		return true;
	}
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		if (!take_prefix(&path, prefixes[i].prefix))
			continue;
		if (prefixes[i].kind == LINK_TOKEN_OPEN && slice_ends_with(path, SLICE(".gif")))
			path.n -= 4;
		*ret = (struct hit_path){prefixes[i].kind, path, path.n == UUID_TEXT_SIZE - 1};
		return true;
	}
	return false;
}
