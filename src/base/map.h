/* SPDX-License-Identifier: Apache-2.0 */
/* map: bytes to pointer, hashed with SipHash-1-3 under a random key, so that nobody outside can choose collisions.
 *
 * Keys are copied; values belong to the caller. Open addressing, never more than three quarters full. One thread each.
 */
#ifndef PUGMARK_BASE_MAP_H
#define PUGMARK_BASE_MAP_H

#include "base/slice.h"

struct map;

struct map *map_new(void);
/* Sets *map to NULL; *map may be NULL. The values are not touched. */
void map_free(struct map **map);
size_t map_count(const struct map *map);
/* The value, or NULL. */
void *map_get(const struct map *map, struct slice key);
/* Stores `value` (not NULL) and returns the one it replaces, or NULL. */
void *map_put(struct map *map, struct slice key, void *value);
/* Takes the entry out and returns its value, or NULL. */
void *map_remove(struct map *map, struct slice key);
/* Forgets all entries, keeps the table. */
void map_clear(struct map *map);

/* Walks all entries in no order: start with *cursor = 0; false at the end. The map must not change meanwhile. */
bool map_next(const struct map *map, size_t *cursor, struct slice *ret_key, void **ret_value);

#endif
