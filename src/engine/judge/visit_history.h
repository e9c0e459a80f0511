/* SPDX-License-Identifier: Apache-2.0 */
/* visit_history: whom sources came for at some time in the past, so that fan-out can be seen again (fan_out.h).
 *
 * It reads the hits of all messages in order of time and notes those that look like a person's by today's first
 * verdict, whatever became of them; so what it says does not change when verdicts do. Whoever asks for one time after
 * the other, forward, has everything read once; going back further than it remembers reads it again. A hit whose
 * address was not kept is none that it knows of. */
#ifndef PUGMARK_ENGINE_VISIT_HISTORY_H
#define PUGMARK_ENGINE_VISIT_HISTORY_H

#include "base/clock.h"
#include "engine/judge/fan_out.h"

struct visit_history;

/* Both must outlive it, or the lists until others are given; `lists` may be NULL. */
struct visit_history *visit_history_new(struct store_session *session, const struct network_lists *lists);
void visit_history_free(struct visit_history **history);
/* What is read from now on is judged by these. */
void visit_history_judge_by(struct visit_history *history, const struct network_lists *lists);
/* Afterwards visit_history_fan_out knows what came in [from, to], as far as its bounds allow. What comes in there later
 * it does not know, so `to` should not lie where hits may still be applied. */
enum status visit_history_follow(struct visit_history *history, int64_t from_us, int64_t to_us,
				 struct err *err) MUST_CHECK;
/* The same, a part of it: reads at least a little, and then until that time (monotonic). STATUS_AGAIN: there is more to
 * read; what has been read stays. */
struct visit_history_part {
	const struct clock *clock;
	int64_t until_us;
};
enum status visit_history_follow_some(struct visit_history *history, int64_t from_us, int64_t to_us,
				      const struct visit_history_part *part, struct err *err) MUST_CHECK;
const struct fan_out *visit_history_fan_out(const struct visit_history *history);

#endif
