/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ledger/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../harness/exam.h"
#include "base/random.h"

enum { ROOM = RECORD_PAYLOAD_MAX + 1 };

static struct hit_record full_hit(void)
{
	struct hit_record hit = {
	    .kind = HIT_CLICK,
	    .is_head = true,
	    .stop_tracking = true,
	    .key_id = 200,
	    .consent = LINK_TOKEN_CONSENT_ANONYMOUS,
	    .tenant = 70000,
	    .message = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
	    .link_index = 300,
	    .destination = SLICE("https://example.com/?a=1"),
	    .client = {{0xff, 1, 2}},
	    .user_agent = SLICE("agent"),
	    .purpose = SLICE("prefetch"),
	    .referer = SLICE("https://mail.example.com"),
	    .accept_language = SLICE("de"),
	    .has_sec_fetch = true,
	};
	return hit;
}

static void test_a_hit_reads_back_as_it_was_written(void **state)
{
	char room[ROOM];
	struct buf b;
	struct hit_record want = full_hit();
	struct hit_record got;
	(void)state;
	buf_init_fixed(&b, room, sizeof room);
	record_put_hit(&b, &want);
	assert_int_equal(record_get_hit(buf_slice(&b), &got), STATUS_OK);
	assert_int_equal(got.kind, HIT_CLICK);
	assert_true(got.is_head && got.stop_tracking && got.has_sec_fetch);
	assert_false(got.one_click || got.destination_is_stored || got.is_https);
	assert_int_equal(got.key_id, 200);
	assert_int_equal(got.consent, LINK_TOKEN_CONSENT_ANONYMOUS);
	assert_int_equal(got.tenant, 70000);
	assert_true(uuid_equal(got.message, want.message));
	assert_int_equal(got.link_index, 300);
	assert_true(slice_equal(got.destination, want.destination));
	assert_true(ip_address_equal(&got.client, &want.client));
	assert_true(slice_equal(got.user_agent, want.user_agent));
	assert_true(slice_equal(got.purpose, want.purpose));
	assert_true(slice_equal(got.referer, want.referer));
	assert_true(slice_equal(got.accept_language, want.accept_language));
}

static void test_each_flag_of_a_hit_stands_for_itself(void **state)
{
	(void)state;
	for (int i = 0; i < 7; i++) {
		char room[ROOM];
		struct buf b;
		struct hit_record got;
		struct hit_record hit = {.is_head = i == 0,
					 .one_click = i == 1,
					 .stop_tracking = i == 2,
					 .destination_is_stored = i == 3,
					 .destination = i == 3 ? SLICE("0123456789abcdef") : SLICE_EMPTY,
					 .has_sec_fetch = i == 4,
					 .is_https = i == 5,
					 .opts_out = i == 6};
		buf_init_fixed(&b, room, sizeof room);
		record_put_hit(&b, &hit);
		assert_int_equal(record_get_hit(buf_slice(&b), &got), STATUS_OK);
		assert_int_equal(got.is_head, i == 0);
		assert_int_equal(got.one_click, i == 1);
		assert_int_equal(got.stop_tracking, i == 2);
		assert_int_equal(got.destination_is_stored, i == 3);
		assert_int_equal(got.has_sec_fetch, i == 4);
		assert_int_equal(got.is_https, i == 5);
		assert_int_equal(got.opts_out, i == 6);
	}
}

static void test_long_texts_are_cut_so_that_any_hit_fits(void **state)
{
	static char endless[100000];
	char room[ROOM];
	struct buf b;
	struct hit_record hit = full_hit();
	struct hit_record got;
	(void)state;
	memset(endless, 'x', sizeof endless);
	hit.destination = hit.user_agent = hit.purpose = hit.referer = hit.accept_language =
	    slice_of(endless, sizeof endless);
	buf_init_fixed(&b, room, sizeof room);
	record_put_hit(&b, &hit);
	assert_false(buf_failed(&b));
	assert_int_equal(record_get_hit(buf_slice(&b), &got), STATUS_OK);
	assert_int_equal(got.user_agent.n, USER_AGENT_MAX);
	assert_int_equal(got.purpose.n, 64);
	assert_int_equal(got.destination.n, LINK_TOKEN_URL_MAX);
}

static void test_no_prefix_and_no_longer_form_of_a_record_is_accepted(void **state)
{
	char room[ROOM];
	struct buf b;
	struct hit_record hit = full_hit();
	struct hit_record untouched = {.tenant = 42};
	(void)state;
	buf_init_fixed(&b, room, sizeof room);
	record_put_hit(&b, &hit);
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(record_get_hit(slice_sub(buf_slice(&b), 0, n), &untouched), STATUS_BAD_INPUT);
	buf_append_byte(&b, 0);
	assert_int_equal(record_get_hit(buf_slice(&b), &untouched), STATUS_BAD_INPUT);
	assert_int_equal(untouched.tenant, 42);
}

static void test_versions_and_values_out_of_range_are_refused(void **state)
{
	static const struct {
		size_t at;
		char byte;
	} CASES[] = {{0, 3}, {0, 2}, {0, 0}, {1, (char)128}, {2, 3}, {4, 3}};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		char room[ROOM];
		struct buf b;
		struct hit_record hit = full_hit();
		struct hit_record got;
		buf_init_fixed(&b, room, sizeof room);
		record_put_hit(&b, &hit);
		room[CASES[i].at] = CASES[i].byte;
		assert_int_equal(record_get_hit(buf_slice(&b), &got), STATUS_BAD_INPUT);
	}
}

static void test_hits_that_are_summed_read_back_and_a_single_one_is_written_as_ever(void **state)
{
	static const uint32_t SUMS[] = {0, 1, 127, 128, UINT32_MAX};
	(void)state;
	for (size_t i = 0; i < sizeof SUMS / sizeof SUMS[0]; i++) {
		char room[ROOM];
		struct buf b;
		struct hit_record hit = full_hit();
		struct hit_record got;
		hit.summed = SUMS[i];
		buf_init_fixed(&b, room, sizeof room);
		record_put_hit(&b, &hit);
		assert_int_equal(room[0], SUMS[i] ? 2 : 1);
		assert_int_equal(record_get_hit(buf_slice(&b), &got), STATUS_OK);
		assert_int_equal(got.summed, SUMS[i]);
		assert_true(slice_equal(got.accept_language, hit.accept_language));
		for (size_t n = 0; n < b.n; n++)
			assert_int_equal(record_get_hit(slice_sub(buf_slice(&b), 0, n), &got), STATUS_BAD_INPUT);
	}
}

static void test_hits_can_be_counted_while_their_record_is_written(void **state)
{
	char room[ROOM];
	char whole[ROOM];
	struct buf b;
	struct buf w;
	struct hit_record hit = full_hit();
	(void)state;
	buf_init_fixed(&b, room, sizeof room);
	buf_init_fixed(&w, whole, sizeof whole);
	record_begin_summed_hit(&b, &hit);
	record_end_summed_hit(&b, 300);
	hit.summed = 300;
	record_put_hit(&w, &hit);
	assert_true(slice_equal(buf_slice(&b), buf_slice(&w)));
	buf_clear(&b);
	struct hit_record got;
	record_begin_summed_hit(&b, &hit);
	record_end_summed_hit(&b, 0);
	assert_int_equal(record_get_hit(buf_slice(&b), &got), STATUS_BAD_INPUT);
}

static void test_intents_and_outcomes_read_back(void **state)
{
	char room[ROOM];
	struct buf b;
	struct intent_record intent = {
	    .message = {{9}}, .lease = UINT64_MAX, .attempt = 3, .date_us = 1795240800000000};
	struct intent_record undated = {.message = {{9}}, .lease = 1, .attempt = 1};
	struct intent_record got_intent;
	struct outcome_record outcome = {.message = {{8}},
					 .lease = 5,
					 .attempt = 2,
					 .outcome = OUTCOME_RETRY,
					 .reply_code = 451,
					 .reply = SLICE("4.7.1 later"),
					 .remote_id = SLICE("abc"),
					 .next_due_us = INT64_C(1795240800000000)};
	struct outcome_record got;
	(void)state;
	buf_init_fixed(&b, room, sizeof room);
	record_put_intent(&b, &intent);
	assert_int_equal(record_get_intent(buf_slice(&b), &got_intent), STATUS_OK);
	assert_true(uuid_equal(got_intent.message, intent.message));
	assert_true(got_intent.lease == UINT64_MAX && got_intent.attempt == 3);
	assert_int_equal(got_intent.date_us, intent.date_us);
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(record_get_intent(slice_sub(buf_slice(&b), 0, n), &got_intent), STATUS_BAD_INPUT);
	/* As programs from before the Date was kept wrote them: journals are read by later versions (R11). */
	buf_clear(&b);
	record_put_intent(&b, &undated);
	assert_int_equal(b.p[0], 1);
	assert_int_equal(record_get_intent(buf_slice(&b), &got_intent), STATUS_OK);
	assert_int_equal(got_intent.date_us, 0);
	buf_clear(&b);
	record_put_outcome(&b, &outcome);
	assert_int_equal(record_get_outcome(buf_slice(&b), &got), STATUS_OK);
	assert_true(uuid_equal(got.message, outcome.message));
	assert_int_equal(got.outcome, OUTCOME_RETRY);
	assert_int_equal(got.reply_code, 451);
	assert_true(slice_equal(got.reply, outcome.reply));
	assert_true(slice_equal(got.remote_id, outcome.remote_id));
	assert_true(got.next_due_us == outcome.next_due_us && got.lease == 5 && got.attempt == 2);
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(record_get_outcome(slice_sub(buf_slice(&b), 0, n), &got), STATUS_BAD_INPUT);
}

static struct provider_hit_record full_report(void)
{
	return (struct provider_hit_record){
	    .kind = HIT_CLICK,
	    .tenant = 70000,
	    .message = {{1, 2, 3}},
	    .occurred_us = INT64_C(1795240800000000),
	    .sign = PROVIDER_SIGN_MPP,
	    .has_client = true,
	    .client = {{0xff, 1, 2}},
	    .provider = SLICE("send_grid-2"),
	    .remote_id = SLICE("r-1"),
	    .event_id = SLICE("e-1"),
	    .user_agent = SLICE("agent"),
	    .url = SLICE("https://example.com/?a=1"),
	};
}

static void test_a_report_reads_back_and_no_other_form_does(void **state)
{
	char room[ROOM];
	struct buf b;
	struct provider_hit_record want = full_report();
	struct provider_hit_record got;
	(void)state;
	buf_init_fixed(&b, room, sizeof room);
	record_put_provider_hit(&b, &want);
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(record_get_provider_hit(slice_sub(buf_slice(&b), 0, n), &got), STATUS_BAD_INPUT);
	assert_int_equal(record_get_provider_hit(buf_slice(&b), &got), STATUS_OK);
	assert_int_equal(got.kind, HIT_CLICK);
	assert_int_equal(got.tenant, 70000);
	assert_true(uuid_equal(got.message, want.message));
	assert_true(got.occurred_us == want.occurred_us && got.has_client);
	assert_int_equal(got.sign, PROVIDER_SIGN_MPP);
	assert_true(ip_address_equal(&got.client, &want.client));
	assert_true(slice_equal(got.provider, want.provider));
	assert_true(slice_equal(got.remote_id, want.remote_id));
	assert_true(slice_equal(got.event_id, want.event_id));
	assert_true(slice_equal(got.user_agent, want.user_agent));
	assert_true(slice_equal(got.url, want.url));
	room[1] = HIT_UNSUBSCRIBE;
	assert_int_equal(record_get_provider_hit(buf_slice(&b), &got), STATUS_BAD_INPUT);
	room[1] = HIT_OPEN;
	room[0] = 2;
	assert_int_equal(record_get_provider_hit(buf_slice(&b), &got), STATUS_BAD_INPUT);
}

static void test_the_name_of_a_provider_cannot_be_taken_for_reasons(void **state)
{
	static const char *const NAMES[] = {"", "Send Grid", "x agent:apple_mpp", "x\n", "x:y"};
	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		char room[ROOM];
		struct buf b;
		struct provider_hit_record report = full_report();
		struct provider_hit_record got;
		report.provider = slice_from_cstr(NAMES[i]);
		buf_init_fixed(&b, room, sizeof room);
		record_put_provider_hit(&b, &report);
		assert_int_equal(record_get_provider_hit(buf_slice(&b), &got), STATUS_BAD_INPUT);
	}
}

static void test_any_report_fits_and_a_url_is_whole_or_not_there(void **state)
{
	static char endless[100000];
	char room[ROOM];
	struct buf b;
	struct provider_hit_record report = full_report();
	struct provider_hit_record got;
	(void)state;
	memset(endless, 'x', sizeof endless);
	report.provider = report.remote_id = report.event_id = report.user_agent = slice_of(endless, sizeof endless);
	report.url = slice_of(endless, 4096);
	buf_init_fixed(&b, room, sizeof room);
	record_put_provider_hit(&b, &report);
	assert_false(buf_failed(&b));
	assert_int_equal(record_get_provider_hit(buf_slice(&b), &got), STATUS_OK);
	assert_int_equal(got.url.n, 4096);
	report.url = slice_of(endless, 4097);
	buf_clear(&b);
	record_put_provider_hit(&b, &report);
	assert_int_equal(record_get_provider_hit(buf_slice(&b), &got), STATUS_OK);
	assert_int_equal(got.url.n, 0);
}

/* ---- Anything at all */

static struct slice some_text(struct prng *random, char *room, size_t max)
{
	size_t n = (size_t)prng_below(random, max + 1);
	for (size_t i = 0; i < n; i++)
		room[i] = (char)prng_next(random);
	return slice_of(room, n);
}

struct texts {
	char destination[LINK_TOKEN_URL_MAX], agent[USER_AGENT_MAX], purpose[64], referer[64], language[64];
};

static struct hit_record some_hit(struct prng *random, struct texts *texts)
{
	uint64_t flags = prng_next(random);
	struct hit_record hit = {
	    .kind = (enum hit_kind)prng_below(random, HIT_UNSUBSCRIBE + 1),
	    .is_head = flags & 1,
	    .one_click = flags & 2,
	    .stop_tracking = flags & 4,
	    .has_sec_fetch = flags & 8,
	    .is_https = flags & 16,
	    .opts_out = flags & 32,
	    .key_id = (uint8_t)(1 + prng_below(random, 255)),
	    .consent = (enum link_token_consent)prng_below(random, LINK_TOKEN_CONSENT_ANONYMOUS + 1),
	    .tenant = (uint32_t)(prng_next(random) >> prng_below(random, 64)),
	    .link_index = (uint32_t)(prng_next(random) >> prng_below(random, 64)),
	    .summed = prng_below(random, 4) ? 0 : (uint32_t)(prng_next(random) >> prng_below(random, 64)),
	    .destination = some_text(random, texts->destination, prng_below(random, 8) ? 60 : LINK_TOKEN_URL_MAX),
	    .user_agent = some_text(random, texts->agent, prng_below(random, 8) ? 120 : USER_AGENT_MAX),
	    .purpose = some_text(random, texts->purpose, 8),
	    .referer = some_text(random, texts->referer, sizeof texts->referer),
	    .accept_language = some_text(random, texts->language, sizeof texts->language),
	};
	for (size_t i = 0; i < sizeof hit.message.bytes; i++) {
		hit.message.bytes[i] = (uint8_t)prng_next(random);
		hit.client.bytes[i] = (uint8_t)prng_next(random);
	}
	return hit;
}

/* Each record reads back as what was written, and what was read makes the same bytes again: nothing is left out, and
 * there is one form only. */
static void test_any_hit_reads_back_and_makes_the_same_bytes_again(void **state)
{
	enum { HITS = 20000 };
	const uint64_t hits = exam_rounds(HITS);
	struct prng random;
	static struct texts texts;
	static char room[ROOM], again[ROOM];
	(void)state;
	prng_init(&random, 12 + exam_seed());
	for (uint64_t i = 0; i < hits; i++) {
		struct hit_record hit = some_hit(&random, &texts), got;
		struct buf b, second;
		buf_init_fixed(&b, room, sizeof room);
		buf_init_fixed(&second, again, sizeof again);
		record_put_hit(&b, &hit);
		assert_int_equal(record_get_hit(buf_slice(&b), &got), STATUS_OK);
		record_put_hit(&second, &got);
		assert_true(slice_equal(buf_slice(&b), buf_slice(&second)));
		assert_true(slice_equal(got.destination, hit.destination) &&
			    slice_equal(got.user_agent, hit.user_agent));
		assert_int_equal(got.summed, hit.summed);
		assert_int_equal(got.tenant, hit.tenant);
		assert_true(uuid_equal(got.message, hit.message));
	}
	print_message("%llu records there and back\n", (unsigned long long)hits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_any_hit_reads_back_and_makes_the_same_bytes_again),
	    cmocka_unit_test(test_a_hit_reads_back_as_it_was_written),
	    cmocka_unit_test(test_each_flag_of_a_hit_stands_for_itself),
	    cmocka_unit_test(test_long_texts_are_cut_so_that_any_hit_fits),
	    cmocka_unit_test(test_no_prefix_and_no_longer_form_of_a_record_is_accepted),
	    cmocka_unit_test(test_versions_and_values_out_of_range_are_refused),
	    cmocka_unit_test(test_hits_that_are_summed_read_back_and_a_single_one_is_written_as_ever),
	    cmocka_unit_test(test_hits_can_be_counted_while_their_record_is_written),
	    cmocka_unit_test(test_intents_and_outcomes_read_back),
	    cmocka_unit_test(test_a_report_reads_back_and_no_other_form_does),
	    cmocka_unit_test(test_the_name_of_a_provider_cannot_be_taken_for_reasons),
	    cmocka_unit_test(test_any_report_fits_and_a_url_is_whole_or_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
