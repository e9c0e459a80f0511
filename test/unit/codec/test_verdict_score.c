/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/judge/verdict_score.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NEW_CHROME                                                                                                     \
	SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 "     \
	      "Safari/537.36")

static void test_headers_of_webmail_are_missed_on_early_opens_over_https(void **state)
{
	struct hit_signals hit = {.kind = HIT_OPEN,
				  .user_agent = NEW_CHROME,
				  .headers_are_known = true,
				  .has_delivery_age = true,
				  .delivery_age_ms = 9000,
				  .is_https = true};
	struct verdict verdict;
	(void)state;
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "browser early:seconds=9 no_sec_fetch no_accept_language");
	assert_int_equal(verdict.actor, ACTOR_SCANNER);
	hit.delivery_age_ms = 61000; /* Outlook on the web's proxy, perhaps */
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "browser");
	hit.delivery_age_ms = 9000;
	hit.has_sec_fetch = hit.has_accept_language = true;
	verdict_judge(&hit, &verdict);
	assert_int_equal(verdict.actor, ACTOR_HUMAN);
	hit.has_sec_fetch = hit.has_accept_language = false;
	hit.user_agent = SLICE("Mozilla/5.0 (Windows NT 6.1; rv:45.0) Gecko/20100101 Thunderbird/45.0");
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "mail_client");
}

static void test_an_old_chrome_is_a_telephone_or_frozen(void **state)
{
	struct hit_signals hit = {
	    .kind = HIT_CLICK,
	    .user_agent = SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
				"Chrome/79.0.3945.136 Safari/537.36"),
	    .headers_are_known = true,
	    .has_accept_language = true,
	};
	struct verdict verdict;
	(void)state;
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "browser frozen_agent:chrome=79");
	assert_int_equal(verdict.actor, ACTOR_HUMAN); /* alone it says nothing */
	hit.has_accept_language = false;
	verdict_judge(&hit, &verdict);
	assert_int_equal(verdict.actor, ACTOR_UNKNOWN);
	hit.user_agent = SLICE("Mozilla/5.0 (Linux; Android 8.0; Pixel 2 Build/OPD3.170816.012) AppleWebKit/537.36 "
			       "(KHTML, like Gecko) Chrome/79.0.3945.136 Mobile Safari/537.36");
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "browser no_accept_language old_agent:chrome=79");
	assert_int_equal(verdict.actor, ACTOR_HUMAN);
	hit.user_agent = SLICE("Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; Trident/6.0)");
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "browser no_accept_language frozen_agent");
	hit.kind = HIT_OPEN; /* which may be Outlook */
	verdict_judge(&hit, &verdict);
	assert_string_equal(verdict.reasons, "browser");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers_of_webmail_are_missed_on_early_opens_over_https),
	    cmocka_unit_test(test_an_old_chrome_is_a_telephone_or_frozen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
