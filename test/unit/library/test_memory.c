/* SPDX-License-Identifier: Apache-2.0 */
/* Every request for memory is refused once, in every kind of call: the call says so, gives back what it had taken, and
 * can be made again. */
#include "fixture.h"

/* A call that is tried again and again; what it makes is freed by itself. */
typedef enum pugmark_status attempt_fn(struct counting *counting, void *user);

/* Refuses the first request, then the second, … until the attempt needs no more; `fails_onward` refuses all behind it,
 * too. Counts how often it was refused. */
static size_t sweep(struct counting *counting, attempt_fn *attempt, void *user, bool fails_onward)
{
	for (size_t n = 1;; n++) {
		size_t blocks = counting->blocks;
		size_t bytes = counting->bytes;
		counting->requests = 0;
		counting->fail_at = n;
		counting->fails_onward = fails_onward;
		enum pugmark_status status = attempt(counting, user);
		counting->fail_at = 0;
		assert_int_equal(counting->blocks, blocks);
		assert_int_equal(counting->bytes, bytes);
		if (status == PUGMARK_OK) {
			assert_true(counting->requests < n);
			return n - 1;
		}
		assert_status(status, PUGMARK_NO_MEMORY);
	}
}

static void sweep_both(struct counting *counting, attempt_fn *attempt, void *user, size_t least)
{
	size_t once = sweep(counting, attempt, user, false);
	size_t onward = sweep(counting, attempt, user, true);
	print_message("%zu requests\n", once);
	assert_int_equal(once, onward);
	assert_true(once >= least);
}

/* ---- mails ---- */

struct mail {
	struct pugmark_instrumenter *instrumenter;
	const char *bytes;
	size_t size;
	bool is_mime;
	char *want; /* what came out when nothing was refused */
	size_t want_size;
};

static enum pugmark_status instrument_mail(const struct mail *mail, struct pugmark_result **ret)
{
	return mail->is_mime ? pugmark_instrument_mime(mail->instrumenter, mail->bytes, mail->size, ret)
			     : pugmark_instrument_html(mail->instrumenter, mail->bytes, mail->size, NULL, 0, ret);
}

static enum pugmark_status attempt_mail(struct counting *counting, void *user)
{
	const struct mail *mail = user;
	struct pugmark_result *result = NULL;
	(void)counting;
	enum pugmark_status status = instrument_mail(mail, &result);
	if (status != PUGMARK_OK) {
		assert_null(result);
		return status;
	}
	assert_int_equal(result->output.size, mail->want_size);
	assert_memory_equal(result->output.bytes, mail->want, mail->want_size);
	pugmark_result_free(result);
	return PUGMARK_OK;
}

static void sweep_mail(const char *bytes, size_t size, bool is_mime)
{
	struct counting counting;
	struct pugmark_result *result;
	counting_init(&counting);
	struct pugmark_keys *keys = fixture_keys(&counting.allocator);
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(keys, &counting.allocator);
	assert_ok(pugmark_instrumenter_add_parameter(instrumenter, "utm_source", 10, "x y", 3));
	struct mail mail = {instrumenter, bytes, size, is_mime, NULL, 0};
	assert_ok(instrument_mail(&mail, &result));
	mail.want_size = result->output.size;
	mail.want = malloc(mail.want_size + 1);
	memcpy(mail.want, result->output.bytes, mail.want_size);
	pugmark_result_free(result);
	sweep_both(&counting, attempt_mail, &mail, 3);
	free(mail.want);
	pugmark_instrumenter_free(instrumenter);
	pugmark_keys_free(keys);
	assert_int_equal(counting.blocks, 0);
	assert_int_equal(counting.bytes, 0);
}

static void test_memory_may_end_anywhere_in_a_small_mail(void **state)
{
	const char *html = "<a href='https://example.com/caf\xc3\xa9?a=1&amp;b=2'>x</a>"
			   "<!--[if mso]><v:rect href='https://example.com/\t2'><![endif]-->"
			   "<a href=\"http://b\xc3\xbc"
			   "cher.example/\">y</a></body>";
	(void)state;
	sweep_mail(html, strlen(html), false);
	sweep_mail(fixture_mail, strlen(fixture_mail), true);
}

/* iconv has memory of its own: were anything allocated while it is open, LeakSanitizer would find it here. */
static void test_memory_may_end_where_another_charset_is_decoded(void **state)
{
	static const char html[] =
	    "<meta charset=Shift_JIS><body><a href='https://e.example/\x95\x5c?a=1&amp;b'>\x83\x5c</a>"
	    "<a href='https://e.example/\x83\x7c'>x</a><a href='https://e.example/\x95'>y</a>";
	(void)state;
	sweep_mail(html, strlen(html), false);
}

static void test_memory_may_end_anywhere_in_a_mail_of_the_corpus(void **state)
{
	static const char *const names[] = {"html/sendwithus__templates__narrative__survey.html",
					    "eml/mikelmail__error_emails__content_transfer_encoding_7-bit.eml"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t size;
		char *mail = fixture_corpus(names[i], &size);
		if (mail)
			sweep_mail(mail, size, i == 1);
		free(mail);
	}
}

/* ---- the other objects ---- */

static enum pugmark_status attempt_keys(struct counting *counting, void *user)
{
	struct pugmark_keys *keys;
	(void)user;
	enum pugmark_status status = pugmark_keys_new(&counting->allocator, &keys);
	if (status == PUGMARK_OK)
		pugmark_keys_free(keys);
	return status;
}

static enum pugmark_status attempt_sealer(struct counting *counting, void *user)
{
	struct pugmark_sealer *sealer;
	enum pugmark_status status = pugmark_sealer_new(user, &counting->allocator, &sealer);
	if (status == PUGMARK_OK)
		pugmark_sealer_free(sealer);
	return status;
}

static enum pugmark_status set_everything(struct pugmark_instrumenter *instrumenter, const struct pugmark_keys *keys)
{
	enum pugmark_status status = pugmark_instrumenter_set_base_url(instrumenter, BASE, PUGMARK_CSTR);
	if (status == PUGMARK_OK)
		status = pugmark_instrumenter_set_keys(instrumenter, keys, 1);
	if (status == PUGMARK_OK)
		status = pugmark_instrumenter_set_pixel_html(instrumenter, "<img>", 5);
	for (int i = 0; i < 6 && status == PUGMARK_OK; i++) {
		status = pugmark_instrumenter_add_own_host(instrumenter, "own.example", PUGMARK_CSTR);
		if (status == PUGMARK_OK)
			status = pugmark_instrumenter_add_unsubscribe_url(instrumenter, "https://x/", PUGMARK_CSTR);
		if (status == PUGMARK_OK)
			status = pugmark_instrumenter_add_parameter(instrumenter, "a", 1, NULL, 0);
	}
	return status;
}

static enum pugmark_status attempt_instrumenter(struct counting *counting, void *user)
{
	struct pugmark_instrumenter *instrumenter;
	enum pugmark_status status = pugmark_instrumenter_new(&counting->allocator, &instrumenter);
	if (status != PUGMARK_OK)
		return status;
	status = set_everything(instrumenter, user);
	pugmark_instrumenter_free(instrumenter);
	return status;
}

/* A webhook that is looked at closely, and what comes of it. */
struct delivered {
	enum pugmark_scheme scheme;
	const char *secret;
	const char *header;
	const char *value;
	const char *body;
	enum pugmark_status status;
};

static const struct delivered deliveries[] = {
    {PUGMARK_SCHEME_STANDARD, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "webhook-signature",
     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "{\"test\": 2432232314}", PUGMARK_OK},
    {PUGMARK_SCHEME_MANDRILL, "key", "x-mandrill-signature",
     "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "mandrill_events=%5B%5D&b=+c", PUGMARK_BAD_SIGNATURE},
    {PUGMARK_SCHEME_MAILGUN, "key", "x", "y",
     "{\"signature\":{\"timestamp\":\"1614265330\",\"token\":\"t\\u0031\",\"signature\":"
     "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}}",
     PUGMARK_BAD_SIGNATURE},
    {PUGMARK_SCHEME_SENDGRID, "MFkwEwYHKoZIzj0CAQ==", "x-twilio-email-event-webhook-signature", "AAAA", "[]",
     PUGMARK_MISSING},
    {PUGMARK_SCHEME_SNS, "-----BEGIN CERTIFICATE-----", "x", "y",
     "{\"Type\":\"Notification\",\"MessageId\":\"i\\u0031\",\"TopicArn\":\"arn\",\"Message\":\"m\\n\","
     "\"Timestamp\":\"2021-02-25T15:02:10.000Z\",\"SignatureVersion\":\"1\",\"Signature\":\"AAAA\","
     "\"SigningCertURL\":\"https://sns.us-east-1.amazonaws.com/x.pem\"}",
     PUGMARK_BAD_SECRET},
};

static enum pugmark_status deliver(const struct pugmark_verifier *verifier, const struct delivered *delivered)
{
	struct pugmark_webhook webhook = PUGMARK_WEBHOOK_INIT;
	const struct pugmark_header headers[] = {
	    {{"webhook-id", PUGMARK_CSTR}, {"msg_p5jXN8AQM9LWM0D4loKWxJek", PUGMARK_CSTR}},
	    {{"webhook-timestamp", PUGMARK_CSTR}, {"1614265330", PUGMARK_CSTR}},
	    {{delivered->header, PUGMARK_CSTR}, {delivered->value, PUGMARK_CSTR}},
	};
	webhook.headers = headers;
	webhook.header_count = 3;
	webhook.body.bytes = delivered->body;
	webhook.body.size = PUGMARK_CSTR;
	webhook.now_s = 1614265330;
	return pugmark_verifier_verify(verifier, &webhook, NULL);
}

static enum pugmark_status attempt_verifier(struct counting *counting, void *user)
{
	const struct delivered *delivered = user;
	struct pugmark_verifier *verifier;
	enum pugmark_status status = pugmark_verifier_new(delivered->scheme, &counting->allocator, &verifier);
	if (status != PUGMARK_OK)
		return status;
	status = pugmark_verifier_add_secret(verifier, delivered->secret, PUGMARK_CSTR);
	if (status == PUGMARK_OK)
		status = pugmark_verifier_add_topic(verifier, "arn", PUGMARK_CSTR);
	if (status == PUGMARK_OK)
		status = pugmark_verifier_set_url(verifier, "https://x/", PUGMARK_CSTR);
	if (status == PUGMARK_OK) {
		status = deliver(verifier, delivered);
		status = status == delivered->status ? PUGMARK_OK : status;
	}
	pugmark_verifier_free(verifier);
	return status;
}

static void test_memory_may_end_anywhere_in_the_making_of_an_object(void **state)
{
	struct counting counting;
	struct pugmark_keys *keys = fixture_keys(NULL);
	(void)state;
	counting_init(&counting);
	sweep_both(&counting, attempt_keys, NULL, 2);
	sweep_both(&counting, attempt_sealer, keys, 2);
	sweep_both(&counting, attempt_instrumenter, keys, 20);
	for (size_t i = 0; i < sizeof deliveries / sizeof deliveries[0]; i++) {
		struct delivered delivered = deliveries[i];
		print_message("scheme %d\n", (int)delivered.scheme);
		sweep_both(&counting, attempt_verifier, &delivered, 6);
	}
	assert_int_equal(counting.blocks, 0);
	pugmark_keys_free(keys);
}

static void test_memory_that_ends_in_an_option_leaves_the_option_as_it_was(void **state)
{
	struct counting counting;
	(void)state;
	counting_init(&counting);
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_instrumenter *in = fixture_instrumenter(keys, &counting.allocator);
	assert_ok(pugmark_keys_set(keys, 2, fixture_key, sizeof fixture_key));
	assert_ok(pugmark_instrumenter_set_pixel_html(in, "<img>", 5));
	assert_ok(pugmark_instrumenter_add_parameter(in, "a", 1, "b", 1));
	struct pugmark_result *before = fixture_html(in, "<a href=https://example.com/>");
	for (size_t n = 1; n <= 2; n++) {
		counting.requests = 0;
		counting.fail_at = n; /* of a parameter, the second is the copy of its value */
		assert_status(pugmark_instrumenter_add_parameter(in, "c", 1, "d", 1), PUGMARK_NO_MEMORY);
		counting.requests = n - 1;
		assert_status(pugmark_instrumenter_set_base_url(in, "https://other.example", PUGMARK_CSTR),
			      PUGMARK_NO_MEMORY);
		counting.requests = n - 1;
		assert_status(pugmark_instrumenter_set_keys(in, keys, 2), PUGMARK_NO_MEMORY);
		counting.requests = n - 1;
		assert_status(pugmark_instrumenter_set_pixel_html(in, "<img src=x>", PUGMARK_CSTR), PUGMARK_NO_MEMORY);
	}
	counting.fail_at = 0;
	struct pugmark_result *after = fixture_html(in, "<a href=https://example.com/>");
	assert_text(after->links[0]->destination, "https://example.com/?a=b");
	assert_text(after->output, before->output.bytes);
	pugmark_result_free(before);
	pugmark_result_free(after);
	pugmark_instrumenter_free(in);
	pugmark_keys_free(keys);
	assert_int_equal(counting.blocks, 0);
}

static void test_memory_of_an_instrumenter_does_not_grow_with_the_mails(void **state)
{
	struct counting counting;
	size_t after_first = 0;
	(void)state;
	counting_init(&counting);
	struct pugmark_keys *keys = fixture_keys(&counting.allocator);
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(keys, &counting.allocator);
	for (int i = 0; i < 50; i++) {
		assert_ok(pugmark_instrumenter_clear_additions(instrumenter));
		assert_ok(set_everything(instrumenter, keys));
		assert_ok(pugmark_instrumenter_set_message(instrumenter, fixture_message, (uint32_t)i));
		pugmark_result_free(fixture_html(instrumenter, "<a href=https://example.com/>"));
		if (i == 40)
			after_first = counting.blocks;
	}
	/* The own hosts are kept, six a round. */
	assert_true(counting.blocks <= after_first + 6 * 9 + 1);
	pugmark_instrumenter_free(instrumenter);
	pugmark_keys_free(keys);
	assert_int_equal(counting.bytes, 0);
}

static void test_memory_wants_an_allocator_that_is_one(void **state)
{
	struct pugmark_allocator none = {NULL, NULL};
	struct pugmark_keys *keys;
	(void)state;
	assert_status(pugmark_keys_new(&none, &keys), PUGMARK_MISUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory_may_end_anywhere_in_a_small_mail),
	    cmocka_unit_test(test_memory_may_end_where_another_charset_is_decoded),
	    cmocka_unit_test(test_memory_may_end_anywhere_in_a_mail_of_the_corpus),
	    cmocka_unit_test(test_memory_may_end_anywhere_in_the_making_of_an_object),
	    cmocka_unit_test(test_memory_that_ends_in_an_option_leaves_the_option_as_it_was),
	    cmocka_unit_test(test_memory_of_an_instrumenter_does_not_grow_with_the_mails),
	    cmocka_unit_test(test_memory_wants_an_allocator_that_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
