/* SPDX-License-Identifier: Apache-2.0 */
/* Two kinds that must not be mixed up: bytes for ids, keys and salts come from the kernel; the seeded generator is for
 * what has to be the same again, and for jitter that nobody gains anything by guessing. */
#include "base/random.h"

#include "base/mem.h"
#include <errno.h>
#include <sys/random.h>

void random_bytes(void *to, size_t n)
{
	unsigned char *at = to;
	while (n) {
		/* Above 256 bytes a signal may cut it short (getrandom(2)). */
		ssize_t got = getrandom(at, n, 0);
		BUG_IF(got < 0 && errno != EINTR);
		if (got > 0) {
			at += got;
			n -= (size_t)got;
		}
	}
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
uint64_t prng_next(struct prng *g)
{
	uint64_t z = g->state += 0x9e3779b97f4a7c15U;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

uint64_t prng_below(struct prng *g, uint64_t bound)
{
	if (bound == 0)
		return 0;
	/* What lies above the last whole multiple is drawn again, or small numbers would come more often. */
	uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
	uint64_t value;
	do
		value = prng_next(g);
	while (value >= limit);
	return value % bound;
}
