/* SPDX-License-Identifier: Apache-2.0 */
/* The schemes themselves are tested below, in the codec layer; here, that each is reached and every answer passed on.
 */
#include "fixture.h"
#include <openssl/err.h>

/* The example of the Standard Webhooks libraries. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define BODY "{\"test\": 2432232314}"
enum { SIGNED_AT = 1614265330 };

static struct pugmark_text cstr(const char *s)
{
	return (struct pugmark_text){s, PUGMARK_CSTR};
}

static enum pugmark_status verify(const struct pugmark_verifier *verifier, const char *signature, int64_t now_s,
				  struct pugmark_delivery *ret)
{
	struct pugmark_header headers[] = {
	    {cstr("Webhook-Id"), cstr("msg_p5jXN8AQM9LWM0D4loKWxJek")},
	    {cstr("webhook-timestamp"), cstr("1614265330")},
	    {cstr("WEBHOOK-SIGNATURE"), cstr(signature)},
	};
	struct pugmark_webhook webhook = PUGMARK_WEBHOOK_INIT;
	webhook.headers = headers;
	webhook.header_count = signature ? 3 : 2;
	webhook.body = cstr(BODY);
	webhook.now_s = now_s;
	return pugmark_verifier_verify(verifier, &webhook, ret);
}

#define GOOD "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static void test_verifier_knows_a_good_signature(void **state)
{
	struct pugmark_verifier *verifier;
	struct pugmark_delivery delivery = PUGMARK_DELIVERY_INIT;
	(void)state;
	assert_ok(pugmark_verifier_new(PUGMARK_SCHEME_STANDARD, NULL, &verifier));
	assert_status(verify(verifier, GOOD, SIGNED_AT, NULL), PUGMARK_BAD_SECRET);
	assert_ok(pugmark_verifier_add_secret(verifier, "whsec_b3RoZXI=", PUGMARK_CSTR));
	assert_status(verify(verifier, GOOD, SIGNED_AT, NULL), PUGMARK_BAD_SIGNATURE);
	assert_ok(pugmark_verifier_add_secret(verifier, SECRET, PUGMARK_CSTR));
	assert_ok(verify(verifier, GOOD, SIGNED_AT, &delivery));
	assert_string_equal(delivery.replay_key, "msg_p5jXN8AQM9LWM0D4loKWxJek");
	assert_int_equal(delivery.replay_key_size, strlen(delivery.replay_key));
	assert_ok(verify(verifier, GOOD, SIGNED_AT + 300, NULL));
	assert_status(verify(verifier, GOOD, SIGNED_AT + 301, NULL), PUGMARK_TOO_OLD);
	assert_status(verify(verifier, GOOD, SIGNED_AT - 301, NULL), PUGMARK_TOO_NEW);
	assert_status(verify(verifier, NULL, SIGNED_AT, NULL), PUGMARK_MISSING);
	assert_status(verify(verifier, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1Oe=", SIGNED_AT, NULL),
		      PUGMARK_BAD_SIGNATURE);
	assert_ok(pugmark_verifier_set_tolerance(verifier, 0));
	assert_ok(verify(verifier, GOOD, SIGNED_AT + 1000000, NULL));
	pugmark_verifier_free(verifier);
}

static void test_verifier_knows_every_scheme(void **state)
{
	(void)state;
	for (int scheme = 0; scheme <= 11; scheme++) {
		struct pugmark_verifier *verifier = NULL;
		bool is_one = scheme >= PUGMARK_SCHEME_STANDARD && scheme <= PUGMARK_SCHEME_HEADER;
		assert_status(pugmark_verifier_new((enum pugmark_scheme)scheme, NULL, &verifier),
			      is_one ? PUGMARK_OK : PUGMARK_BAD_INPUT);
		if (!is_one)
			continue;
		assert_ok(pugmark_verifier_add_secret(verifier, "name: value", PUGMARK_CSTR));
		assert_int_not_equal(verify(verifier, "x", SIGNED_AT, NULL), PUGMARK_OK);
		pugmark_verifier_free(verifier);
	}
	pugmark_verifier_free(NULL);
}

static void test_verifier_of_mandrill_uses_its_url(void **state)
{
	struct pugmark_verifier *verifier;
	struct pugmark_webhook webhook = PUGMARK_WEBHOOK_INIT;
	struct pugmark_header header = {cstr("X-Mandrill-Signature"), cstr("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")};
	(void)state;
	webhook.headers = &header;
	webhook.header_count = 1;
	webhook.body = cstr("mandrill_events=%5B%5D");
	assert_ok(pugmark_verifier_new(PUGMARK_SCHEME_MANDRILL, NULL, &verifier));
	assert_ok(pugmark_verifier_add_secret(verifier, "key", 3));
	assert_status(pugmark_verifier_verify(verifier, &webhook, NULL), PUGMARK_BAD_SECRET);
	assert_ok(pugmark_verifier_set_url(verifier, "https://example.com/hook", PUGMARK_CSTR));
	assert_status(pugmark_verifier_verify(verifier, &webhook, NULL), PUGMARK_BAD_SIGNATURE);
	pugmark_verifier_free(verifier);
}

static void test_verifier_calls_that_are_wrong_are_told_so(void **state)
{
	struct pugmark_verifier *verifier;
	struct pugmark_webhook webhook = PUGMARK_WEBHOOK_INIT;
	struct pugmark_delivery delivery = {0};
	(void)state;
	assert_status(pugmark_verifier_new(PUGMARK_SCHEME_BASIC, NULL, NULL), PUGMARK_MISUSE);
	assert_ok(pugmark_verifier_new(PUGMARK_SCHEME_BASIC, NULL, &verifier));
	assert_status(pugmark_verifier_verify(NULL, &webhook, NULL), PUGMARK_MISUSE);
	assert_status(pugmark_verifier_verify(verifier, NULL, NULL), PUGMARK_MISUSE);
	assert_status(pugmark_verifier_verify(verifier, &webhook, &delivery), PUGMARK_MISUSE);
	webhook.header_count = 1;
	assert_status(pugmark_verifier_verify(verifier, &webhook, NULL), PUGMARK_MISUSE);
	webhook.header_count = 0;
	webhook.now_s = INT64_MAX;
	assert_status(pugmark_verifier_verify(verifier, &webhook, NULL), PUGMARK_MISUSE);
	for (size_t i = 0; i < PUGMARK_SECRETS_MAX; i++)
		assert_ok(pugmark_verifier_add_secret(verifier, "a:b", 3));
	assert_status(pugmark_verifier_add_secret(verifier, "a:b", 3), PUGMARK_TOO_BIG);
	assert_status(pugmark_verifier_add_secret(NULL, "a:b", 3), PUGMARK_MISUSE);
	assert_status(pugmark_verifier_add_topic(verifier, NULL, 3), PUGMARK_MISUSE);
	pugmark_verifier_free(verifier);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verifier_knows_a_good_signature),
	    cmocka_unit_test(test_verifier_knows_every_scheme),
	    cmocka_unit_test(test_verifier_of_mandrill_uses_its_url),
	    cmocka_unit_test(test_verifier_calls_that_are_wrong_are_told_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
