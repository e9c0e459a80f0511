/* SPDX-License-Identifier: Apache-2.0 */
/* replay: opens and clicks that come so often that they are only summed.
 *
 * Each message has a budget for each network that asks for it (an IPv6 /64, one IPv4 address): 300 hits, and one more
 * every ten seconds; and five times as much for what is around it (a /48, a /24). What comes beyond it is answered like
 * everything else, and kept as a number: until a batch goes to the journal, the hits of a message and kind are counted
 * in memory, and written at its end as one record, which is on disk before any of them is answered.
 *
 * One loop's, used on its thread; each loop has budgets of its own. Memory is fixed at birth, nothing is allocated
 * later.
 */
#ifndef PUGMARK_WEB_REPLAY_H
#define PUGMARK_WEB_REPLAY_H

#include "engine/ledger/record.h"
#include "journal/journal.h"

struct replay;
struct replay *replay_new(void);
void replay_free(struct replay **replay);

/* Counts the hit against its budget; whether it is beyond. */
bool replay_is_beyond(struct replay *replay, const struct hit_record *hit, int64_t now_us);
/* Adds it to the sums of the batch that is being filled. False: there is no room for one more; it is to be recorded by
 * itself, with `summed` 1. */
bool replay_sum(struct replay *replay, const struct hit_record *hit, int64_t now_us);
/* Some hits are summed and not written yet. */
bool replay_has_sums(const struct replay *replay);
/* Writes them to the batch. Returns how many hits they stand for beyond their records; those that the batch has no room
 * for are in *ret_lost. */
uint64_t replay_write(struct replay *replay, struct journal_feed *feed, uint64_t *ret_lost);

#endif
