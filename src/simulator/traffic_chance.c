/* SPDX-License-Identifier: Apache-2.0 */
/* Every mail has a generator of its own, out of the seed and its number, and so have campaigns and companies. One story
 * does not change when another one draws once more. */
#include "simulator/traffic_chance.h"

struct prng chance_of(uint64_t seed, uint64_t n)
{
	struct prng random;
	prng_init(&random, seed);
	random.state = prng_next(&random) ^ (n + 1) * UINT64_C(0xd1342543de82ef95);
	random.state = prng_next(&random);
	return random;
}

bool chance_per_mille(struct prng *random, unsigned per_mille)
{
	return prng_below(random, 1000) < per_mille;
}

int64_t chance_between(struct prng *random, int64_t low, int64_t high)
{
	return high > low ? low + (int64_t)prng_below(random, (uint64_t)(high - low)) : low;
}

int64_t chance_spread(struct prng *random, int64_t low, int64_t high)
{
	uint64_t doublings = 0;
	while (low << (doublings + 1) <= high)
		doublings++;
	int64_t from = low << prng_below(random, doublings + 1);
	return chance_between(random, from, 2 * from < high ? 2 * from : high);
}

size_t chance_pick(struct prng *random, const unsigned *shares, size_t count)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += shares[i];
	uint64_t drawn = prng_below(random, sum);
	size_t i = 0;
	for (; drawn >= shares[i]; i++)
		drawn -= shares[i];
	return i;
}

struct ip_address chance_address(struct prng *random, const struct chance_network *network)
{
	struct ip_address address = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
	address.bytes[12] = network->first;
	address.bytes[13] = (uint8_t)(network->second + prng_below(random, UINT64_C(1) << network->second_bits));
	address.bytes[14] = (uint8_t)prng_below(random, 256);
	address.bytes[15] = (uint8_t)(1 + prng_below(random, 254));
	return address;
}

struct ip_address chance_neighbour(struct prng *random, const struct ip_address *address)
{
	struct ip_address neighbour = *address;
	neighbour.bytes[15] = (uint8_t)(1 + prng_below(random, 254));
	return neighbour;
}
