/* SPDX-License-Identifier: Apache-2.0 */
/* secret: the secrets of API keys and console sessions: made, and made into what is kept of them. 192 random bits, so
 * that a plain hash is enough: nobody tries them out one by one. What people choose themselves is in password.h. */
#ifndef PUGMARK_ENGINE_SECRET_H
#define PUGMARK_ENGINE_SECRET_H

#include "base/arena.h"

#define API_KEY_PREFIX SLICE("pmk_")
enum { SECRET_HASH_SIZE = 32 };

/* A new one with `prefix` in front, in the arena, and its hash. */
struct slice secret_new(struct slice prefix, struct arena *arena, uint8_t ret_hash[SECRET_HASH_SIZE]);
/* SHA-256. */
void secret_hash(struct slice secret, uint8_t ret_hash[SECRET_HASH_SIZE]);

#endif
