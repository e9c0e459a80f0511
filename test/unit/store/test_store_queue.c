/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/mail/messages.h"
#include "store/mail/queue.h"
#include "store/mail/queue_admin.h"
#include "store/mail/queue_claim.h"
#include <pthread.h>

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

/* Whether the end of the data may go out. */
static bool intend(struct fixture *f, struct uuid message, uint64_t lease, uint32_t attempt)
{
	struct queue_intent intent = {message, lease, attempt};
	bool taken = false;
	OK(f, store_queue_intents(f->s, &intent, 1, noon_us, &taken, &f->err));
	return taken;
}

static void end(struct fixture *f, struct uuid message, uint32_t attempt, enum queue_ending ending)
{
	struct queue_outcome outcome = {.message = message,
					.attempt = attempt,
					.ending = ending,
					.time_us = noon_us,
					.due_us = noon_us + 100,
					.error = TEXT("450 no")};
	OK(f, store_queue_end_attempts(f->s, &outcome, 1, &f->err));
}

static const char *state_of(struct fixture *f)
{
	return fixture_query(f, "SELECT state FROM send_queue");
}

static struct queue_figures count(struct fixture *f, uint32_t tenant, int64_t now_us)
{
	struct queue_figures figures;
	OK(f, store_queue_count(f->reader, &(struct queue_of){.tenant = tenant}, now_us, &figures, &f->err));
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
	assert_false(intend(f, id, late.lease, late.attempt));
	EXPECT(f, STATUS_CONFLICT, store_queue_take_out(f->s, id, late.attempt, &f->err));
	end(f, id, late.attempt, QUEUE_FINISHED);
	end(f, id, late.attempt, QUEUE_RETRY);
	end(f, id, late.attempt, QUEUE_DOUBT);
	assert_string_equal(state_of(f), "leased");
	assert_true(intend(f, id, next.lease, next.attempt));
	assert_false(intend(f, id, next.lease, next.attempt));
	end(f, id, next.attempt, QUEUE_FINISHED);
	assert_string_equal(state_of(f), "");
	EXPECT(f, STATUS_CONFLICT, store_queue_take_out(f->s, id, next.attempt, &f->err));
}

static void test_an_intent_needs_the_attempt_of_its_claim(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	assert_false(intend(f, e.message, e.lease, 2));
	assert_true(intend(f, e.message, e.lease, 1));
}

/* A claim counts its attempt up, so only a store that was put back from a backup under a running server can have given
 * the same attempt to somebody else: the lease tells. */
static void test_an_intent_needs_the_lease_of_its_claim(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	assert_false(intend(f, e.message, e.lease + 2, e.attempt));
	assert_true(intend(f, e.message, e.lease, e.attempt));
}

static void test_leases_can_be_made_longer(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	OK(f, store_queue_extend(f->s, 12345, noon_us + 9 * lease_us, &f->err));
	OK(f, store_queue_extend(f->s, e.lease, noon_us + 2 * lease_us, &f->err));
	(void)claim(f, noon_us + lease_us, 1, 0);
	(void)claim(f, noon_us + 2 * lease_us, 1, 1);
}

static void test_a_retry_is_due_again_later(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	assert_true(intend(f, e.message, e.lease, e.attempt));
	end(f, e.message, e.attempt, QUEUE_RETRY);
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
	assert_true(intend(f, e.message, e.lease, e.attempt));
	/* A shared store waits for the lease; alone, everything is from a worker that died. */
	OK(f, store_queue_orphans(f->s, &before, f->arena, &orphans, &n, &f->err));
	assert_int_equal(n, f->postgres ? 0 : 1);
	OK(f, store_queue_orphans(f->s, &after, f->arena, &orphans, &n, &f->err));
	assert_int_equal(n, 1);
	assert_true(uuid_equal(orphans[0].message, e.message));
	assert_int_equal(orphans[0].lease, e.lease);
	assert_int_equal(orphans[0].attempt, 1);
	(void)claim(f, noon_us + lease_us, 10, 1);
	end(f, orphans[0].message, orphans[0].attempt, QUEUE_DOUBT);
	OK(f, store_queue_orphans(f->s, &after, f->arena, &orphans, &n, &f->err));
	assert_int_equal(n, 0);
}

static struct queue_entry claim_as(struct fixture *f, uint16_t node, uint64_t epoch)
{
	struct queue_entry *list = NULL;
	size_t n = 0;
	struct queue_claim wanted = {
	    .now_us = noon_us, .lease_until_us = noon_us + lease_us, .holder = {node, epoch}, .limit = 1};
	OK(f, store_queue_claim(f->s, &wanted, f->arena, &list, &n, &f->err));
	assert_int_equal(n, 1);
	return list[0];
}

/* Nodes whose numbers are neighbours, and the largest one; epochs beyond what a lease has room for. */
static void test_a_node_takes_back_the_claims_of_its_earlier_epochs_and_no_others(void **state)
{
	struct fixture *f = *state;
	static const struct node_claim nodes[] = {{7, 1}, {6, 9}, {8, 1}, {7, 2}, {65535, 3}, {7, 65539}};
	struct node_claim now = {7, 65539};
	for (unsigned n = 1; n <= 6; n++) {
		add(f, n, 3, noon_us);
		struct queue_entry e = claim_as(f, nodes[n - 1].number, nodes[n - 1].epoch);
		assert_true((int64_t)e.lease > 0);
	}
	OK(f, store_queue_free_earlier(f->s, &now, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM send_queue WHERE state = 'leased'"), "4");
	(void)claim(f, noon_us, 10, 2);
}

static void test_what_an_earlier_epoch_was_sending_is_an_orphan_at_once(void **state)
{
	struct fixture *f = *state;
	struct queue_entry *orphans = NULL;
	struct queue_look look = {.now_us = noon_us, .holder = {7, 2}, .limit = 10};
	size_t n = 9;
	static const struct node_claim nodes[] = {{7, 1}, {7, 2}, {8, 1}};
	for (unsigned i = 0; i < 3; i++) {
		add(f, i + 1, 3, noon_us);
		struct queue_entry e = claim_as(f, nodes[i].number, nodes[i].epoch);
		assert_true(intend(f, e.message, e.lease, e.attempt));
	}
	OK(f, store_queue_orphans(f->s, &look, f->arena, &orphans, &n, &f->err));
	assert_int_equal(n, f->postgres ? 1 : 3); /* alone, every one is from a worker that died */
	assert_true(!f->postgres || uuid_equal(orphans[0].message, id_of(1)));
}

static struct uuid held(struct fixture *f, unsigned n)
{
	add(f, n, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	assert_true(intend(f, e.message, e.lease, e.attempt));
	end(f, e.message, e.attempt, QUEUE_DOUBT);
	return e.message;
}

static void test_what_is_in_doubt_waits_for_a_decision(void **state)
{
	struct fixture *f = *state;
	struct uuid a = held(f, 1), b = held(f, 2);
	struct queue_canceled row;
	(void)claim(f, noon_us + 10 * lease_us, 10, 0);
	assert_int_equal(count(f, 0, noon_us).in_doubt, 2);
	EXPECT(f, STATUS_NOT_FOUND, store_queue_cancel(f->s, a, true, &row, &f->err));
	OK(f, store_queue_resolve(f->s, a, false, noon_us + 5, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_queue_resolve(f->s, a, true, noon_us + 5, &f->err));
	OK(f, store_queue_resolve(f->s, b, true, noon_us + 5, &f->err));
	struct queue_entry e = claim_one(f, noon_us + 5);
	assert_true(uuid_equal(e.message, b));
	assert_int_equal(e.attempt, 2);
	assert_true(intend(f, b, e.lease, e.attempt));
}

static void test_claims_without_intent_are_released_at_the_start(void **state)
{
	struct fixture *f = *state;
	add(f, 1, 3, noon_us);
	add(f, 2, 3, noon_us + 1);
	struct queue_entry a = claim_one(f, noon_us + 1), b = claim_one(f, noon_us + 1);
	assert_true(intend(f, b.message, b.lease, b.attempt));
	OK(f, store_queue_release_all(f->s, &f->err));
	struct queue_entry again = *claim(f, noon_us + 1, 10, 1);
	assert_true(uuid_equal(again.message, a.message));
	assert_false(intend(f, a.message, a.lease, a.attempt));
	end(f, b.message, b.attempt, QUEUE_FINISHED);
	assert_int_equal(count(f, 0, noon_us).in_flight, 1);
}

static void test_what_is_not_being_sent_can_be_canceled(void **state)
{
	struct fixture *f = *state;
	struct queue_canceled row;
	add(f, 1, 3, noon_us);
	OK(f, store_queue_cancel(f->s, id_of(1), false, &row, &f->err));
	assert_false(row.was_claimed);
	EXPECT(f, STATUS_NOT_FOUND, store_queue_cancel(f->s, id_of(1), true, &row, &f->err));
	add(f, 2, 3, noon_us);
	struct queue_entry e = claim_one(f, noon_us);
	EXPECT(f, STATUS_NOT_FOUND, store_queue_cancel(f->s, id_of(2), false, &row, &f->err));
	OK(f, store_queue_cancel(f->s, id_of(2), true, &row, &f->err));
	assert_true(row.was_claimed);
	assert_int_equal(row.attempt, 1);
	assert_false(intend(f, e.message, e.lease, e.attempt));
	add(f, 3, 3, noon_us);
	e = claim_one(f, noon_us);
	assert_true(intend(f, e.message, e.lease, e.attempt));
	EXPECT(f, STATUS_NOT_FOUND, store_queue_cancel(f->s, id_of(3), true, &row, &f->err));
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
	end(f, retried.message, retried.attempt, QUEUE_RETRY);
	add(f, 3, 3, noon_us + 2);
	(void)claim_one(f, noon_us + 2);
	add(f, 4, 3, noon_us + 3);
	add(f, 5, 3, noon_us + 600);
	add(f, 6, 4, noon_us + 4);
	struct queue_figures got = count(f, 3, noon_us + 99);
	assert_int_equal(got.due, 1);
	assert_int_equal(got.scheduled, 1);
	assert_int_equal(got.in_flight, 1);
	assert_int_equal(got.deferred, 1);
	assert_int_equal(got.in_doubt, 1);
	assert_int_equal(got.oldest_due_us, noon_us + 3);
	assert_int_equal(count(f, 0, noon_us + 99).due, 2);
	assert_int_equal(count(f, 5, noon_us + 99).oldest_due_us, 0);
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
	end(f, e.message, e.attempt, QUEUE_RETRY);
	(void)claim(f, noon_us + 100, 10, 0);
	OK(f, store_queue_set_paused(f->s, 3, SLICE_EMPTY, false, noon_us, &f->err));
	(void)claim(f, noon_us + 100, 10, 0);
	struct queue_canceled row;
	OK(f, store_queue_cancel(f->s, id_of(1), false, &row, &f->err));
	OK(f, store_queue_set_paused(f->s, 0, TEXT("smtp"), false, noon_us, &f->err));
	(void)claim(f, noon_us + 100, 10, 2);
}

/* ---- An outcome goes by message and attempt */

/* The machine that sent it died with the outcome on its disk, another one held the row, the first comes back. */
static void test_a_late_outcome_ends_a_doubt(void **state)
{
	struct fixture *f = *state;
	struct uuid id = held(f, 1);
	end(f, id, 2, QUEUE_FINISHED);
	assert_string_equal(state_of(f), "held");
	end(f, id, 1, QUEUE_FINISHED);
	assert_string_equal(state_of(f), "");
}

static void test_a_late_refusal_ends_a_doubt_too(void **state)
{
	struct fixture *f = *state;
	struct uuid id = held(f, 1);
	end(f, id, 1, QUEUE_RETRY);
	(void)claim(f, noon_us + 99, 1, 0);
	assert_int_equal(claim_one(f, noon_us + 100).attempt, 2);
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM send_queue WHERE held_at IS NULL"), "1");
}

static void test_a_late_doubt_does_not_undo_a_decision(void **state)
{
	struct fixture *f = *state;
	struct uuid id = held(f, 1);
	OK(f, store_queue_resolve(f->s, id, true, noon_us, &f->err));
	end(f, id, 1, QUEUE_DOUBT);
	assert_string_equal(state_of(f), "waiting");
}

static void test_outcomes_of_every_kind_go_together(void **state)
{
	enum { ROWS = 90 };
	struct fixture *f = *state;
	struct queue_outcome outcomes[ROWS];
	struct queue_intent intents[ROWS + 1];
	bool taken[ROWS + 1];
	for (unsigned i = 0; i < ROWS; i++)
		add(f, i, 1 + i % 4, noon_us);
	struct queue_entry *e = claim(f, noon_us, ROWS, ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		intents[i] = (struct queue_intent){e[i].message, e[i].lease, e[i].attempt};
		outcomes[i] = (struct queue_outcome){.message = e[i].message,
						     .attempt = 1,
						     .ending = (enum queue_ending)(i % 3),
						     .time_us = noon_us,
						     .due_us = noon_us + 7,
						     .error = i % 2 ? TEXT("busy\xff") : SLICE_EMPTY};
	}
	intents[ROWS] = (struct queue_intent){id_of(4711), 1, 1};
	OK(f, store_queue_intents(f->s, intents, ROWS + 1, noon_us, taken, &f->err));
	for (size_t i = 0; i < ROWS; i++)
		assert_true(taken[i]);
	assert_false(taken[ROWS]);
	OK(f, store_queue_end_attempts(f->s, outcomes, ROWS, &f->err));
	struct queue_figures figures = count(f, 0, noon_us);
	assert_int_equal(figures.in_doubt, ROWS / 3);
	assert_int_equal(figures.deferred, ROWS / 3);
	assert_int_equal(figures.in_flight, 0);
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM send_queue WHERE error = 'busy?'"), "15");
	(void)claim(f, noon_us + 7, ROWS, ROWS / 3);
}

static void test_what_is_given_back_is_due_at_once(void **state)
{
	struct fixture *f = *state;
	for (unsigned i = 0; i < 4; i++)
		add(f, i, 3, noon_us);
	struct queue_entry *e = claim(f, noon_us, 4, 4);
	assert_true(intend(f, e[1].message, e[1].lease, e[1].attempt));
	struct queue_entry others = e[2];
	others.lease++;
	OK(f, store_queue_give_back(f->s, (struct queue_entry[]){e[0], e[1], others}, 3, &f->err));
	struct queue_entry *again = claim(f, noon_us, 4, 1);
	assert_true(uuid_equal(again->message, e[0].message));
	assert_int_equal(again->attempt, 2);
}

/* The next claim gets them; what has an intent may have left, and what another claim holds is another's. */
static void test_a_lease_is_released_without_knowing_its_mails(void **state)
{
	struct fixture *f = *state;
	for (unsigned i = 0; i < 3; i++)
		add(f, i, 3, noon_us);
	struct queue_entry *lost = claim(f, noon_us, 2, 2);
	struct uuid ids[2] = {lost[0].message, lost[1].message};
	uint64_t lease = lost[0].lease;
	(void)claim(f, noon_us, 2, 1);
	assert_true(intend(f, ids[1], lease, lost[1].attempt));
	OK(f, store_queue_release(f->s, lease, &f->err));
	struct queue_entry *again = claim(f, noon_us, 4, 1);
	assert_true(uuid_equal(again->message, ids[0]));
	OK(f, store_queue_release(f->s, lease, &f->err));
	(void)claim(f, noon_us, 4, 0);
}

static void add_message(struct fixture *f, struct uuid id, enum message_state state)
{
	struct message m = message_of(0);
	m.id = id;
	m.state = state;
	fixture_add_message(f, m);
}

static void test_held_rows_of_messages_with_an_end_can_be_dropped(void **state)
{
	static const enum message_state STATES[] = {MESSAGE_SENT, MESSAGE_IN_DOUBT, MESSAGE_FAILED};
	struct fixture *f = *state;
	uint64_t dropped = 99;
	for (unsigned i = 0; i < 3; i++)
		add_message(f, held(f, i), STATES[i]);
	/* Due again by a person's decision, although the message has an end: not held, so not ours to drop. */
	add_message(f, id_of(5), MESSAGE_SENT);
	add(f, 5, 3, noon_us);
	OK(f, store_queue_drop_ended(f->s, &dropped, &f->err));
	assert_int_equal(dropped, 2);
	assert_int_equal(count(f, 0, noon_us).in_doubt, 1);
	assert_int_equal(count(f, 0, noon_us).due, 1);
}

/* ---- Two writers */

enum { SHARED_ROWS = 300, ROUNDS = 40 };

struct rival {
	struct store *store;
	struct queue_outcome *outcomes;
	bool backwards;
	enum status status;
	struct err err;
};

/* Each in an order of its own, as two machines' journals have them. */
static void *end_again_and_again(void *user)
{
	struct rival *r = user;
	struct store_session *s = NULL;
	struct queue_outcome mine[SHARED_ROWS];
	for (size_t i = 0; i < SHARED_ROWS; i++)
		mine[i] = r->outcomes[r->backwards ? SHARED_ROWS - 1 - i : i];
	r->status = store_session_open(r->store, STORE_WRITE, &s, &r->err);
	for (int round = 0; r->status == STATUS_OK && round < ROUNDS; round++) {
		r->status = store_begin(s, &r->err);
		if (r->status == STATUS_OK)
			r->status = store_queue_end_attempts(s, mine, SHARED_ROWS, &r->err);
		if (r->status == STATUS_OK)
			r->status = store_commit(s, &r->err);
	}
	store_session_close(&s);
	return NULL;
}

static void test_two_writers_with_rows_in_common_never_deadlock(void **state)
{
	struct fixture *f = *state;
	struct queue_outcome outcomes[SHARED_ROWS];
	pthread_t threads[2];
	if (!f->postgres)
		return; /* SQLite has one writer */
	for (unsigned i = 0; i < SHARED_ROWS; i++) {
		add(f, i, 3, noon_us);
		outcomes[i] = (struct queue_outcome){
		    .message = id_of(i), .attempt = 1, .ending = QUEUE_RETRY, .due_us = noon_us, .error = TEXT("x")};
	}
	(void)claim(f, noon_us, SHARED_ROWS, SHARED_ROWS);
	struct rival rivals[2] = {{f->store, outcomes, false, STATUS_OK, {0}},
				  {f->store, outcomes, true, STATUS_OK, {0}}};
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, end_again_and_again, &rivals[i]), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < 2; i++)
		if (rivals[i].status != STATUS_OK)
			fail_msg("%s", rivals[i].err.text);
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
	    FIXTURE_TEST(test_an_intent_needs_the_lease_of_its_claim),
	    FIXTURE_TEST(test_leases_can_be_made_longer),
	    FIXTURE_TEST(test_a_retry_is_due_again_later),
	    FIXTURE_TEST(test_an_intent_is_never_claimed_again_but_found_as_an_orphan),
	    FIXTURE_TEST(test_a_node_takes_back_the_claims_of_its_earlier_epochs_and_no_others),
	    FIXTURE_TEST(test_what_an_earlier_epoch_was_sending_is_an_orphan_at_once),
	    FIXTURE_TEST(test_what_is_in_doubt_waits_for_a_decision),
	    FIXTURE_TEST(test_claims_without_intent_are_released_at_the_start),
	    FIXTURE_TEST(test_what_is_not_being_sent_can_be_canceled),
	    FIXTURE_TEST(test_the_next_due_time_is_known),
	    FIXTURE_TEST(test_every_row_is_counted_once),
	    FIXTURE_TEST(test_paused_rows_wait_until_they_are_resumed),
	    FIXTURE_TEST(test_a_late_outcome_ends_a_doubt),
	    FIXTURE_TEST(test_a_late_refusal_ends_a_doubt_too),
	    FIXTURE_TEST(test_a_late_doubt_does_not_undo_a_decision),
	    FIXTURE_TEST(test_outcomes_of_every_kind_go_together),
	    FIXTURE_TEST(test_what_is_given_back_is_due_at_once),
	    FIXTURE_TEST(test_a_lease_is_released_without_knowing_its_mails),
	    FIXTURE_TEST(test_held_rows_of_messages_with_an_end_can_be_dropped),
	    FIXTURE_TEST(test_two_writers_with_rows_in_common_never_deadlock),
	};
	return FIXTURE_RUN(store_queue);
}
