/* SPDX-License-Identifier: Apache-2.0 */
/* sealer_fixture: two keys, 1 and 2, and a sealer of them. */
#ifndef PUGMARK_TEST_CODEC_SEALER_FIXTURE_H
#define PUGMARK_TEST_CODEC_SEALER_FIXTURE_H

#include "codec/token/link_token.h"

struct sealer_fixture {
	struct link_token_keys *keys;
	struct link_token_sealer *sealer;
};

static const uint8_t key_one[LINK_TOKEN_KEY_SIZE] = {1}, key_two[LINK_TOKEN_KEY_SIZE] = {2};

static inline struct sealer_fixture sealer_fixture_new(void)
{
	struct sealer_fixture f = {.keys = link_token_keys_new()};
	link_token_keys_set(f.keys, 1, key_one);
	link_token_keys_set(f.keys, 2, key_two);
	f.sealer = link_token_sealer_new(f.keys);
	return f;
}

static inline void sealer_fixture_free(struct sealer_fixture *f)
{
	link_token_sealer_free(&f->sealer);
	link_token_keys_free(&f->keys);
}

#endif
