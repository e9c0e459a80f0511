/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/mail/queue.h"

static const int64_t lease_us = 60 * INT64_C(1000000);

static struct queue_item item_of(unsigned n, uint32_t tenant, int64_t due_us)
{
	return (struct queue_item){
	    .message = id_of(n), .tenant = tenant, .provider = TEXT("smtp"), .stream = TEXT("bulk"), .due_us = due_us};
}

static void add(struct fixture *f, unsigned n, uint32_t tenant, int64_t due_us)
{
	struct queue_item item = item_of(n, tenant, due_us);
	OK(f, store_queue_add(f->s, &item, &f->err));
}

static struct queue_entry *claim(struct fixture *f, int64_t now_us, uint32_t limit, size_t want)
{
	struct queue_entry *list = NULL;
	size_t n = 0;
	struct queue_claim wanted = {.now_us = now_us, .lease_until_us = now_us + lease_us, .limit = limit};
	OK(f, store_queue_claim(f->s, &wanted, f->arena, &list, &n, &f->err));
	if (n != want)
		fail_msg("claimed %zu, want %zu", n, want);
	return list;
}

static struct queue_entry claim_one(struct fixture *f, int64_t now_us)
{
	return *claim(f, now_us, 1, 1);
}

static struct queue_figures count(struct fixture *f, uint32_t tenant, int64_t now_us)
{
	struct queue_figures figures;
	OK(f, store_queue_count(f->reader, tenant, now_us, &figures, &f->err));
	return figures;
}

static void test_a_message_is_queued_once(void **state)
{
	struct fixture *f = *state;
	struct queue_item again = item_of(1, 3, noon_us);
	add(f, 1, 3, noon_us);
	EXPECT(f, STATUS_CONFLICT, store_queue_add(f->s, &again, &f->err));
}

static void test_only_due_rows_are_claimed_and_only_once(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	add(f, 2, 3, noon_us + 10);
	struct queue_entry e = *claim(f, noon_us + 9, 10, 1);
	assert_true(uuid_equal(e.message, id_of(1)));
	assert_int_equal(e.tenant, 3);
	assert_int_equal(e.attempt, 1);
	EXPECT_TEXT(e.provider, "smtp");
	EXPECT_TEXT(e.stream, "bulk");
	(void)claim(f, noon_us + 9, 10, 0);
	(void)claim(f, noon_us + 10, 10, 1);
}

static void test_the_oldest_due_goes_first(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us + 3);
	add(f, 2, 3, noon_us + 1);
	add(f, 3, 3, noon_us + 2);
	assert_true(uuid_equal(claim_one(f, noon_us + 9).message, id_of(2)));
	assert_true(uuid_equal(claim_one(f, noon_us + 9).message, id_of(3)));
	assert_true(uuid_equal(claim_one(f, noon_us + 9).message, id_of(1)));
}

static void test_a_backlog_of_one_tenant_leaves_room_for_others(void **state)
{
	struct fixture *f = *state;
	size_t of[6] = {0};
	for (unsigned i = 0; i < 100; i++)
		add(f, i, 1, noon_us + i);
	for (unsigned i = 100; i < 103; i++)
		add(f, i, 2, noon_us + i);
	for (unsigned i = 103; i < 123; i++)
		add(f, i, 5, noon_us + i);
	struct queue_entry *list = claim(f, noon_us + 1000, 30, 30);
	for (size_t i = 0; i < 30; i++)
		of[list[i].tenant]++;
	/* All of the small one; what it leaves over is shared. */
	assert_int_equal(of[2], 3);
	assert_true(of[5] >= 13 && of[5] <= 14);
	assert_int_equal(of[1] + of[5], 27);
	(void)claim(f, noon_us + 1000, 1000, 93);
}

static void test_a_lease_that_ran_out_is_given_to_another(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	struct queue_entry late = claim_one(f, noon_us);
	(void)claim(f, noon_us + lease_us - 1, 1, 0);
	struct queue_entry next = claim_one(f, noon_us + lease_us);
	assert_int_equal(next.attempt, 2);
	assert_int_not_equal(next.lease, late.lease);
	struct uuid id = id_of(1);
	EXPECT(f, STATUS_CONFLICT, store_queue_intent(f->s, id, late.lease, late.attempt, noon_us, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_queue_finish(f->s, id, late.lease, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_queue_retry(f->s, id, late.lease, noon_us, TEXT("x"), &f->err));
	EXPECT(f, STATUS_CONFLICT, store_queue_hold(f->s, id, late.lease, noon_us, &f->err));
	OK(f, store_queue_intent(f->s, id, next.lease, next.attempt, noon_us, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_queue_intent(f->s, id, next.lease, next.attempt, noon_us, &f->err));
	OK(f, store_queue_finish(f->s, id, next.lease, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_queue_finish(f->s, id, next.lease, &f->err));
}

static void test_an_intent_needs_the_attempt_of_its_claim(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	EXPECT(f, STATUS_CONFLICT, store_queue_intent(f->s, e.message, e.lease, 2, noon_us, &f->err));
	OK(f, store_queue_intent(f->s, e.message, e.lease, 1, noon_us, &f->err));
}

static void test_leases_can_be_made_longer(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	uint64_t leases[] = {12345, e.lease};
	OK(f, store_queue_extend(f->s, leases, 2, noon_us + 2 * lease_us, &f->err));
	(void)claim(f, noon_us + lease_us, 1, 0);
	(void)claim(f, noon_us + 2 * lease_us, 1, 1);
}

static void test_a_retry_is_due_again_later(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	OK(f, store_queue_intent(f->s, e.message, e.lease, e.attempt, noon_us, &f->err));
	OK(f, store_queue_retry(f->s, e.message, e.lease, noon_us + 100, TEXT("450 no"), &f->err));
	(void)claim(f, noon_us + 99, 1, 0);
	struct queue_entry again = claim_one(f, noon_us + 100);
	assert_int_equal(again.attempt, 2);
	assert_string_equal(fixture_query(f, "SELECT error FROM send_queue"), "450 no");
}

static void test_an_intent_is_never_claimed_again_but_found_as_an_orphan(void **state)
{
	struct fixture *f = *state;
	struct queue_entry *orphans = NULL;
	struct queue_look before = {.now_us = noon_us + lease_us - 1, .limit = 10};
	struct queue_look after = {.now_us = noon_us + lease_us, .limit = 10};
	size_t n = 9;
	add(f, 1, 3, noon_us);
	add(f, 2, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	(void)claim_one(f, noon_us);
	OK(f, store_queue_intent(f->s, e.message, e.lease, e.attempt, noon_us, &f->err));
	/* A shared store waits for the lease; alone, everything is from a worker that died. */
	OK(f, store_queue_orphans(f->s, &before, f->arena, &orphans, &n, &f->err));
	assert_int_equal(n, f->postgres ? 0 : 1);
	OK(f, store_queue_orphans(f->s, &after, f->arena, &orphans, &n, &f->err));
	assert_int_equal(n, 1);
	assert_true(uuid_equal(orphans[0].message, e.message));
	assert_int_equal(orphans[0].lease, e.lease);
	assert_int_equal(orphans[0].attempt, 1);
	(void)claim(f, noon_us + lease_us, 10, 1);
	OK(f, store_queue_hold(f->s, orphans[0].message, orphans[0].lease, noon_us, &f->err));
	OK(f, store_queue_orphans(f->s, &after, f->arena, &orphans, &n, &f->err));
	assert_int_equal(n, 0);
}

static struct uuid held(struct fixture *f, unsigned n)
{
	add(f, n, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	OK(f, store_queue_intent(f->s, e.message, e.lease, e.attempt, noon_us, &f->err));
	OK(f, store_queue_hold(f->s, e.message, e.lease, noon_us, &f->err));
	return e.message;
}

static void test_what_is_in_doubt_waits_for_a_decision(void **state)
{
	struct fixture *f = *state;
	struct uuid a = held(f, 1), b = held(f, 2);
	(void)claim(f, noon_us + 10 * lease_us, 10, 0);
	assert_int_equal(count(f, 0, noon_us).in_doubt, 2);
	EXPECT(f, STATUS_NOT_FOUND, store_queue_cancel(f->s, a, &f->err));
	OK(f, store_queue_resolve(f->s, a, false, noon_us + 5, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_queue_resolve(f->s, a, true, noon_us + 5, &f->err));
	OK(f, store_queue_resolve(f->s, b, true, noon_us + 5, &f->err));
	struct queue_entry e = claim_one(f, noon_us + 5);
	assert_true(uuid_equal(e.message, b));
	assert_int_equal(e.attempt, 2);
	OK(f, store_queue_intent(f->s, b, e.lease, e.attempt, noon_us, &f->err));
}

static void test_claims_without_intent_are_released_at_the_start(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	add(f, 2, 3, noon_us + 1);
	struct queue_entry a = claim_one(f, noon_us + 1), b = claim_one(f, noon_us + 1);
	OK(f, store_queue_intent(f->s, b.message, b.lease, b.attempt, noon_us, &f->err));
	OK(f, store_queue_release_all(f->s, &f->err));
	struct queue_entry again = *claim(f, noon_us + 1, 10, 1);
	assert_true(uuid_equal(again.message, a.message));
	EXPECT(f, STATUS_CONFLICT, store_queue_finish(f->s, a.message, a.lease, &f->err));
	OK(f, store_queue_finish(f->s, b.message, b.lease, &f->err));
}

static void test_only_what_is_not_under_way_can_be_canceled(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	OK(f, store_queue_cancel(f->s, id_of(1), &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_queue_cancel(f->s, id_of(1), &f->err));
	add(f, 2, 3, noon_us);
	(void)claim_one(f, noon_us);
	EXPECT(f, STATUS_NOT_FOUND, store_queue_cancel(f->s, id_of(2), &f->err));
}

static void test_the_next_due_time_is_known(void **state)
{
	struct fixture *f = *state;
	int64_t due = 9;
	OK(f, store_queue_next_due(f->s, &due, &f->err));
	assert_int_equal(due, 0);
	add(f, 1, 3, noon_us + 50);
	add(f, 2, 4, noon_us + 20);
	OK(f, store_queue_next_due(f->s, &due, &f->err));
	assert_int_equal(due, noon_us + 20);
	(void)claim(f, noon_us + 50, 10, 2);
	OK(f, store_queue_next_due(f->s, &due, &f->err));
	assert_int_equal(due, noon_us + 50 + lease_us);
}

static void test_every_row_is_counted_once(void **state)
{
	struct fixture *f = *state;
	(void)held(f, 1);
	add(f, 2, 3, noon_us + 1);
	struct queue_entry retried = claim_one(f, noon_us + 1);
	OK(f, store_queue_retry(f->s, retried.message, retried.lease, noon_us + 500, TEXT(""), &f->err));
	add(f, 3, 3, noon_us + 2);
	(void)claim_one(f, noon_us + 2);
	add(f, 4, 3, noon_us + 3);
	add(f, 5, 3, noon_us + 600);
	add(f, 6, 4, noon_us + 4);
	struct queue_figures got = count(f, 3, noon_us + 100);
	assert_int_equal(got.due, 1);
	assert_int_equal(got.scheduled, 1);
	assert_int_equal(got.in_flight, 1);
	assert_int_equal(got.deferred, 1);
	assert_int_equal(got.in_doubt, 1);
	assert_int_equal(got.oldest_due_us, noon_us + 3);
	assert_int_equal(count(f, 0, noon_us + 100).due, 2);
	assert_int_equal(count(f, 5, noon_us + 100).oldest_due_us, 0);
}

static void test_paused_rows_wait_until_they_are_resumed(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	add(f, 2, 4, noon_us);
	OK(f, store_queue_set_paused(f->s, 3, SLICE_EMPTY, true, noon_us, &f->err));
	add(f, 3, 3, noon_us);
	assert_int_equal(count(f, 0, noon_us).paused, 2);
	struct queue_entry e = *claim(f, noon_us, 10, 1);
	assert_int_equal(e.tenant, 4);
	OK(f, store_queue_set_paused(f->s, 0, TEXT("smtp"), true, noon_us, &f->err));
	OK(f, store_queue_retry(f->s, e.message, e.lease, noon_us, TEXT(""), &f->err));
	(void)claim(f, noon_us, 10, 0);
	OK(f, store_queue_set_paused(f->s, 3, SLICE_EMPTY, false, noon_us, &f->err));
	(void)claim(f, noon_us, 10, 0);
	OK(f, store_queue_cancel(f->s, id_of(1), &f->err));
	OK(f, store_queue_set_paused(f->s, 0, TEXT("smtp"), false, noon_us, &f->err));
	(void)claim(f, noon_us, 10, 2);
}

int main(void)
{
	const struct CMUnitTest store_queue[] = {
	    FIXTURE_TEST(test_a_message_is_queued_once),
	    FIXTURE_TEST(test_only_due_rows_are_claimed_and_only_once),
	    FIXTURE_TEST(test_the_oldest_due_goes_first),
	    FIXTURE_TEST(test_a_backlog_of_one_tenant_leaves_room_for_others),
	    FIXTURE_TEST(test_a_lease_that_ran_out_is_given_to_another),
	    FIXTURE_TEST(test_an_intent_needs_the_attempt_of_its_claim),
	    FIXTURE_TEST(test_leases_can_be_made_longer),
	    FIXTURE_TEST(test_a_retry_is_due_again_later),
	    FIXTURE_TEST(test_an_intent_is_never_claimed_again_but_found_as_an_orphan),
	    FIXTURE_TEST(test_what_is_in_doubt_waits_for_a_decision),
	    FIXTURE_TEST(test_claims_without_intent_are_released_at_the_start),
	    FIXTURE_TEST(test_only_what_is_not_under_way_can_be_canceled),
	    FIXTURE_TEST(test_the_next_due_time_is_known),
	    FIXTURE_TEST(test_every_row_is_counted_once),
	    FIXTURE_TEST(test_paused_rows_wait_until_they_are_resumed),
	};
	return FIXTURE_RUN(store_queue);
}
