/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_signature: the schemes with a public key, signed by keys made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/text/base64.h"
#include "webhook_delivery.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

static void test_ed25519_entries_fit_their_public_key_only(void **state)
{
	(void)state;
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char raw[32];
	unsigned char signature[64];
	size_t raw_n = sizeof raw;
	size_t n = sizeof signature;
	struct buf secret;
	struct buf header;
	char text[128];
	struct delivery d = standard_delivery(secret_one, NOW_S);
	int text_n = snprintf(text, sizeof text, "msg_1.%d.%.*s", NOW_S, SLICE_FMT(body));
	assert_int_equal(EVP_PKEY_get_raw_public_key(pair, raw, &raw_n), 1);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, pair), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &n, (unsigned char *)text, (size_t)text_n), 1);
	buf_init(&secret, 256);
	buf_init(&header, 256);
	buf_append_cstr(&secret, "whpk_");
	base64_append(&secret, slice_of(raw, raw_n));
	buf_append_cstr(&header, "v1,AAAA v1a,");
	base64_append(&header, slice_of(signature, n));
	d.secrets[0] = buf_slice(&secret);
	d.headers[2].value = buf_slice(&header);
	expect(&d, WEBHOOK_OK);
	d.request.body = SLICE("{}");
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	delivery_done(&d);
	buf_done(&secret);
	buf_done(&header);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pair);
}

/* ---- SendGrid ---- */

static struct slice sign_pieces(EVP_PKEY *key, const EVP_MD *digest, struct slice text, struct arena *arena)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = 1024;
	unsigned char raw[1024];
	struct buf encoded;
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, digest, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, raw, &n, (const unsigned char *)text.p, text.n), 1);
	EVP_MD_CTX_free(ctx);
	buf_init(&encoded, 4096);
	base64_append(&encoded, slice_of(raw, n));
	struct slice copy = arena_copy(arena, buf_slice(&encoded));
	buf_done(&encoded);
	return copy;
}

static struct slice public_key_text(EVP_PKEY *key, struct arena *arena)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	struct buf encoded;
	assert_true(n > 0);
	buf_init(&encoded, 4096);
	base64_append(&encoded, slice_of(der, (size_t)n));
	struct slice copy = arena_copy(arena, buf_slice(&encoded));
	buf_done(&encoded);
	OPENSSL_free(der);
	return copy;
}

static void test_sendgrid_key_and_time(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *other_curve = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	struct delivery d = delivery_of(WEBHOOK_SENDGRID, "", SLICE("[]\r\n"));
	d.secrets[0] = public_key_text(key, d.arena);
	struct slice signature = sign_pieces(key, EVP_sha256(), SLICE("1700000000[]\r\n"), d.arena);
	put_header(&d, "X-Twilio-Email-Event-Webhook-Signature", signature.p);
	expect(&d, WEBHOOK_MISSING);
	put_header(&d, "X-Twilio-Email-Event-Webhook-Timestamp", "1700000000");
	expect(&d, WEBHOOK_OK);
	d.request.body = SLICE("[]");
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	d.request.body = SLICE("[]\r\n");
	d.headers[1].value = SLICE("1700000001");
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	d.headers[1].value = SLICE("1700000000");
	d.rule.tolerance_s = 86400;
	d.now_us += (int64_t)86401 * 1000000;
	expect(&d, WEBHOOK_TOO_OLD);
	d.secrets[0] = public_key_text(other_curve, d.arena);
	expect(&d, WEBHOOK_BAD_SECRET);
	d.secrets[1] = public_key_text(key, d.arena);
	d.rule.secret_count = 2;
	d.rule.tolerance_s = 0;
	expect(&d, WEBHOOK_OK);
	/* r = s = 0 */
	d.headers[0].value = SLICE("MAYCAQACAQA=");
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	d.headers[0].value = SLICE("MAYCAQACAQ");
	expect(&d, WEBHOOK_MALFORMED);
	delivery_done(&d);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_curve);
}

/* ---- Amazon SNS ---- */

static X509 *certificate_for(EVP_PKEY *key, const char *name)
{
	X509 *x = X509_new();
	(void)X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	ASN1_TIME_set(X509_getm_notBefore(x), NOW_S - 1000);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW_S + 1000);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static struct slice pem_of(X509 *x, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	assert_int_equal(PEM_write_bio_X509(bio, x), 1);
	long n = BIO_get_mem_data(bio, &p);
	struct slice copy = arena_copy(arena, slice_of(p, (size_t)n));
	BIO_free(bio);
	return copy;
}

/* What differs from a right notification. NULL: nothing. */
struct sns_case {
	const char *name;
	const char *version, *certificate_url, *subject, *certificate_name, *topic;
	int64_t later_s;
	enum webhook_result want;
};

static const struct sns_case sns_cases[] = {
    {.name = "right", .want = WEBHOOK_OK},
    {.name = "sha1", .version = "1", .want = WEBHOOK_OK},
    {.name = "version 3", .version = "3", .want = WEBHOOK_UNSUPPORTED},
    {.name = "subject", .subject = "Hi", .want = WEBHOOK_OK},
    {.name = "empty subject", .subject = "", .want = WEBHOOK_OK},
    {.name = "China", .certificate_url = "https://sns.cn-north-1.amazonaws.com.cn/x.pem", .want = WEBHOOK_OK},
    {.name = "http", .certificate_url = "http://sns.us-east-1.amazonaws.com/x.pem", .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "suffix",
     .certificate_url = "https://sns.us-east-1.amazonaws.com.evil.tld/x.pem",
     .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "path",
     .certificate_url = "https://evil.tld/sns.us-east-1.amazonaws.com.pem",
     .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "userinfo",
     .certificate_url = "https://sns.us-east-1.amazonaws.com@evil.tld/x.pem",
     .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "port",
     .certificate_url = "https://sns.us-east-1.amazonaws.com:8443/x.pem",
     .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "dots",
     .certificate_url = "https://sns.us-east-1.amazonaws.com/../x.pem",
     .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "query", .certificate_url = "https://sns.us-east-1.amazonaws.com/?x.pem", .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "bucket",
     .certificate_url = "https://sns.s3.us-east-1.amazonaws.com/x.pem",
     .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "upper case",
     .certificate_url = "https://SNS.us-east-1.amazonaws.com/x.pem",
     .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "short region", .certificate_url = "https://sns.us.amazonaws.com/x.pem", .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "not pem",
     .certificate_url = "https://sns.us-east-1.amazonaws.com/x.crt",
     .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "other name", .certificate_name = "evil.example", .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "expired", .later_s = 1001, .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "not yet", .later_s = -1001, .want = WEBHOOK_BAD_CERTIFICATE},
    {.name = "foreign topic", .topic = "arn:aws:sns:us-east-1:2:t", .want = WEBHOOK_FOREIGN_TOPIC},
};

static struct slice sns_body(const struct sns_case *c, EVP_PKEY *key, struct arena *arena)
{
	const char *version = c->version ? c->version : "2";
	const char *topic = c->topic ? c->topic : "arn:aws:sns:us-east-1:1:t";
	const char *url = c->certificate_url ? c->certificate_url : "https://sns.us-east-1.amazonaws.com/a/x-1_2.pem";
	struct slice subject = SLICE_EMPTY;
	struct slice subject_json = SLICE_EMPTY;
	if (c->subject) {
		subject = arena_printf(arena, "Subject\n%s\n", c->subject);
		subject_json = arena_printf(arena, "\"Subject\":\"%s\",", c->subject);
	}
	struct slice text = arena_printf(arena,
					 "Message\na\"b\nMessageId\nm-1\n%.*sTimestamp\n2023-11-14T22:13:20."
					 "000Z\nTopicArn\n%s\nType\nNotification\n",
					 SLICE_FMT(subject), topic);
	struct slice signature = sign_pieces(key, strcmp(version, "1") == 0 ? EVP_sha1() : EVP_sha256(), text, arena);
	return arena_printf(
	    arena,
	    "{\"Type\":\"Notification\",\"MessageId\":\"m-1\",\"TopicArn\":\"%s\",%.*s\"Message\":\"a\\\"b\","
	    "\"Timestamp\":\"2023-11-14T22:13:20.000Z\",\"SignatureVersion\":\"%s\",\"Signature\":\"%.*s\","
	    "\"SigningCertURL\":\"%s\"}",
	    topic, SLICE_FMT(subject_json), version, SLICE_FMT(signature), url);
}

static void test_sns_notifications_and_their_forgeries(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	for (size_t i = 0; i < sizeof sns_cases / sizeof sns_cases[0]; i++) {
		const struct sns_case *c = &sns_cases[i];
		struct delivery d = delivery_of(WEBHOOK_SNS, "", SLICE_EMPTY);
		X509 *x = certificate_for(key, c->certificate_name ? c->certificate_name : "sns.amazonaws.com");
		print_message("%s\n", c->name);
		d.secrets[0] = pem_of(x, d.arena);
		d.request.body = sns_body(c, key, d.arena);
		d.topics[0] = SLICE("arn:aws:sns:us-east-1:1:t");
		d.rule.topic_count = 1;
		d.now_us += c->later_s * 1000000;
		expect(&d, c->want);
		if (c->want == WEBHOOK_OK) {
			assert_true(slice_equal(d.replay_key, SLICE("m-1")));
			d.rule.topic_count = 0;
			expect(&d, WEBHOOK_FOREIGN_TOPIC);
			d.rule.topic_count = 1;
			d.secrets[0] = SLICE("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
			expect(&d, WEBHOOK_BAD_SECRET);
		}
		X509_free(x);
		delivery_done(&d);
	}
	EVP_PKEY_free(key);
}

static void test_sns_members_are_signed(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	X509 *x = certificate_for(key, "sns.amazonaws.com");
	struct delivery d = delivery_of(WEBHOOK_SNS, "", SLICE_EMPTY);
	d.secrets[0] = pem_of(x, d.arena);
	d.topics[0] = SLICE("arn:aws:sns:us-east-1:1:t");
	d.rule.topic_count = 1;
	d.rule.tolerance_s = 3600;
	struct slice whole = sns_body(&sns_cases[0], key, d.arena);
	char *changed = arena_cstr(d.arena, whole);
	d.request.body = slice_from_cstr(changed);
	expect(&d, WEBHOOK_OK);
	strstr(changed, "a\\\"b")[0] = 'c';
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	d.request.body = arena_printf(d.arena, "{\"Subject\":\"x\",%s", whole.p + 1);
	expect(&d, WEBHOOK_BAD_SIGNATURE);
	d.request.body = arena_printf(d.arena, "{\"Message\":\"x\",%s", whole.p + 1);
	expect(&d, WEBHOOK_MALFORMED);
	delivery_done(&d);
	X509_free(x);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ed25519_entries_fit_their_public_key_only),
	    cmocka_unit_test(test_sendgrid_key_and_time),
	    cmocka_unit_test(test_sns_notifications_and_their_forgeries),
	    cmocka_unit_test(test_sns_members_are_signed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
