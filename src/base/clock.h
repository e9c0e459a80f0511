/* SPDX-License-Identifier: Apache-2.0 */
/* clock: what time it is, as something that can be handed in.
 *
 * Times are int64_t microseconds since 1970-01-01 UTC; durations say their unit in their name. Tests hand in a clock of
 * their own.
 */
#ifndef PUGMARK_BASE_CLOCK_H
#define PUGMARK_BASE_CLOCK_H

#include "base/buf.h"
#include <stdint.h>

struct clock {
	int64_t (*now_us)(void *self);       /* wall time; may jump */
	int64_t (*monotonic_us)(void *self); /* for durations; never goes back */
	void *self;
};

/* The machine's clocks. Thread-safe. */
const struct clock *clock_system(void);

static inline int64_t clock_now_us(const struct clock *clock)
{
	return clock->now_us(clock->self);
}

static inline int64_t clock_monotonic_us(const struct clock *clock)
{
	return clock->monotonic_us(clock->self);
}

/* RFC 3339 in UTC with milliseconds: 2026-11-21T06:00:00.000Z. */
void time_append_rfc3339(struct buf *b, int64_t time_us);
/* Any RFC 3339 date-time (an offset is allowed, fractions are cut to microseconds), or a bare date, which is its first
 * moment in UTC. False, and *ret_us untouched, for anything else. */
bool time_parse_rfc3339(struct slice s, int64_t *ret_us);
/* RFC 5322 date in UTC: Sat, 21 Nov 2026 06:00:00 +0000. */
void time_append_rfc5322(struct buf *b, int64_t time_us);

enum { DATE_TEXT_SIZE = 11 };
/* The UTC day of a time as YYYY-MM-DD and NUL. */
void time_format_day(int64_t time_us, char text[DATE_TEXT_SIZE]);

#endif
