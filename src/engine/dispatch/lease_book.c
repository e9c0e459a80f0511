/* SPDX-License-Identifier: Apache-2.0 */
/* A list, because there are as many leases as claims whose mails are under way: a handful.
 *
 * A third, not half or all of them at every claim: extending everything each time wrote 1,800 rows for one claim at a
 * concurrency of 20. A mail is sent in milliseconds, so most leases are let go long before they are low. A third of two
 * minutes leaves the writer 40 s to get round to it. */
#include "engine/dispatch/lease_book.h"

#include "base/mem.h"

void lease_book_init(struct lease_book *book, int64_t length_us)
{
	list_init(&book->leases);
	book->length_us = length_us;
}

void lease_book_done(struct lease_book *book)
{
	BUG_IF(!list_is_empty(&book->leases));
}

struct lease *lease_open(struct lease_book *book, uint64_t token)
{
	struct lease *lease = MEM_NEW(struct lease);
	lease->token = token;
	list_append(&book->leases, &lease->link);
	return lease;
}

void lease_hold(struct lease *lease)
{
	lease->mails++;
}

void lease_let_go(struct lease *lease)
{
	if (--lease->mails > 0)
		return;
	list_remove(&lease->link);
	mem_free(lease);
}

bool lease_is_low(const struct lease_book *book, const struct lease *lease, const struct lease_now *now)
{
	int64_t third_us = book->length_us / 3;
	return lease->until_us - now->monotonic_us < third_us || lease->store_until_us - now->wall_us < third_us;
}

bool lease_book_is_low(const struct lease_book *book, const struct lease_now *now)
{
	for (const struct list_link *link = book->leases.next; link != &book->leases; link = link->next)
		if (lease_is_low(book, LIST_ENTRY(link, struct lease, link), now))
			return true;
	return false;
}

size_t lease_book_count(const struct lease_book *book)
{
	size_t count = 0;
	for (const struct list_link *link = book->leases.next; link != &book->leases; link = link->next)
		count++;
	return count;
}

struct lease *lease_book_find(struct lease_book *book, uint64_t token)
{
	for (struct list_link *link = book->leases.next; link != &book->leases; link = link->next) {
		struct lease *lease = LIST_ENTRY(link, struct lease, link);
		if (lease->token == token)
			return lease;
	}
	return NULL;
}
