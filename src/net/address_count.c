/* SPDX-License-Identifier: Apache-2.0 */
/* Relaxed atomics are enough: nothing else hangs on a count, and one that is late by a moment lets in a connection more
 * or refuses one. The keys are drawn at each start, so nobody can look for addresses that share the counters of
 * somebody whom they want to lock out. */
#include "net/address_count.h"
#include "base/mem.h"
#include "base/random.h"
#include <stdatomic.h>

enum { ROWS = 2, ROW_SIZE = 1 << 15 };

struct address_count {
	uint64_t keys[ROWS][2];
	_Atomic uint32_t counters[ROWS][ROW_SIZE];
};

struct address_count *address_count_new(void)
{
	struct address_count *count = MEM_NEW(struct address_count);
	random_bytes(count->keys, sizeof count->keys);
	return count;
}

void address_count_free(struct address_count **count)
{
	mem_free(*count);
	*count = NULL;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
	return x ^ x >> 32;
}

static _Atomic uint32_t *counter_of(struct address_count *count, int row, const struct ip_address *a)
{
	uint64_t high, low;
	memcpy(&high, a->bytes, 8);
	memcpy(&low, a->bytes + 8, 8);
	if (!ip_address_is_ipv4(a))
		low = 0;
	uint64_t hash = mix(mix(high ^ count->keys[row][0]) + low + count->keys[row][1]);
	return &count->counters[row][hash % ROW_SIZE];
}

bool address_count_enter(struct address_count *count, const struct ip_address *a, uint32_t max)
{
	uint32_t least = UINT32_MAX;
	/* Counted first and taken back: if they only looked, several loops could all see the last place free. */
	for (int row = 0; row < ROWS; row++) {
		uint32_t before = atomic_fetch_add_explicit(counter_of(count, row, a), 1, memory_order_relaxed);
		least = before < least ? before : least;
	}
	if (least < max)
		return true;
	address_count_leave(count, a);
	return false;
}

void address_count_leave(struct address_count *count, const struct ip_address *a)
{
	for (int row = 0; row < ROWS; row++)
		atomic_fetch_sub_explicit(counter_of(count, row, a), 1, memory_order_relaxed);
}
