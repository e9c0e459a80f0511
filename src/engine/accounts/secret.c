/* SPDX-License-Identifier: Apache-2.0 */
/* 24 bytes are 32 characters of base64url without padding: no sign in them needs quoting in a shell, a header or a
 * cookie. The prefix lets scanners of source code find keys that were checked in by mistake. */
#include "engine/accounts/secret.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"
#include "codec/text/base64url.h"
#include "codec/text/sha256.h"

enum { SECRET_BYTES = 24, TEXT_MAX = 96 };

void secret_hash(struct slice secret, uint8_t ret_hash[SECRET_HASH_SIZE])
{
	sha256_of(secret, ret_hash);
}

struct slice secret_new(struct slice prefix, struct arena *arena, uint8_t ret_hash[SECRET_HASH_SIZE])
{
	uint8_t random[SECRET_BYTES];
	char text[TEXT_MAX];
	struct buf b;
	random_bytes(random, sizeof random);
	buf_init_fixed(&b, text, sizeof text);
	buf_append(&b, prefix);
	base64url_append(&b, slice_of(random, sizeof random));
	secret_hash(buf_slice(&b), ret_hash);
	struct slice secret = arena_copy(arena, buf_slice(&b));
	explicit_bzero(text, sizeof text);
	explicit_bzero(random, sizeof random);
	return secret;
}
