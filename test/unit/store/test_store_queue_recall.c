/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that was set back: what of the queue waits for longer than it can have had to (decision 0053). */
#include "store_fixture.h"

#include "store/mail/messages.h"
#include "store/mail/queue.h"
#include "store/mail/queue_claim.h"

static size_t claim(struct fixture *f, struct queue_entry **ret)
{
	struct queue_claim wanted = {
	    .now_us = noon_us, .lease_until_us = noon_us + 60 * INT64_C(1000000), .limit = 100};
	struct queue_entry *entries = NULL;
	size_t count = 0;
	OK(f, store_queue_claim(f->s, &wanted, f->arena, &entries, &count, &f->err));
	if (ret)
		*ret = entries;
	return count;
}

static void add_timed(struct fixture *f, unsigned n, int64_t created_us, int64_t send_at_us)
{
	struct message m = message_of(n);
	m.created_us = created_us;
	m.send_at_us = send_at_us;
	fixture_add_message(f, m);
	struct queue_item item = {
	    .message = id_of(n), .tenant = 3, .provider = TEXT("smtp"), .stream = TEXT("bulk"), .due_us = send_at_us};
	OK(f, store_queue_add(f->s, &item, &f->err));
}

/* So many attempts, of which the last put it off until due_us. */
static void put_off(struct fixture *f, unsigned n, uint32_t attempts, int64_t due_us)
{
	add_timed(f, n, noon_us - 1000, noon_us - 1000);
	for (uint32_t i = 1; i <= attempts; i++) {
		struct queue_outcome outcome = {.message = id_of(n),
						.attempt = i,
						.ending = QUEUE_RETRY,
						.time_us = noon_us - 1000,
						.due_us = i == attempts ? due_us : noon_us - 1000,
						.error = TEXT("450 no")};
		assert_int_equal(claim(f, NULL), 1);
		OK(f, store_queue_end_attempts(f->s, &outcome, 1, &f->err));
	}
}

static void test_a_recall_takes_what_waits_longer_than_it_can_have_had_to(void **state)
{
	struct fixture *f = *state;
	struct queue_recall recall = {.now_us = noon_us, .longest_wait_us = {10, 20, 40, 80, 160, 320, 640, 1000}};
	put_off(f, 1, 1, noon_us + 10);
	put_off(f, 2, 1, noon_us + 11);
	put_off(f, 3, 2, noon_us + 20);
	put_off(f, 4, 2, noon_us + 21);
	put_off(f, 5, 9, noon_us + 1000);
	put_off(f, 6, 9, noon_us + 1001);
	add_timed(f, 7, noon_us + 500, noon_us + 500);
	add_timed(f, 8, noon_us + 500, noon_us + 501); /* somebody's time */
	OK(f, store_queue_recall(f->s, &recall, &f->err));
	struct queue_entry *got = NULL;
	assert_int_equal(claim(f, &got), 4);
	unsigned found = 0;
	for (unsigned i = 0; i < 4; i++)
		for (unsigned n = 1; n <= 8; n++)
			found |= uuid_equal(got[i].message, id_of(n)) ? 1U << n : 0;
	assert_int_equal(found, 1U << 2 | 1U << 4 | 1U << 6 | 1U << 7);
}

int main(void)
{
	const struct CMUnitTest store_queue_recall[] = {
	    FIXTURE_TEST(test_a_recall_takes_what_waits_longer_than_it_can_have_had_to),
	};
	return FIXTURE_RUN(store_queue_recall);
}
