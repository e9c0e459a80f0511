/* SPDX-License-Identifier: Apache-2.0 */
/* visit_history: whom sources came for at some time in the past, so that fan-out can be seen again (fan_out.h).
 *
 * It reads the hits of all messages in order of time and notes those that look like a person's by today's first
 * verdict, whatever became of them; so what it says does not change when verdicts do. Read forward only. */
#ifndef PUGMARK_ENGINE_VISIT_HISTORY_H
#define PUGMARK_ENGINE_VISIT_HISTORY_H

#include "engine/judge/fan_out.h"

struct visit_history;

/* Both must outlive it; `lists` may be NULL. */
struct visit_history *visit_history_new(struct store_session *session, const struct network_lists *lists);
void visit_history_free(struct visit_history **history);
/* Afterwards visit_history_fan_out knows what came in [from, to], as far as its bounds allow. `from` may lie before
 * that of earlier calls by FAN_OUT_HISTORY_S less the length of their ranges. */
enum status visit_history_follow(struct visit_history *history, int64_t from_us, int64_t to_us,
				 struct err *err) MUST_CHECK;
const struct fan_out *visit_history_fan_out(const struct visit_history *history);

#endif
