/* SPDX-License-Identifier: Apache-2.0 */
/* retention: a thread that once a day takes out what is past its time: events (event_sweep.h), then bodies of mails
 * (body_sweep.h). Of the servers of one store one does it, and another when that one is gone.
 *
 * The first pass begins when the writer has caught up. It takes a fifth of the writer's time at most: after each step
 * it waits four times as long as the step took. One line is logged for a pass, with how much went. A pass that fails
 * because the store is away is tried again after a while.
 */
#ifndef PUGMARK_ENGINE_RETENTION_H
#define PUGMARK_ENGINE_RETENTION_H

#include "engine/tenant/tenant_policy.h"
#include "engine/upkeep/event_sweep.h"

struct retention;

struct retention_config {
	struct store *store;
	struct writer *writer;
	const struct clock *clock;
	struct event_retention events; /* its list must outlive this */
	uint32_t bodies_days;
};

struct retention *retention_new(const struct retention_config *config);
/* Starts the thread; until then nothing goes but by retention_run. */
enum status retention_start(struct retention *retention, struct err *err) MUST_CHECK;
/* Ends passes under way at their next step, and all later ones at once. Any thread. */
void retention_end_passes(struct retention *retention);
/* Waits for the step under way; nobody may be in retention_run. The writer must still run. */
void retention_free(struct retention **retention);

/* A pass that somebody asked for, on the caller's thread, beside the daily one but never at the same time,
 * unless it only counts. */
struct retention_request {
	uint32_t days; /* instead of all that is configured; 0: as configured */
	bool only_count;
	bool is_hasty; /* nobody else needs the writer: no waiting between steps */
	/* After each step; false ends the pass. May be NULL. */
	bool (*step)(void *user, const struct event_sweep_progress *progress);
	void *user;
};
/* STATUS_AGAIN: ended by `step` or retention_end_passes. *ret_count: how many went until then, also when it
 * fails. */
enum status retention_run(struct retention *retention, const struct retention_request *request, uint64_t *ret_count,
			  struct err *err) MUST_CHECK;

struct retention_figures {
	uint64_t events;     /* that went, since the start */
	int64_t finished_us; /* when the last daily pass ended well; 0: none yet */
	bool is_running;     /* a pass is under way */
};
struct retention_figures retention_figures(const struct retention *retention); /* any thread */

#endif
