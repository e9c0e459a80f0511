/* SPDX-License-Identifier: Apache-2.0 */
/* event_sweep: one pass over the events of all tenants that takes out those past their time.
 *
 * It goes in steps. A step is one command of the writer, between others, and as many rows as it can look at in about
 * one millisecond; the size follows the machine. Who drives it decides how long to wait between steps. Nothing is
 * remembered but what is gone: a pass that was cut short, by a kill too, is made whole by the next one. Belongs to one
 * thread.
 *
 * Only events go. What was counted from them (messages, stats_daily, stats_quarter_hourly) and what followed
 * (suppressions, consent) stays for ever.
 */
#ifndef PUGMARK_ENGINE_EVENT_SWEEP_H
#define PUGMARK_ENGINE_EVENT_SWEEP_H

#include "engine/ledger/writer.h"

struct event_sweep;

struct event_sweep_config {
	struct store *store;
	struct writer *writer; /* NULL: only count what would go */
	const struct clock *clock;
	const struct event_retention *retention; /* a tenant that has set fewer days for itself gets those */
	/* NULL: whoever else may be at it; else each step holds it, and STATUS_DENIED ends a pass that another server
	 * has taken over. */
	const struct writer_duty *duty;
	int64_t now_us; /* what is older than days, counted back from here, goes */
};

struct event_sweep_progress {
	uint64_t count;      /* events that went, or would go */
	uint32_t per_mille;  /* of the way; about */
	int64_t step_us;     /* what the last step took of the writer's time; 0 when only counting */
	struct slice tenant; /* whose events are looked at */
};

/* Finds tenants and ends of the walk. Blocks. */
enum status event_sweep_begin(const struct event_sweep_config *config, struct event_sweep **ret,
			      struct err *err) MUST_CHECK;
/* One step; blocks until it is committed. STATUS_END: the pass is over. After STATUS_IO and the like the same step may
 * be tried again. */
enum status event_sweep_step(struct event_sweep *sweep, struct err *err) MUST_CHECK;
/* Valid until the next step. */
struct event_sweep_progress event_sweep_progress(const struct event_sweep *sweep);
void event_sweep_free(struct event_sweep **sweep);

#endif
