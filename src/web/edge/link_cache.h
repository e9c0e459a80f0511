/* SPDX-License-Identifier: Apache-2.0 */
/* link_cache: destinations too long for a token that were asked for lately, so that clicks on them need no store.
 *
 * What a key stands for never changes (it is a hash of the URL), so nothing in here grows old; it is bounded by bytes,
 * and what was not asked for the longest goes first, roughly. Any thread; the lock is held to copy one URL. */
#ifndef PUGMARK_WEB_LINK_CACHE_H
#define PUGMARK_WEB_LINK_CACHE_H

#include "base/arena.h"
#include "base/slice.h"

struct link_cache;
/* Holds at least half of `bytes`, and at most all of them and one URL more. */
struct link_cache *link_cache_new(size_t bytes);
void link_cache_free(struct link_cache **cache);
void link_cache_put(struct link_cache *cache, uint32_t tenant, struct slice key, struct slice url);
/* The destination, copied into the arena; an empty slice when it is not in here. */
struct slice link_cache_find(struct link_cache *cache, uint32_t tenant, struct slice key, struct arena *arena);

#endif
