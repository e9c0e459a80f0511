/* SPDX-License-Identifier: Apache-2.0 */
/* The paths are as short as they can be: each one is in every link of every mail, and Gmail clips long mails. */
#include "codec/token/tracking_url.h"

#include "base/mem.h"
#include "codec/html/open_pixel.h"
#include "codec/text/sha256.h"

struct path {
	struct slice prefix;
	enum link_token_kind kind;
	struct slice ending; /* written, and not missed when it is not there */
};

static const struct path paths[] = {
    {{"/o/", 3}, LINK_TOKEN_OPEN, {".gif", 4}},
    {{"/c/", 3}, LINK_TOKEN_CLICK, {"", 0}},
    {{"/u/", 3}, LINK_TOKEN_UNSUBSCRIBE, {"", 0}},
};

enum { PATH_COUNT = sizeof paths / sizeof paths[0] };

static const struct path *path_of(enum link_token_kind kind)
{
	size_t i = 0;
	while (i < PATH_COUNT && paths[i].kind != kind)
		i++;
	BUG_IF(i == PATH_COUNT); /* no token of that kind is in an address */
	return &paths[i];
}

enum status tracking_url_append(const struct tracking_origin *origin, const struct link_token *token, struct buf *to)
{
	const struct path *path = path_of(token->kind);
	buf_append(to, origin->base_url);
	buf_append(to, path->prefix);
	enum status status = link_token_seal(origin->sealer, origin->key_id, token, to);
	buf_append(to, path->ending);
	return status == STATUS_OK ? buf_status(to) : status;
}

enum status tracking_pixel_append(const struct tracking_origin *origin, const struct link_token *token, struct buf *to)
{
	open_pixel_begin(to);
	enum status status = tracking_url_append(origin, token, to);
	open_pixel_end(to);
	return status == STATUS_OK ? buf_status(to) : status;
}

/* No token has a dot in it, so an ending can be taken off before anybody looks into it. */
bool tracking_path_read(struct slice path, enum link_token_kind *ret_kind, struct slice *ret_token)
{
	for (size_t i = 0; i < PATH_COUNT; i++) {
		if (!slice_starts_with(path, paths[i].prefix))
			continue;
		struct slice token = slice_from(path, paths[i].prefix.n);
		if (slice_ends_with(token, paths[i].ending))
			token.n -= paths[i].ending.n;
		*ret_kind = paths[i].kind;
		*ret_token = token;
		return true;
	}
	return false;
}

void tracking_stored_key(struct slice destination, char ret[LINK_TOKEN_STORED_KEY_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	_Static_assert((int)LINK_TOKEN_STORED_KEY_SIZE <= (int)SHA256_SIZE, "a key is the beginning of a digest");
	sha256_of(destination, digest);
	memcpy(ret, digest, LINK_TOKEN_STORED_KEY_SIZE);
}
