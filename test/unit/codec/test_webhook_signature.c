/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_signature: what was signed with a shared secret is accepted, and nothing that was changed, left out or made
 * up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "webhook_delivery.h"
#include <stdio.h>

/* ---- Standard Webhooks, hand-made ---- */

static void test_what_we_sign_we_accept(void **state)
{
	(void)state;
	struct delivery d = standard_delivery(secret_one, NOW_S);
	expect(&d, WEBHOOK_OK);
	assert_true(slice_equal(d.replay_key, SLICE("msg_1")));
	delivery_done(&d);
}

static void test_any_secret_of_a_rotation_will_do(void **state)
{
	(void)state;
	struct delivery d = standard_delivery(secret_two, NOW_S);
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	d.secrets[d.rule.secret_count++] = slice_from_cstr(secret_two);
	expect(&d, WEBHOOK_OK);
	delivery_done(&d);
}

static void test_a_sender_in_rotation_signs_with_both_secrets(void **state)
{
	(void)state;
	struct delivery d = standard_delivery(secret_two, NOW_S);
	struct slice both[] = {slice_from_cstr(secret_two), slice_from_cstr(secret_one)};
	struct buf signature;
	buf_init(&signature, 4096);
	assert_int_equal(webhook_sign_standard(both, 2, SLICE("msg_1"), NOW_S, body, &signature), STATUS_OK);
	d.headers[2].value = buf_slice(&signature);
	expect(&d, WEBHOOK_OK);
	buf_done(&signature);
	delivery_done(&d);
}

static void test_svix_names_are_read_too(void **state)
{
	(void)state;
	struct delivery d = standard_delivery(secret_one, NOW_S);
	d.headers[0].name = SLICE("svix-id");
	d.headers[1].name = SLICE("svix-timestamp");
	expect(&d, WEBHOOK_MISSING); /* one family or the other */
	d.headers[2].name = SLICE("svix-signature");
	expect(&d, WEBHOOK_OK);
	delivery_done(&d);
}

static void test_a_changed_byte_anywhere_is_refused(void **state)
{
	(void)state;
	struct delivery d = standard_delivery(secret_one, NOW_S);
	char changed[64];
	for (size_t i = 0; i < body.n; i++) {
		memcpy(changed, body.p, body.n);
		changed[i] ^= 1;
		d.request.body = slice_of(changed, body.n);
		expect(&d, WEBHOOK_BAD_SIGNATURE);
	}
	d.request.body = slice_sub(body, 0, body.n - 1);
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	d.request.body = body;
	d.headers[0].value = SLICE("msg_2");
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	delivery_done(&d);
}

static void test_age_is_judged_both_ways_and_only_when_asked(void **state)
{
	(void)state;
	static const struct {
		int64_t offset_s;
		enum webhook_result want;
	} cases[] = {{0, WEBHOOK_OK},         {-300, WEBHOOK_OK},     {300, WEBHOOK_OK},
		     {-301, WEBHOOK_TOO_OLD}, {301, WEBHOOK_TOO_NEW}, {-100000, WEBHOOK_TOO_OLD}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct delivery d = standard_delivery(secret_one, NOW_S + cases[i].offset_s);
		expect(&d, cases[i].want);
		d.rule.tolerance_s = 0;
		expect(&d, WEBHOOK_OK);
		delivery_done(&d);
	}
}

static void test_a_wrong_signature_is_never_called_old(void **state)
{
	(void)state;
	struct delivery d = standard_delivery(secret_two, NOW_S - 4000);
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	delivery_done(&d);
}

static void test_standard_headers_that_cannot_be_read(void **state)
{
	(void)state;
	static const struct {
		size_t header;
		const char *value;
		enum webhook_result want;
	} cases[] = {
	    {0, "", WEBHOOK_MISSING},
	    {0, "msg.1", WEBHOOK_MALFORMED},
	    {1, "", WEBHOOK_MISSING},
	    {1, "soon", WEBHOOK_MALFORMED},
	    {1, "-1700000000", WEBHOOK_MALFORMED},
	    {1, "17000000000000000000000", WEBHOOK_MALFORMED},
	    {1, "1700000000.0", WEBHOOK_MALFORMED},
	    {2, "", WEBHOOK_MISSING},
	    {2, "v1,", WEBHOOK_BAD_SIGNATURE},
	    {2, "v1", WEBHOOK_BAD_SIGNATURE},
	    {2, "v1,not/base64!", WEBHOOK_BAD_SIGNATURE},
	    {2, "v1,AAAA", WEBHOOK_BAD_SIGNATURE},
	    {2, ", , ,", WEBHOOK_UNSUPPORTED},
	    {2, "v2,AAAA", WEBHOOK_UNSUPPORTED},
	    {2, "v1a,AAAA", WEBHOOK_UNSUPPORTED},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct delivery d = standard_delivery(secret_one, NOW_S);
		d.headers[cases[i].header].value = slice_from_cstr(cases[i].value);
		expect(&d, cases[i].want);
		delivery_done(&d);
	}
}

static void test_a_header_that_is_there_twice_is_refused(void **state)
{
	(void)state;
	struct delivery d = standard_delivery(secret_one, NOW_S);
	put_header(&d, "webhook-signature", "v1,AAAA");
	expect(&d, WEBHOOK_MALFORMED);
	delivery_done(&d);
}

static void test_without_a_usable_secret_nothing_is_accepted(void **state)
{
	(void)state;
	static const char *const useless[] = {"", "whsec_", "whsec_not base64", "whpk_AAAA"};
	struct delivery d = standard_delivery(secret_one, NOW_S);
	for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++) {
		d.secrets[0] = slice_from_cstr(useless[i]);
		expect(&d, WEBHOOK_BAD_SECRET);
	}
	d.rule.secret_count = 0;
	expect(&d, WEBHOOK_BAD_SECRET);
	delivery_done(&d);
}

static void test_signing_refuses_what_cannot_be_verified(void **state)
{
	(void)state;
	struct slice bad = SLICE("whsec_?");
	struct slice good = slice_from_cstr(secret_one);
	struct slice empty = SLICE_EMPTY;
	struct buf to;
	buf_init(&to, 4096);
	buf_append_cstr(&to, "kept");
	assert_int_equal(webhook_sign_standard(&bad, 1, SLICE("a"), 1, body, &to), STATUS_BAD_INPUT);
	assert_int_equal(webhook_sign_standard(&good, 0, SLICE("a"), 1, body, &to), STATUS_BAD_INPUT);
	assert_int_equal(webhook_sign_standard(&good, 1, SLICE("a.b"), 1, body, &to), STATUS_BAD_INPUT);
	assert_int_equal(webhook_sign_standard(&good, 1, SLICE(""), 1, body, &to), STATUS_BAD_INPUT);
	assert_int_equal(webhook_sign_pugmark(&empty, 1, 1, body, &to), STATUS_BAD_INPUT);
	assert_int_equal(webhook_sign_pugmark(&good, 0, 1, body, &to), STATUS_BAD_INPUT);
	assert_string_equal(buf_cstr(&to), "kept");
	buf_done(&to);
}

/* ---- X-Pugmark-Signature ---- */

static struct delivery pugmark_delivery(struct buf *signature)
{
	struct delivery d = delivery_of(WEBHOOK_PUGMARK, secret_one, body);
	struct slice both[] = {slice_from_cstr(secret_two), slice_from_cstr(secret_one)};
	d.rule.tolerance_s = WEBHOOK_TOLERANCE_S;
	buf_init(signature, 4096);
	assert_int_equal(webhook_sign_pugmark(both, 2, NOW_S, body, signature), STATUS_OK);
	put_header(&d, "X-Pugmark-Signature", buf_cstr(signature));
	return d;
}

static void test_pugmark_signature_is_that_of_the_formula(void **state)
{
	(void)state;
	/* printf '1700000000.{"type":"email.opened"}' | openssl dgst -sha256 -hmac "$secret_one" */
	struct slice secret = slice_from_cstr(secret_one);
	struct buf signature;
	buf_init(&signature, 4096);
	assert_int_equal(webhook_sign_pugmark(&secret, 1, NOW_S, body, &signature), STATUS_OK);
	assert_string_equal(buf_cstr(&signature),
			    "t=1700000000,v1=6e6b18aead0367d15019060a69672915fa43e6d7bbccbd0d14c6d411b955619f");
	buf_done(&signature);
}

static void test_pugmark_signature_is_accepted_with_either_secret(void **state)
{
	(void)state;
	struct buf signature;
	struct delivery d = pugmark_delivery(&signature);
	expect(&d, WEBHOOK_OK);
	d.secrets[0] = slice_from_cstr(secret_two);
	expect(&d, WEBHOOK_OK);
	d.now_us += (int64_t)301 * 1000000;
	expect(&d, WEBHOOK_TOO_OLD);
	d.secrets[0] = SLICE("whsec_other");
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	d.secrets[0] = SLICE_EMPTY;
	expect(&d, WEBHOOK_BAD_SECRET);
	buf_done(&signature);
	delivery_done(&d);
}

static void test_pugmark_headers_that_cannot_be_read(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		enum webhook_result want;
	} cases[] = {
	    {"", WEBHOOK_MISSING},
	    {"t=1700000000", WEBHOOK_UNSUPPORTED},
	    {"t=1700000000,v2=00", WEBHOOK_UNSUPPORTED},
	    {"t=1700000000,v1=00", WEBHOOK_MALFORMED},
	    {"t=1,t=1700000000", WEBHOOK_MALFORMED},
	    {"v1=0000000000000000000000000000000000000000000000000000000000000000", WEBHOOK_MALFORMED},
	    {"t=x,v1=0000000000000000000000000000000000000000000000000000000000000000", WEBHOOK_MALFORMED},
	    {"t=1700000000,v1=0000000000000000000000000000000000000000000000000000000000000000", WEBHOOK_BAD_SIGNATURE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct delivery d = delivery_of(WEBHOOK_PUGMARK, secret_one, body);
		put_header(&d, "x-pugmark-signature", cases[i].value);
		expect(&d, cases[i].want);
		delivery_done(&d);
	}
}

/* ---- Mailgun, MailerSend, Mandrill ---- */

static void test_mailgun_bodies_that_are_not_what_they_should_be(void **state)
{
	(void)state;
	/* key "k", timestamp 1700000000, token "abc" */
	static const char good[] = "aad0f9f78c4a7a06a0330e866f8b7720a9aef10f180957bd2316ecef7f58ebb2";
	static const struct {
		const char *format;
		enum webhook_result want;
	} cases[] = {
	    {"{\"signature\":{\"timestamp\":\"1700000000\",\"token\":\"abc\",\"signature\":\"%s\"},\"event-data\":{}}",
	     WEBHOOK_OK},
	    {"{\"signature\":{\"timestamp\":1700000000,\"token\":\"\\u0061bc\",\"signature\":\"%s\"}}", WEBHOOK_OK},
	    {"{\"signature\":{\"timestamp\":\"1700000000\",\"token\":\"abd\",\"signature\":\"%s\"}}",
	     WEBHOOK_BAD_SIGNATURE},
	    {"{\"signature\":{\"timestamp\":\"170000000\",\"token\":\"0abc\",\"signature\":\"%s\"}}",
	     WEBHOOK_MALFORMED},
	    {"{\"signature\":{\"timestamp\":\"1700000000abc\",\"token\":\"\",\"signature\":\"%s\"}}",
	     WEBHOOK_MALFORMED},
	    {"{\"signature\":{\"timestamp\":\"1700000000\",\"signature\":\"%s\"}}", WEBHOOK_MISSING},
	    {"{\"signature\":{\"timestamp\":\"1700000000\",\"token\":\"abc\",\"signature\":\"%s0\"}}",
	     WEBHOOK_MALFORMED},
	    {"{\"signature\":\"%s\"}", WEBHOOK_MALFORMED},
	    {"{\"event-data\":{},\"x\":\"%s\"}", WEBHOOK_MISSING},
	    {"not json %s", WEBHOOK_MALFORMED},
	    {"{\"signature\":{\"timestamp\":\"1700000000\",\"token\":\"abc\",\"token\":\"abc\",\"signature\":\"%s\"}}",
	     WEBHOOK_MALFORMED},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slice format = slice_from_cstr(cases[i].format);
		const char *hole = strstr(cases[i].format, "%s");
		struct buf text;
		buf_init(&text, 4096);
		buf_append(&text, slice_sub(format, 0, (size_t)(hole - format.p)));
		buf_append_cstr(&text, good);
		buf_append_cstr(&text, hole + 2);
		struct delivery d = delivery_of(WEBHOOK_MAILGUN, "k", buf_slice(&text));
		d.rule.tolerance_s = 8 * 3600;
		expect(&d, cases[i].want);
		if (cases[i].want == WEBHOOK_OK)
			assert_true(slice_equal(d.replay_key, SLICE("abc")));
		d.secrets[0] = SLICE_EMPTY;
		assert_int_not_equal(judge(&d), WEBHOOK_OK);
		delivery_done(&d);
		buf_done(&text);
	}
}

static void test_mailersend_signature_in_other_forms(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		enum webhook_result want;
	} cases[] = {
	    {"3fd955f65672db32d8989798b9958b2e15fdaa5627ffde196e91cdc5b2121c68", WEBHOOK_OK},
	    {"3FD955F65672DB32D8989798B9958B2E15FDAA5627FFDE196E91CDC5B2121C68", WEBHOOK_OK}, /* the same bytes */
	    {"3fd955f65672db32d8989798b9958b2e15fdaa5627ffde196e91cdc5b2121c6800", WEBHOOK_MALFORMED},
	    {"zz", WEBHOOK_MALFORMED},
	    {"", WEBHOOK_MISSING},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct delivery d = delivery_of(WEBHOOK_MAILERSEND, "s", body);
		put_header(&d, "signature", cases[i].value);
		expect(&d, cases[i].want);
		delivery_done(&d);
	}
}

static void test_mandrill_signs_sorted_decoded_fields(void **state)
{
	(void)state;
	/* url "https://e.com/h", then a="1 2", b="x/y", c="" */
	struct delivery d = delivery_of(WEBHOOK_MANDRILL, "k", SLICE("b=x%2Fy&c=&a=1+2"));
	put_header(&d, "X-Mandrill-Signature", "YS8nORHfqXW7zZVWXhnBSrIJ834=");
	expect(&d, WEBHOOK_BAD_SECRET); /* its address is part of the secret */
	d.rule.url = SLICE("https://e.com/h");
	expect(&d, WEBHOOK_OK);
	d.request.body = SLICE("a=1+2&b=x/y&c=");
	expect(&d, WEBHOOK_OK);
	d.request.body = SLICE("a=1+2&b=x/y&c=&a=1+2");
	expect(&d, WEBHOOK_MALFORMED);
	d.request.body = SLICE("a=%2");
	expect(&d, WEBHOOK_MALFORMED);
	d.request.body = SLICE("");
	expect(&d, WEBHOOK_MISSING);
	d.request.body = SLICE("a=1+2&b=x/y");
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	d.headers[0].value = SLICE("AAAA");
	expect(&d, WEBHOOK_MALFORMED);
	delivery_done(&d);
}

/* ---- passwords ---- */

static void test_passwords_tokens_and_custom_headers(void **state)
{
	(void)state;
	static const struct {
		enum webhook_scheme scheme;
		const char *secret, *name, *value;
		enum webhook_result want;
	} cases[] = {
	    {WEBHOOK_BASIC, "u:p", "Authorization", "Basic dTpw", WEBHOOK_OK},
	    {WEBHOOK_BASIC, "u:p", "authorization", "basic  dTpw ", WEBHOOK_OK},
	    {WEBHOOK_BASIC, "u:q", "Authorization", "Basic dTpw", WEBHOOK_BAD_SIGNATURE},
	    {WEBHOOK_BASIC, "", "Authorization", "Basic ", WEBHOOK_BAD_SECRET},
	    {WEBHOOK_BASIC, "u:p", "Authorization", "Basic dTp", WEBHOOK_MALFORMED},
	    {WEBHOOK_BASIC, "u:p", "Authorization", "Bearer dTpw", WEBHOOK_MISSING},
	    {WEBHOOK_BASIC, "u:p", "X-Other", "Basic dTpw", WEBHOOK_MISSING},
	    {WEBHOOK_BASIC, "", "Authorization", "Basic dTpw", WEBHOOK_BAD_SECRET},
	    {WEBHOOK_BEARER, "tok", "Authorization", "Bearer tok", WEBHOOK_OK},
	    {WEBHOOK_BEARER, "tok", "Authorization", "Bearer tokk", WEBHOOK_BAD_SIGNATURE},
	    {WEBHOOK_BEARER, "", "Authorization", "Bearer", WEBHOOK_BAD_SECRET},
	    {WEBHOOK_CUSTOM_HEADER, "X-Key: v:1", "x-key", "v:1", WEBHOOK_OK},
	    {WEBHOOK_CUSTOM_HEADER, "X-Key: v", "x-key", "w", WEBHOOK_BAD_SIGNATURE},
	    {WEBHOOK_CUSTOM_HEADER, "X-Key: v", "x-kex", "v", WEBHOOK_MISSING},
	    {WEBHOOK_CUSTOM_HEADER, "X-Key:", "x-key", "", WEBHOOK_BAD_SECRET},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct delivery d = delivery_of(cases[i].scheme, cases[i].secret, body);
		put_header(&d, cases[i].name, cases[i].value);
		print_message("case %zu\n", i);
		expect(&d, cases[i].want);
		delivery_done(&d);
	}
}

/* ---- names ---- */

static void test_every_result_has_a_name_and_words(void **state)
{
	(void)state;
	for (int i = 0; i < WEBHOOK_RESULT_COUNT; i++) {
		assert_true(strlen(webhook_result_name((enum webhook_result)i)) > 1);
		assert_string_not_equal(webhook_result_name((enum webhook_result)i), "unknown");
		assert_true(strlen(webhook_result_text((enum webhook_result)i)) > 10);
	}
	enum webhook_scheme scheme;
	assert_true(webhook_scheme_parse(SLICE("ses"), &scheme));
	assert_int_equal(scheme, WEBHOOK_SNS);
	assert_true(webhook_scheme_parse(SLICE("smtp2go"), &scheme));
	assert_int_equal(scheme, WEBHOOK_BASIC);
	assert_false(webhook_scheme_parse(SLICE("nobody"), &scheme));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_we_sign_we_accept),
	    cmocka_unit_test(test_any_secret_of_a_rotation_will_do),
	    cmocka_unit_test(test_a_sender_in_rotation_signs_with_both_secrets),
	    cmocka_unit_test(test_svix_names_are_read_too),
	    cmocka_unit_test(test_a_changed_byte_anywhere_is_refused),
	    cmocka_unit_test(test_age_is_judged_both_ways_and_only_when_asked),
	    cmocka_unit_test(test_a_wrong_signature_is_never_called_old),
	    cmocka_unit_test(test_standard_headers_that_cannot_be_read),
	    cmocka_unit_test(test_a_header_that_is_there_twice_is_refused),
	    cmocka_unit_test(test_without_a_usable_secret_nothing_is_accepted),
	    cmocka_unit_test(test_signing_refuses_what_cannot_be_verified),
	    cmocka_unit_test(test_pugmark_signature_is_that_of_the_formula),
	    cmocka_unit_test(test_pugmark_signature_is_accepted_with_either_secret),
	    cmocka_unit_test(test_pugmark_headers_that_cannot_be_read),
	    cmocka_unit_test(test_mailgun_bodies_that_are_not_what_they_should_be),
	    cmocka_unit_test(test_mailersend_signature_in_other_forms),
	    cmocka_unit_test(test_mandrill_signs_sorted_decoded_fields),
	    cmocka_unit_test(test_passwords_tokens_and_custom_headers),
	    cmocka_unit_test(test_every_result_has_a_name_and_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
