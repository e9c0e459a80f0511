/* SPDX-License-Identifier: Apache-2.0 */
/* settle: the second look at the hits of a message, when all that belongs to them has come (codec/judge/behaviour.h).
 *
 * A verdict that changes moves with everything that was made of it (correction.h). What has settled is never
 * provisional again, but may still change when later hits say more.
 *
 * It may be late: by hours, when the writer was away or has more to do than time. A late look comes to what a look in
 * time would have come to, as far as addresses were kept: whom the source came for at the time of the hit is read from
 * the store where memory no longer knows it (visit_history.h), and of a message that is hit more often than can be
 * looked at, the hits of then are read and not the newest. Writer's thread.
 */
#ifndef PUGMARK_ENGINE_SETTLE_H
#define PUGMARK_ENGINE_SETTLE_H

#include "engine/judge/fan_out.h"
#include "engine/ledger/neighbours.h"
#include "engine/ledger/timers.h"

struct settler;
struct network_lists;

struct settler_config {
	struct fan_out *fan_out; /* what apply notes; must outlive it */
	/* Other machines may write to the store too, until settler_note_neighbours says otherwise. */
	bool is_shared;
};
struct settler *settler_new(const struct settler_config *config);
void settler_free(struct settler **settler);
/* History is judged by these from now on; NULL: none. They must live until others are given. */
void settler_judge_by(struct settler *settler, const struct network_lists *lists);

/* Who else writes the store from `now_us` on. Beside others, what apply notes here is not all there is. What they did
 * until they went it is not either, and looks of theirs may have passed hits that are applied here later. */
void settler_note_neighbours(struct settler *settler, enum neighbours who, int64_t now_us);

/* Whether looks at hits around that time may have been taken already, before this hit is applied now: it comes from a
 * server that was behind, or after the clock ran ahead for a moment. Then nobody else's look will see it. */
bool settler_may_have_passed(const struct settler *settler, int64_t time_us, int64_t now_us);

/* Of TIMER_SETTLE; lives as long as the settler. */
struct timer_handler settler_handler(struct settler *settler);
/* What the handler does. STATUS_OK also when the message is gone. */
enum status settler_settle(struct settler *settler, struct batch *batch, const struct timer *timer,
			   struct err *err) MUST_CHECK;

#endif
