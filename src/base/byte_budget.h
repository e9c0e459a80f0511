/* SPDX-License-Identifier: Apache-2.0 */
/* byte_budget: how much memory requests may hold together, whoever sent them.
 *
 * What grows with what somebody sends (bodies, what is built of them, answers that are not read) is taken from one
 * budget before it is allocated and given back when it is freed. So a limit holds for the whole server and not only for
 * each connection. Strangers, whose bodies come before anybody knows who they are, share a part of it: when they have
 * filled that, those who are known still have the rest.
 *
 * Thread-safe, lock-free. A budget of NULL has room for everything, so that parts can be tried without one.
 */
#ifndef PUGMARK_BASE_BYTE_BUDGET_H
#define PUGMARK_BASE_BYTE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byte_budget;

/* Who takes: a stranger may take while less than half of the budget is taken, who is known while there is any. */
enum byte_budget_share { BUDGET_STRANGER, BUDGET_KNOWN };

struct byte_budget *byte_budget_new(size_t max_bytes);
/* *budget may be NULL, and is NULL afterwards. */
void byte_budget_free(struct byte_budget **budget);

/* False: there is no room, and nothing was taken. */
bool byte_budget_take(struct byte_budget *budget, size_t bytes, enum byte_budget_share share);
/* Whether that would work just now; the next moment it may not. */
bool byte_budget_has_room(const struct byte_budget *budget, size_t bytes, enum byte_budget_share share);
/* For what is there already and cannot be refused any more: an answer. It may pass the maximum; then nobody else gets
 * anything until enough was given back. */
void byte_budget_take_anyway(struct byte_budget *budget, size_t bytes);
void byte_budget_give(struct byte_budget *budget, size_t bytes);

/* Bytes taken now, the maximum, and how often there was no room. */
struct byte_budget_counts {
	uint64_t taken, max, refused;
};
struct byte_budget_counts byte_budget_counts(const struct byte_budget *budget);

#endif
