/* SPDX-License-Identifier: Apache-2.0 */
/* tracking_url: the addresses that a mail carries to us: the base URL, a path that says the kind of token, the token.
 *
 *   BASE/o/TOKEN.gif   open         the name of an image, for those who judge an address by its ending
 *   BASE/c/TOKEN       click
 *   BASE/u/TOKEN       unsubscribe
 *
 * One table for writing and for reading, so that what one build of this program puts into a mail another one knows
 * again. They consist of A-Za-z0-9-._~:/ only when the base does (see html_track_fn). Pure.
 */
#ifndef PUGMARK_CODEC_TRACKING_URL_H
#define PUGMARK_CODEC_TRACKING_URL_H

#include "codec/token/link_token.h"

/* Who seals, and where to. Everything is borrowed. */
struct tracking_origin {
	struct link_token_sealer *sealer;
	uint8_t key_id;
	struct slice base_url; /* without a slash at its end */
};

/* Appends the address of a token of one of these three kinds. The results of link_token_seal; what was appended before
 * a failure stays. */
enum status tracking_url_append(const struct tracking_origin *origin, const struct link_token *token,
				struct buf *to) MUST_CHECK;
/* Appends the image (open_pixel.h) whose address is that of `token`, an open. */
enum status tracking_pixel_append(const struct tracking_origin *origin, const struct link_token *token,
				  struct buf *to) MUST_CHECK;

/* Takes a path of one of these forms apart; the ".gif" may be missing. False for any other path; the token is not
 * looked into. */
bool tracking_path_read(struct slice path, enum link_token_kind *ret_kind, struct slice *ret_token);

/* The name in the store of a destination that is too long for a token: the first bytes of its SHA-256. */
void tracking_stored_key(struct slice destination, char ret[LINK_TOKEN_STORED_KEY_SIZE]);

#endif
