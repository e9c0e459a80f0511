/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/dispatch/attempt_end.h"

#include "engine/dispatch/lease_book.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_ATTEMPTS = 3 };
static const struct retry_rules rules = {MAX_ATTEMPTS, 1000, 60000};

static struct outcome_record end(const struct attempt_end *e, struct arena *arena)
{
	struct prng prng;
	prng_init(&prng, 7);
	return attempt_end_record(e, &rules, &prng, arena);
}

struct row {
	const char *what;
	enum status said;
	bool is_past_dot;
	uint32_t attempt;
	enum outcome want;
};

static const struct row table[] = {
    {"accepted", STATUS_OK, true, 1, OUTCOME_SENT},
    {"refused for good", STATUS_REFUSED_PERM, false, 1, OUTCOME_FAILED},
    {"refused for good after the dot", STATUS_REFUSED_PERM, true, 1, OUTCOME_FAILED},
    {"refused for now", STATUS_REFUSED_TEMP, false, 1, OUTCOME_RETRY},
    {"refused for now after the dot", STATUS_REFUSED_TEMP, true, 1, OUTCOME_RETRY},
    {"refused for now at the last attempt", STATUS_REFUSED_TEMP, false, MAX_ATTEMPTS, OUTCOME_FAILED},
    {"the account was turned away", STATUS_DENIED, false, 1, OUTCOME_RETRY},
    {"a line that broke before the dot", STATUS_IO, false, 1, OUTCOME_RETRY},
    {"a line that broke before the dot of the last attempt", STATUS_IO, false, MAX_ATTEMPTS, OUTCOME_FAILED},
    {"a line that broke after the dot", STATUS_IO, true, 1, OUTCOME_UNCERTAIN},
    {"no answer after the dot of the last attempt", STATUS_TIMEOUT, true, MAX_ATTEMPTS, OUTCOME_UNCERTAIN},
    {"the transport does not know", STATUS_UNCERTAIN, true, 1, OUTCOME_UNCERTAIN},
    {"we hung up, at the last attempt", STATUS_AGAIN, false, MAX_ATTEMPTS, OUTCOME_RETRY},
};

static void test_only_what_was_certainly_not_accepted_is_tried_again(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct queue_entry entry = {.attempt = table[i].attempt, .lease = 9, .provider = SLICE("smtp")};
		struct transport_outcome said = {.status = table[i].said};
		struct attempt_end e = {&entry, table[i].is_past_dot, &said, 5000000};
		struct outcome_record got = end(&e, arena);
		if (got.outcome != table[i].want)
			fail_msg("%s: got %d, want %d", table[i].what, got.outcome, table[i].want);
		assert_int_equal(got.attempt, table[i].attempt);
		assert_int_equal(got.next_due_us > 0, table[i].want == OUTCOME_RETRY);
	}
	arena_free(&arena);
}

static void test_a_file_in_the_outbox_is_delivered(void **state)
{
	struct arena *arena = arena_new();
	struct queue_entry entry = {.attempt = 1, .provider = SLICE("outbox")};
	struct transport_outcome said = {.status = STATUS_OK};
	(void)state;
	assert_int_equal(end(&(struct attempt_end){&entry, true, &said, 1}, arena).outcome, OUTCOME_DELIVERED);
	arena_free(&arena);
}

static void test_retries_come_later_and_never_within_a_second(void **state)
{
	struct arena *arena = arena_new();
	struct prng prng;
	struct retry_rules many = {100, 1000, 60000};
	int64_t longest_us = 0;
	(void)state;
	prng_init(&prng, 1);
	for (uint32_t attempt = 1; attempt < 90; attempt++) {
		struct queue_entry entry = {.attempt = attempt, .provider = SLICE("smtp")};
		struct transport_outcome said = {.status = STATUS_REFUSED_TEMP};
		struct attempt_end e = {&entry, false, &said, 0};
		int64_t after_us = attempt_end_record(&e, &many, &prng, arena).next_due_us;
		int64_t bound_us = attempt < 7 ? INT64_C(1000000) << (attempt - 1) : 60000000;
		assert_true(after_us >= 1000000 && after_us <= bound_us);
		longest_us = after_us > longest_us ? after_us : longest_us;
	}
	assert_true(longest_us > 30000000);
	arena_free(&arena);
}

static void test_words_are_cut_to_what_a_record_may_have(void **state)
{
	struct arena *arena = arena_new();
	char words[2000];
	struct queue_entry entry = {.attempt = 1, .provider = SLICE("smtp")};
	struct transport_outcome said = {.status = STATUS_REFUSED_PERM, .reply_code = 550};
	(void)state;
	memset(words, 'w', sizeof words);
	said.reply = said.remote_id = slice_of(words, sizeof words);
	struct outcome_record got = end(&(struct attempt_end){&entry, false, &said, 1}, arena);
	assert_int_equal(got.reply.n, 500);
	assert_int_equal(got.remote_id.n, 200);
	assert_int_equal(got.reply_code, 550);
	assert_true(got.reply.p != words);
	arena_free(&arena);
}

/* ---- Leases */

static void test_a_lease_is_low_in_its_last_third_by_either_clock(void **state)
{
	struct lease_book book;
	(void)state;
	lease_book_init(&book, 120);
	struct lease *lease = lease_open(&book, 5);
	lease_hold(lease);
	lease->until_us = 1120;
	lease->store_until_us = 9120;
	assert_false(lease_book_is_low(&book, &(struct lease_now){1080, 9080}));
	assert_true(lease_book_is_low(&book, &(struct lease_now){1081, 9000}));
	assert_true(lease_book_is_low(&book, &(struct lease_now){1000, 9081}));
	assert_true(lease_book_find(&book, 5) == lease);
	assert_null(lease_book_find(&book, 6));
	lease_let_go(lease);
	lease_book_done(&book);
}

static void test_a_lease_lasts_as_long_as_one_mail_holds_it(void **state)
{
	struct lease_book book;
	(void)state;
	lease_book_init(&book, 120);
	struct lease *lease = lease_open(&book, 5);
	lease_hold(lease);
	lease_hold(lease);
	lease_let_go(lease);
	assert_int_equal(lease_book_count(&book), 1);
	lease_let_go(lease);
	assert_int_equal(lease_book_count(&book), 0);
	lease_book_done(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_what_was_certainly_not_accepted_is_tried_again),
	    cmocka_unit_test(test_a_file_in_the_outbox_is_delivered),
	    cmocka_unit_test(test_retries_come_later_and_never_within_a_second),
	    cmocka_unit_test(test_words_are_cut_to_what_a_record_may_have),
	    cmocka_unit_test(test_a_lease_is_low_in_its_last_third_by_either_clock),
	    cmocka_unit_test(test_a_lease_lasts_as_long_as_one_mail_holds_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
