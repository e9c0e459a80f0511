/* SPDX-License-Identifier: Apache-2.0 */
/* time_zone: the days of a place, as its clocks show them: which day an instant belongs to, and when a day begins.
 *
 * A day has 23 or 25 hours where clocks are set, may begin at 01:00 where midnight is left out, and has no instant at
 * all where a place crossed the date line. Days follow one another without gap and overlap all the same: a day that has
 * begun does not end because clocks go back over midnight. Days are numbered from 1970-01-01, which is 0.
 *
 * Immutable, so any thread may ask; asking allocates nothing and takes no lock. Loading reads a file.
 */
#ifndef PUGMARK_ENGINE_TIME_ZONE_H
#define PUGMARK_ENGINE_TIME_ZONE_H

#include "base/slice.h"
#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

enum { TIME_ZONE_NAME_MAX = 64 };

struct time_zone;

/* Needs no data; not to be freed. */
const struct time_zone *time_zone_utc(void);
/* By its IANA name, from the system's zone data. STATUS_NOT_FOUND: there is none of that name, or no zone data is
 * installed; the text says what to do. */
enum status time_zone_load(struct slice name, struct time_zone **ret, struct err *err) MUST_CHECK;
/* Whether that would go well. */
enum status time_zone_check(struct slice name, struct err *err) MUST_CHECK;
void time_zone_free(struct time_zone **zone);
/* As it was loaded; lives as long as the zone. */
const char *time_zone_name(const struct time_zone *zone);

/* The day to which an instant belongs. */
int32_t time_zone_day_of(const struct time_zone *zone, int64_t time_us);
/* The first instant of a day, which is also the end of the day before. For a day that the place left out, the
 * beginning of the next one that it has. */
int64_t time_zone_day_begin(const struct time_zone *zone, int32_t day);

#endif
