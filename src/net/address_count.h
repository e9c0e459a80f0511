/* SPDX-License-Identifier: Apache-2.0 */
/* address_count: how many connections each address has, over all loops, without a lock.
 *
 * A count-min table: two rows of counters under two secret hashes; an address has at most what the smaller of its two
 * counters says. Addresses that meet in one row hardly ever meet in both, and nobody outside can make them. An IPv6
 * network of 64 bits counts as one address, for whoever has one address of it has them all.
 * Any thread.
 */
#ifndef PUGMARK_NET_ADDRESS_COUNT_H
#define PUGMARK_NET_ADDRESS_COUNT_H

#include "base/status.h"
#include "codec/judge/ip_address.h"

struct address_count;

struct address_count *address_count_new(void);
/* *count may be NULL, and is NULL afterwards. */
void address_count_free(struct address_count **count);
/* One more for this address; false, and nothing counted, when it has `max` already. */
bool address_count_enter(struct address_count *count, const struct ip_address *a, uint32_t max) MUST_CHECK;
void address_count_leave(struct address_count *count, const struct ip_address *a);

#endif
