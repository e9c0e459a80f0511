/* SPDX-License-Identifier: Apache-2.0 */
/* key_use: when an API key was used last, to the minute.
 *
 * Whoever has answered for a key says so, and goes on at once: the writer notes it when it comes to it, at most once a
 * minute for each key, and nobody waits. What cannot be written, while the store is away, is forgotten: the next use
 * tells more than the last one.
 */
#ifndef PUGMARK_ENGINE_KEY_USE_H
#define PUGMARK_ENGINE_KEY_USE_H

#include "store/house/accounts.h"

struct key_uses;
struct writer;

/* `writer` must outlive every call of key_use_note. */
struct key_uses *key_uses_new(struct writer *writer);
/* Once the writer has stopped. NULL is allowed. */
void key_uses_free(struct key_uses **uses);

/* `last_us`: what the store says of it, as it was read for this request. Any thread; does not block. */
void key_use_note(struct key_uses *uses, struct uuid key, int64_t last_us, int64_t now_us);

#endif
