/* SPDX-License-Identifier: Apache-2.0 */
/* timers: does what is due, kind by kind, as a part of the writer's transactions. The list is in the store
 * (store/house/timers.h), so a start needs no memory of it and a crash loses none.
 *
 * When it fires. A timer is not due by the wall clock but by the applied watermark: the time up to which everything
 * that was received has been applied (watermark.h). So whatever was received before a deadline has had its
 * effect when the deadline passes: a click at 71:59:59 that is applied an hour late still comes before the 72nd hour's
 * timer. While the journal is behind or cannot be read, nothing is due. It follows that a timer fires some moments
 * after its time (half a second, two more beside other servers for what they have received, and what the
 * writer's round takes), or as much later as apply is behind, and that its handler must reckon with `due_us` rather
 * than with the time at which it runs.
 *
 * In which order. Within a kind, earliest first, a few at a time, and those few in order of their keys; between kinds
 * there is none. Beside other servers each machine takes what the others have not taken, and goes by its own journal: a
 * kind whose answer depends on records of other machines reads them from the store, and stays right when such a record
 * comes later (as settling does: the record sets its own timer).
 *
 * How often. Firing and its effects are one transaction: exactly once for what the handler writes to the store. It may
 * run more often than that (the commit failed), so it changes nothing else. A handler that fails for good leaves
 * its timer taken: it is logged (timer.refused) and the others go on, so that one bad row never stops a kind.
 *
 * To add a kind: a number in store/house/timers.h, a handler here, batch_set_timer() where the wait begins. Put off by
 * setting the next timer from the handler; do not look for the old one to move it. */
#ifndef PUGMARK_ENGINE_TIMERS_H
#define PUGMARK_ENGINE_TIMERS_H

#include "base/clock.h"
#include "engine/ledger/batch.h"

/* What may fire next. */
struct timers_span {
	int64_t first_due_us, watermark_us;
	const struct clock *clock;
	int64_t end_us; /* monotonic */
};
struct timer_handler {
	enum timer_kind kind;
	const char *name; /* for the log */
	/* Does what is due. STATUS_OK also when there is nothing to do any more. What it writes goes through the batch
	 * and its session. */
	enum status (*fire)(void *self, struct batch *batch, const struct timer *timer, struct err *err);
	void *self;
	/* Reads at once what `fire` will need for each of these, which are in the order of their keys; before every
	 * firing, also of one. NULL: nothing is gained. */
	enum status (*prepare)(void *self, struct batch *batch, const struct timer_list *timers, struct err *err);
	/* Outside of a transaction, before some of these fire: reads what may take longer than a slice, until then
	 * (monotonic). False: there is more to read, and nothing fires in this round. NULL: nothing takes long. */
	bool (*get_ready)(void *self, struct store_session *session, const struct timers_span *span);
};
enum { TIMER_HANDLERS_MAX = 8 };

struct timers;
/* Copies the handlers; a kind whose handler is not there waits in the store. `clock` must outlive it. */
struct timers *timers_new(const struct timer_handler *handlers, size_t count, const struct clock *clock);
void timers_free(struct timers **timers);

/* A timer for that time was set and committed; 0: none was. Those of other machines are found by asking. */
void timers_note(struct timers *timers, int64_t due_us);
enum timers_state {
	TIMERS_NOT_DUE,
	TIMERS_GET_READY, /* some are due, and what they need is not read yet; ask again soon */
	TIMERS_DUE,
};
/* Whether anything is due at `watermark_us`; asks the store when a time that was noted has come, after it fired some,
 * and once a second. Outside of a transaction. What cannot be asked now is asked later: a store that is away is noticed
 * by whoever writes. Reads until `end_us` (monotonic) what those that are due will need. */
enum timers_state timers_look(struct timers *timers, struct store_session *session, int64_t watermark_us,
			      int64_t end_us);
/* Fires what is due, until all is done or `end_us` (monotonic) has come, but at least a few. Inside a transaction. Not
 * STATUS_OK: the transaction is dead. */
struct timers_slice {
	int64_t watermark_us;
	int64_t end_us;
	/* One time only, because beside other servers a second time would lock in the wrong order: as many as the slice
	 * has time for, by what the last ones took. */
	bool takes_once;
};
enum status timers_fire(struct timers *timers, struct batch *batch, const struct timers_slice *slice,
			struct err *err) MUST_CHECK;
/* By how much the earliest that was due at the last look is late; 0: none was. */
int64_t timers_late_us(const struct timers *timers, int64_t watermark_us);

#endif
