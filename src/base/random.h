/* SPDX-License-Identifier: Apache-2.0 */
/* random: bytes that nobody can guess, and numbers that a seed repeats. */
#ifndef PUGMARK_BASE_RANDOM_H
#define PUGMARK_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* From the kernel; for keys, ids and passwords. Cannot fail on a running system (aborts). Thread-safe. */
void random_bytes(void *to, size_t n);

/* A small generator for jitter and tests; never for secrets. One thread each. */
struct prng {
	uint64_t state;
};

static inline void prng_init(struct prng *g, uint64_t seed)
{
	g->state = seed;
}

uint64_t prng_next(struct prng *g);
/* Evenly from 0 to bound - 1; 0 when bound is 0. */
uint64_t prng_below(struct prng *g, uint64_t bound);

#endif
