/* SPDX-License-Identifier: Apache-2.0 */
/* One number that all threads add to. It is touched for buffers beyond the usual size only, which no tracking hit has,
 * so it costs the hot path nothing. */
#include "base/byte_budget.h"

#include "base/mem.h"
#include <stdatomic.h>

struct byte_budget {
	size_t max;
	_Atomic size_t taken;
	_Atomic uint64_t refused;
};

struct byte_budget *byte_budget_new(size_t max_bytes)
{
	struct byte_budget *budget = MEM_NEW(struct byte_budget);
	budget->max = max_bytes;
	return budget;
}

void byte_budget_free(struct byte_budget **budget)
{
	mem_free(*budget);
	*budget = NULL;
}

static bool fits(const struct byte_budget *budget, size_t taken, size_t bytes, enum byte_budget_share share)
{
	size_t most = share == BUDGET_STRANGER ? budget->max / 2 : budget->max;
	return taken <= most && bytes <= most - taken;
}

bool byte_budget_has_room(const struct byte_budget *budget, size_t bytes, enum byte_budget_share share)
{
	return !budget || fits(budget, atomic_load_explicit(&budget->taken, memory_order_relaxed), bytes, share);
}

bool byte_budget_take(struct byte_budget *budget, size_t bytes, enum byte_budget_share share)
{
	if (!budget)
		return true;
	size_t taken = atomic_load_explicit(&budget->taken, memory_order_relaxed);
	do {
		if (!fits(budget, taken, bytes, share)) {
			atomic_fetch_add_explicit(&budget->refused, 1, memory_order_relaxed);
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(&budget->taken, &taken, taken + bytes, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

void byte_budget_take_anyway(struct byte_budget *budget, size_t bytes)
{
	if (budget)
		atomic_fetch_add_explicit(&budget->taken, bytes, memory_order_relaxed);
}

void byte_budget_give(struct byte_budget *budget, size_t bytes)
{
	if (budget)
		BUG_IF(atomic_fetch_sub_explicit(&budget->taken, bytes, memory_order_relaxed) < bytes);
}

struct byte_budget_counts byte_budget_counts(const struct byte_budget *budget)
{
	if (!budget)
		return (struct byte_budget_counts){.max = SIZE_MAX};
	return (struct byte_budget_counts){.taken = atomic_load_explicit(&budget->taken, memory_order_relaxed),
					   .max = budget->max,
					   .refused = atomic_load_explicit(&budget->refused, memory_order_relaxed)};
}
