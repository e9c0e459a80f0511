/* SPDX-License-Identifier: Apache-2.0 */
/* watermark: the time up to which everything that was received has been applied. Timers go by it (timers.h).
 *
 * Records carry the time at which they were received; the journal orders them by when they were written, and several
 * loops and the deliverer write. So a record may stand behind one that was received a little later, and one that was
 * received already may not be in the journal yet. WATERMARK_SLACK_US covers both: a hit is handed over in the turn of
 * the loop that receives it, and an answer waits for the disk at most journal.max_wait_ms (250). A disk that hangs
 * longer than the slack can let a timer fire before a record that was received earlier. Pure. */
#ifndef PUGMARK_ENGINE_WATERMARK_H
#define PUGMARK_ENGINE_WATERMARK_H

#include <stdbool.h>
#include <stdint.h>

#define WATERMARK_SLACK_US INT64_C(500000)

/* Other machines that apply to the same store may be behind. What they received this much before is waited for while
 * there are any (neighbours.h); a record that comes later must see to itself what has been done without it. Their
 * clocks are taken to differ from ours by less than this. */
#define WATERMARK_SHARED_US INT64_C(2000000)

struct journal_end {
	bool is_readable; /* false: the next record is there and cannot be read, so nothing is known of what follows */
	bool has_record;
	int64_t record_us; /* when the next one was received, which is not applied yet */
};
/* INT64_MIN: nothing can be said, and nothing is due. */
int64_t watermark_us(const struct journal_end *end, int64_t now_us);

#endif
