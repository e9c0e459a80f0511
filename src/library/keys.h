/* SPDX-License-Identifier: Apache-2.0 */
/* keys: what is behind the public struct. */
#ifndef PUGMARK_LIBRARY_KEYS_H
#define PUGMARK_LIBRARY_KEYS_H

#include "codec/token/link_token.h"
#include "library/memory.h"

struct pugmark_keys {
	struct memory memory;
	struct link_token_keys *keys;
};

/* A sealer in `memory`, inside memory_try; NULL when OpenSSL has no memory. */
struct link_token_sealer *keys_sealer(const struct pugmark_keys *keys, struct memory *memory);

#endif
