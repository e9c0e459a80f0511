/* SPDX-License-Identifier: Apache-2.0 */
/* fading_table: what is known of many keys that strangers choose, in memory that is fixed at birth.
 *
 * Each key has a time until which it matters. When the places that a new key may have are all taken, it gets that of
 * the key which matters no longer, or matters for the shortest time: whoever sends ever new keys pushes out what
 * matters least, and never empties the table. Keys are hashes under a secret (siphash.h); who knows none cannot choose
 * which places his keys get. One thread, or a lock of the owner's.
 */
#ifndef PUGMARK_BASE_FADING_TABLE_H
#define PUGMARK_BASE_FADING_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct fading_table;

struct fading {
	uint64_t key;     /* not to be changed */
	int64_t until_us; /* as long as it matters; of a new one 0 */
	uint64_t value;   /* the owner's, as the next */
	uint32_t count;
};

/* Room for at least so many keys. */
struct fading_table *fading_table_new(size_t keys);
/* Sets *table to NULL; *table may be NULL. */
void fading_table_free(struct fading_table **table);

/* NULL: it is not known, or matters no longer. Valid until the next call of fading_table_place, as what that returns.
 */
struct fading *fading_table_find(struct fading_table *table, uint64_t key, int64_t now_us);
/* The same, or a new one, all of it 0 but the key. */
struct fading *fading_table_place(struct fading_table *table, uint64_t key, int64_t now_us);
/* It matters no longer; it need not be there. */
void fading_table_remove(struct fading_table *table, uint64_t key);

#endif
