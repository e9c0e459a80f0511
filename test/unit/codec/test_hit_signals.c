/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/judge/hit_signals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct slice AGENTS[] = {
    SLICE(""),
    SLICE("Mozilla/5.0"),
    SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/57.0.2987.133 "
	  "Safari/537.36"),
    SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
	  "Safari/537.36 Edge/12.246 Mozilla/5.0"),
    SLICE("Mozilla/5.0 (X11; Linux x86_64; rv:24.0) Gecko/20100101 Thunderbird/24.2.0"),
};
static const struct slice PURPOSES[] = {SLICE(""), SLICE("prefetch"), SLICE("Prefetch;anonymous-client-ip"),
					SLICE("preview"), SLICE("navigate")};
static const struct slice REFERERS[] = {SLICE(""), SLICE("https://shop.example/"),
					SLICE("https://urldefense.proofpoint.com/v2/url?u=secret"),
					SLICE("http://mail.google.com/mail/u/0/"), SLICE("http://mail.google.com")};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One of all that the judge can be told of headers. */
static struct hit_signals hit_number(size_t n)
{
	struct hit_signals hit = {.kind = n % 2 ? HIT_CLICK : HIT_OPEN};
	n /= 2;
	hit.method = n % 2 ? SLICE("HEAD") : SLICE_EMPTY;
	n /= 2;
	hit.headers_are_known = n % 2;
	n /= 2;
	hit.has_accept_language = n % 2;
	n /= 2;
	hit.has_sec_fetch = n % 2;
	n /= 2;
	hit.is_https = n % 2;
	n /= 2;
	hit.purpose = PURPOSES[n % COUNT(PURPOSES)];
	n /= COUNT(PURPOSES);
	hit.referer = REFERERS[n % COUNT(REFERERS)];
	n /= COUNT(REFERERS);
	hit.user_agent = AGENTS[n % COUNT(AGENTS)];
	return hit;
}
enum { HITS = 64 * COUNT(PURPOSES) * COUNT(REFERERS) * COUNT(AGENTS) };

static void expect_same_verdict(const struct hit_signals *a, const struct hit_signals *b)
{
	struct verdict first = {0};
	struct verdict again = {0};
	verdict_judge(a, &first);
	verdict_judge(b, &again);
	assert_int_equal(first.actor, again.actor);
	assert_int_equal(first.mpp, again.mpp);
	assert_int_equal(first.confidence_percent, again.confidence_percent);
	assert_string_equal(first.reasons, again.reasons);
}

static void test_what_was_packed_is_judged_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < HITS; i++) {
		struct hit_signals hit = hit_number(i);
		struct hit_signals again = {.kind = hit.kind, .user_agent = hit.user_agent};
		hit_signals_unpack(hit_signals_pack(&hit), &again);
		expect_same_verdict(&hit, &again);
		assert_int_equal(hit_signals_pack(&again), hit_signals_pack(&hit));
	}
}

static void test_packed_signals_are_small_and_never_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < HITS; i++) {
		struct hit_signals hit = hit_number(i);
		uint16_t bits = hit_signals_pack(&hit);
		assert_true(bits != HIT_SIGNALS_NOT_KEPT && bits <= INT16_MAX);
	}
}

/* Rows keep them for years. */
static void test_bits_keep_their_meaning(void **state)
{
	(void)state;
	struct hit_signals hit = {.kind = HIT_CLICK};
	assert_int_equal(hit_signals_pack(&hit), 0x001);
	hit.method = SLICE("HEAD");
	assert_int_equal(hit_signals_pack(&hit), 0x003);
	hit.purpose = SLICE("preview");
	assert_int_equal(hit_signals_pack(&hit), 0x023);
	hit.referer = SLICE("http://mail.google.com/");
	assert_int_equal(hit_signals_pack(&hit), 0x0e3);
	hit.headers_are_known = hit.has_accept_language = true;
	assert_int_equal(hit_signals_pack(&hit), 0x3e3);
	hit.has_sec_fetch = hit.is_https = true;
	assert_int_equal(hit_signals_pack(&hit), 0xfe3);
}

static void test_a_method_of_later_is_not_head(void **state)
{
	(void)state;
	struct hit_signals hit = {0};
	hit_signals_unpack(1 | 7 << 1, &hit);
	assert_int_equal(hit.method.n, 0);
}

static void test_other_methods_stay_other_methods(void **state)
{
	(void)state;
	struct hit_signals hit = {.method = SLICE("PROPFIND")};
	struct hit_signals press = {.kind = HIT_UNSUBSCRIBE, .method = SLICE("POST")};
	assert_int_equal(hit_signals_pack(&press), 1);
	hit_signals_unpack(hit_signals_pack(&hit), &hit);
	assert_false(verdict_is_usual_method(&hit) || slice_equal(hit.method, SLICE("HEAD")));
}

static void test_nothing_kept_is_nothing_known(void **state)
{
	(void)state;
	struct hit_signals hit = {.method = SLICE("HEAD"), .headers_are_known = true, .purpose = SLICE("prefetch")};
	hit_signals_unpack(HIT_SIGNALS_NOT_KEPT, &hit);
	assert_true(!hit.method.n && !hit.headers_are_known && !hit.purpose.n && !hit.referer.n);
}

/* Without an address and a time nothing else can be in them. */
static void test_reasons_say_enough_to_judge_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < HITS; i++) {
		struct hit_signals hit = hit_number(i);
		struct hit_signals again = {.kind = hit.kind, .user_agent = hit.user_agent};
		struct verdict first = {0};
		struct verdict second = {0};
		verdict_judge(&hit, &first);
		hit_signals_from_reasons(slice_from_cstr(first.reasons), &again);
		verdict_judge(&again, &second);
		assert_int_equal(first.actor, second.actor);
		assert_string_equal(first.reasons, second.reasons);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_was_packed_is_judged_the_same),
	    cmocka_unit_test(test_packed_signals_are_small_and_never_nothing),
	    cmocka_unit_test(test_bits_keep_their_meaning),
	    cmocka_unit_test(test_a_method_of_later_is_not_head),
	    cmocka_unit_test(test_other_methods_stay_other_methods),
	    cmocka_unit_test(test_nothing_kept_is_nothing_known),
	    cmocka_unit_test(test_reasons_say_enough_to_judge_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
