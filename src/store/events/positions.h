/* SPDX-License-Identifier: Apache-2.0 */
/* positions: numbers of events, ascending, by which a reader goes on where it stopped. Private to the store but for the
 * horizon, which events.h tells of.
 *
 * SQLite has one writer, so a counter that is moved in the transaction will do: what is numbered higher is committed
 * later. On PostgreSQL that counter was a lock that each transaction held to its end, the wait for the disk and for a
 * standby included, and all servers together wrote hardly more than one (facts: scale.md 0.5). There a sequence gives
 * the numbers, which nobody waits for; but then what is numbered lower may be committed later, or never, and a reader
 * that has gone on would miss it.
 *
 * So before a transaction takes numbers it leaves a mark: a shared advisory lock that says where the sequence stood.
 * All numbers that it gets are higher than that, and the mark goes with the transaction, after its rows can be seen,
 * however it ends. The horizon is the lowest mark, or else the newest number: no event will ever come in at or below
 * it. Who reads no further misses nothing. It is asked for in this order: the sequence, then the marks, then (another
 * statement) the events. A writer whose mark is not there yet takes its numbers later, hence above the horizon.
 *
 * The usual way is the number of the transaction and pg_snapshot_xmin. That horizon stands still while any
 * transaction of the whole PostgreSQL server is open that has written, in whatever database: one long report of the
 * operator's platform would stop the live page and every webhook. Marks are ours alone (doc/decisions/0042). */
#ifndef PUGMARK_STORE_POSITIONS_H
#define PUGMARK_STORE_POSITIONS_H

#include "store/core/session.h"
#include "store/events/events.h"

/* Gives each event its position, ascending. Inside a transaction. Those of one that is taken back are not given again
 * where there is a sequence. */
enum status positions_give(struct store_session *s, struct event *events, size_t count, struct err *err) MUST_CHECK;
/* As store_event_horizon. */
enum status positions_horizon(struct store_session *s, uint64_t *ret, struct err *err) MUST_CHECK;

#endif
