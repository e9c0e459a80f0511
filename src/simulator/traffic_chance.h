/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_chance: what the simulated population draws from a generator, in whole numbers only, so that a seed gives the
 * same hits on every machine. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_CHANCE_H
#define PUGMARK_SIMULATOR_TRAFFIC_CHANCE_H

#include "base/random.h"
#include "codec/judge/ip_address.h"
#include <stdbool.h>

/* The nth generator of a seed, apart from all others. */
struct prng chance_of(uint64_t seed, uint64_t n);
bool chance_per_mille(struct prng *random, unsigned per_mille);
/* Evenly from `low` up to `high`, which is not reached. */
int64_t chance_between(struct prng *random, int64_t low, int64_t high);
/* As often in each doubling from `low` (at least 1) to `high`: how people's delays are spread. */
int64_t chance_spread(struct prng *random, int64_t low, int64_t high);
/* An index, as often as its share among `count` shares. */
size_t chance_pick(struct prng *random, const unsigned *shares, size_t count);

/* An IPv4 network to draw addresses from. */
struct chance_network {
	uint8_t first, second; /* of the address */
	uint8_t second_bits;   /* of `second` that are free */
};
struct ip_address chance_address(struct prng *random, const struct chance_network *network);
/* Another address of the same /24. */
struct ip_address chance_neighbour(struct prng *random, const struct ip_address *address);

#endif
