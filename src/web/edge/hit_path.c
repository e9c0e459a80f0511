/* SPDX-License-Identifier: Apache-2.0 */
/* What this program writes into mails is codec/token/tracking_url; what callers build themselves has longer forms, and
 * those of before stay, because mails do. A token consists of characters that stand for themselves everywhere, so
 * whatever else is on it was not ours; and it is sealed, so nothing that is taken off can make another one of it. */
#include "web/edge/hit_path.h"

#include "codec/text/percent.h"
#include "codec/token/tracking_url.h"

static bool take_prefix(struct slice *path, struct slice prefix)
{
	if (!slice_starts_with(*path, prefix))
		return false;
	*path = slice_from(*path, prefix.n);
	return true;
}

/* RFC 4648, 5. */
static bool is_of_a_token(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_';
}

/* It ends with the first character that is in none: a pixel's ".gif", a quote, a bracket, "&amp;", a word that was
 * written on without a space. */
static struct slice plain_token(struct slice token, struct arena *arena)
{
	struct slice plain = token;
	if (slice_index(token, '%') < token.n && percent_decode(token, PERCENT_PATH, arena, &plain) != STATUS_OK)
		plain = token; /* up to the percent sign that means nothing */
	size_t n = 0;
	while (n < plain.n && is_of_a_token(plain.p[n]))
		n++;
	return slice_sub(plain, 0, n);
}

static struct hit_path path_of(enum link_token_kind kind, struct slice token, struct arena *arena)
{
	struct slice plain = plain_token(token, arena);
	return (struct hit_path){kind, plain, plain.n == UUID_TEXT_SIZE - 1};
}

bool hit_path_parse(struct slice path, struct arena *arena, struct hit_path *ret)
{
	enum link_token_kind kind;
	struct slice token;
	static const struct {
		struct slice prefix;
		enum link_token_kind kind;
	} prefixes[] = {
	    {{"/api/track/open/", 16}, LINK_TOKEN_OPEN},
	    {{"/api/track/click/", 17}, LINK_TOKEN_CLICK},
	    {{"/track/open/", 12}, LINK_TOKEN_OPEN},
	    {{"/track/click/", 13}, LINK_TOKEN_CLICK},
	};
	if (tracking_path_read(path, &kind, &token)) {
		*ret = path_of(kind, token, arena);
		return true;
	}
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		if (!take_prefix(&path, prefixes[i].prefix))
			continue;
		*ret = path_of(prefixes[i].kind, path, arena);
		return true;
	}
	return false;
}
