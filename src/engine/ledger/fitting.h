/* SPDX-License-Identifier: Apache-2.0 */
/* fitting: how much of something is taken at a time so that it fits a slice of time, by what the last one took. Pure.
 */
#ifndef PUGMARK_ENGINE_FITTING_H
#define PUGMARK_ENGINE_FITTING_H

#include <stddef.h>
#include <stdint.h>

struct fitting {
	size_t least, most;
	int64_t slice_us;
};

/* Half of `count` when that took longer than the slice, twice when it took less than half of it. */
static inline size_t fitting_next(const struct fitting *fitting, size_t count, int64_t took_us)
{
	if (took_us > fitting->slice_us && count > fitting->least)
		return count / 2;
	if (took_us < fitting->slice_us / 2 && count < fitting->most)
		return count * 2;
	return count;
}

#endif
