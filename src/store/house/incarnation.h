/* SPDX-License-Identifier: Apache-2.0 */
/* incarnation: a store that was put back from a backup begins anew. Part of the store (see store.h).
 *
 * What the backup was made of has gone on after it: it gave numbers to records and positions to events that others may
 * have seen, and nobody here knows how many. So nothing of it is given a second time.
 */
#ifndef PUGMARK_STORE_INCARNATION_H
#define PUGMARK_STORE_INCARNATION_H

#include "store/core/store.h"

/* Before any server uses the store. In one transaction:
 * - `installation` gets a node of its own under a number drawn at random, because one restored twice from the same
 *   backup would get the same next number twice; all other nodes count as ended;
 * - positions of events go on 2^32 further up, so that whoever follows events and has seen later ones than the backup
 *   misses none of the new;
 * - nobody is signed in to the console: who signed out since must not be in again;
 * - no row of the queue is leased.
 * STATUS_CONFLICT: all numbers of nodes are taken. */
enum status store_incarnation_begin(struct store_session *s, struct uuid installation, uint16_t *ret_number,
				    struct err *err) MUST_CHECK;

#endif
