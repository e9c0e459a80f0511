/* SPDX-License-Identifier: Apache-2.0 */
/* lease_book: the leases that the deliverer holds, and when each has to be made longer. One lease is for all mails of
 * one claim; it is held as long as one of them is not settled. One thread. */
#ifndef PUGMARK_ENGINE_LEASE_BOOK_H
#define PUGMARK_ENGINE_LEASE_BOOK_H

#include "base/list.h"
#include <stddef.h>
#include <stdint.h>

struct lease {
	struct list_link link; /* private */
	uint64_t token;
	uint32_t mails;   /* that hold it */
	int64_t until_us; /* monotonic: counted from before the store was asked, so never later than the store has it */
	int64_t store_until_us; /* wall: as it stands in the store */
};
struct lease_book {
	struct list_link leases;
	int64_t length_us; /* of a whole lease */
};

void lease_book_init(struct lease_book *book, int64_t length_us);
/* Every lease must have been let go. */
void lease_book_done(struct lease_book *book);
/* A new lease that nobody holds yet; lease_hold must follow. */
struct lease *lease_open(struct lease_book *book, uint64_t token);
void lease_hold(struct lease *lease);
/* The last one who lets go ends it. */
void lease_let_go(struct lease *lease);

/* Whether it has less than a third of its time left, by either clock: the wall clock is the one by which the store
 * takes leases away, and it may jump (a suspended machine); the monotonic one goes on when it is set back. */
struct lease_now {
	int64_t monotonic_us, wall_us;
};
bool lease_is_low(const struct lease_book *book, const struct lease *lease, const struct lease_now *now);
bool lease_book_is_low(const struct lease_book *book, const struct lease_now *now);
size_t lease_book_count(const struct lease_book *book);
/* The lease of that token, or NULL when it has been let go. */
struct lease *lease_book_find(struct lease_book *book, uint64_t token);

#endif
