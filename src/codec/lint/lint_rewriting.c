/* SPDX-License-Identifier: Apache-2.0 */
/* A mail is linted before anybody is to get it, so there is no recipient and no key to seal with. The key is one that
 * everybody knows: only the length of the tokens is of interest, and that depends on the destination alone. */
#include "codec/lint/lint_rewriting.h"

enum { PIXEL_MAX = 2 * URL_MAX, KEY_ID = 1 };

static bool track(void *user, const struct html_link *link, struct buf *to)
{
	static const char stored_key[LINK_TOKEN_STORED_KEY_SIZE];
	struct lint_rewriting *r = user;
	bool is_stored = link->destination.n > LINK_TOKEN_URL_MAX;
	struct link_token token = {.kind = LINK_TOKEN_CLICK,
				   .consent = LINK_TOKEN_CONSENT_FULL,
				   .tenant = 1,
				   .link_index = link->index,
				   .is_stored = is_stored,
				   .destination =
				       is_stored ? slice_of(stored_key, sizeof stored_key) : link->destination};
	return tracking_url_append(&r->origin, &token, to) == STATUS_OK;
}

static struct slice make_pixel(struct lint_rewriting *r, struct arena *arena)
{
	struct link_token token = {.kind = LINK_TOKEN_OPEN, .consent = LINK_TOKEN_CONSENT_FULL, .tenant = 1};
	struct buf pixel;
	buf_init_in_arena(&pixel, PIXEL_MAX, arena);
	if (tracking_pixel_append(&r->origin, &token, &pixel) != STATUS_OK)
		return SLICE_EMPTY; /* of a base URL that no mail would have */
	return buf_slice(&pixel);
}

/* Sealed with a key that everybody knows: only the length of the tokens is of interest. */
void lint_rewriting_init(struct lint_rewriting *rewriting, const struct lint_options *options, struct arena *arena)
{
	static const uint8_t no_secret[LINK_TOKEN_KEY_SIZE];
	struct lint_rewriting *r = rewriting;
	buf_init(&r->out, (size_t)4 * LINT_SIZE_MAX);
	r->origin = (struct tracking_origin){NULL, KEY_ID, options->base_url};
	r->own_host = url_authority(options->base_url);
	r->keys = link_token_keys_new();
	link_token_keys_set(r->keys, KEY_ID, no_secret);
	r->origin.sealer = link_token_sealer_new(r->keys);
	r->options = (struct html_rewrite_options){.charset = options->charset,
						   .policy = {.own_hosts = &r->own_host, .own_host_count = 1},
						   .track = track,
						   .user = r,
						   .pixel = make_pixel(r, arena),
						   .pixel_place = options->pixel_place,
						   .vml = true,
						   .links_max = options->links_max};
}

void lint_rewriting_done(struct lint_rewriting *rewriting)
{
	link_token_sealer_free(&rewriting->origin.sealer);
	link_token_keys_free(&rewriting->keys);
	buf_done(&rewriting->out);
}
