/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate is fetched by whoever calls this; here is said from where it may be, and whether the one that came
 * signs the body. Anybody with an account at Amazon can have SNS sign a message of a topic of his, so the last
 * question is whether the topic is ours. */
#include "codec/webhook/webhook_sns.h"

#include "base/clock.h"
#include "codec/text/json_find.h"
#include "codec/webhook/webhook_public_key.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* sns.REGION.amazonaws.com or .com.cn; lower case, because only that is what Amazon sends. */
static bool is_sns_host(struct slice host)
{
	if (slice_ends_with(host, SLICE(".cn")))
		host.n -= 3;
	if (!slice_starts_with(host, SLICE("sns.")) || !slice_ends_with(host, SLICE(".amazonaws.com")) || host.n < 22)
		return false;
	struct slice region = slice_sub(host, 4, host.n - 14);
	for (size_t i = 0; i < region.n; i++) {
		char c = region.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return region.n >= 3;
}

/* A list of what may be there, not of what may not: the address is fetched. */
static bool is_sns_path(struct slice path)
{
	for (size_t i = 0; i < path.n; i++) {
		char c = path.p[i];
		bool is_word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
		if (!is_word && c != '-' && c != '_' && c != '.' && c != '/')
			return false;
	}
	return slice_ends_with(path, SLICE(".pem")) && !slice_contains(path, SLICE(".."));
}

enum webhook_result webhook_sns_certificate_url(struct slice body, struct arena *arena, struct slice *ret)
{
	struct slice url;
	if (body.n > WEBHOOK_BODY_MAX)
		return WEBHOOK_TOO_BIG;
	enum status status = json_find_string(body, SLICE("SigningCertURL"), arena, &url);
	if (status != STATUS_OK)
		return webhook_of_json(status);
	if (!slice_starts_with(url, SLICE("https://")))
		return WEBHOOK_BAD_CERTIFICATE;
	struct slice path = slice_from(url, 8);
	struct slice host = slice_cut(&path, '/');
	if (!is_sns_host(host) || !is_sns_path(path))
		return WEBHOOK_BAD_CERTIFICATE;
	*ret = url;
	return WEBHOOK_OK;
}

/* `name LF value LF` for each member that is signed, in order of bytes. */
static enum webhook_result sns_text(const struct webhook_check *check, struct buf *to)
{
	static const char *const notification[] = {"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"};
	static const char *const confirmation[] = {"Message", "MessageId", "SubscribeURL", "Timestamp",
						   "Token",   "TopicArn",  "Type"};
	struct slice type;
	struct slice body = check->request->body;
	enum status status = json_find_string(body, SLICE("Type"), check->arena, &type);
	if (status != STATUS_OK)
		return webhook_of_json(status);
	bool is_notification = slice_equal(type, SLICE("Notification"));
	if (!is_notification && !slice_equal(type, SLICE("SubscriptionConfirmation")) &&
	    !slice_equal(type, SLICE("UnsubscribeConfirmation")))
		return WEBHOOK_UNSUPPORTED;
	const char *const *names = is_notification ? notification : confirmation;
	size_t count = is_notification ? 6 : 7;
	for (size_t i = 0; i < count; i++) {
		struct slice value;
		struct slice name = slice_from_cstr(names[i]);
		status = json_find_string(body, name, check->arena, &value);
		if (status == STATUS_NOT_FOUND && slice_equal(name, SLICE("Subject")))
			continue; /* signed only when there is one */
		if (status != STATUS_OK)
			return webhook_of_json(status);
		buf_append(to, name);
		buf_append_byte(to, '\n');
		buf_append(to, value);
		buf_append_byte(to, '\n');
	}
	return WEBHOOK_OK;
}

/* At the time of the request, which is a parameter: nothing here reads a clock. */
static bool is_time_within(const X509 *certificate, int64_t now_us)
{
	time_t now_s = (time_t)(now_us / 1000000);
	return X509_cmp_time(X509_get0_notBefore(certificate), &now_s) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(certificate), &now_s) > 0;
}

/* The certificate comes over TLS from Amazon's own host, so it is not chained to a root here; its name and dates are
 * checked as Amazon's Java library does it. */
static enum webhook_result check_certificate(const struct webhook_check *check, struct slice pem, const EVP_MD *digest,
					     struct slice signature, struct slice text)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = certificate ? X509_get0_pubkey(certificate) : NULL;
	enum webhook_result result = WEBHOOK_BAD_SECRET;
	if (key && EVP_PKEY_is_a(key, "RSA")) {
		bool is_named = X509_check_host(certificate, "sns.amazonaws.com", 0, 0, NULL) == 1;
		if (!is_named || !is_time_within(certificate, check->now_us))
			result = WEBHOOK_BAD_CERTIFICATE;
		else
			result = webhook_public_key_fits(key, digest, signature, text, SLICE_EMPTY)
				     ? WEBHOOK_OK
				     : WEBHOOK_BAD_SIGNATURE;
	}
	X509_free(certificate);
	BIO_free(bio);
	return result;
}

/* Any of the certificates will do; otherwise the most telling answer: a wrong signature beats a wrong certificate. */
static enum webhook_result try_certificates(const struct webhook_check *check, const EVP_MD *digest,
					    struct slice signature, struct slice text)
{
	enum { PEM_MAX = 65536 };
	enum webhook_result result = WEBHOOK_BAD_SECRET;
	for (size_t i = 0; i < check->rule->secret_count && result != WEBHOOK_OK; i++) {
		struct slice pem = check->rule->secrets[i];
		if (pem.n == 0 || pem.n > PEM_MAX)
			continue;
		enum webhook_result one = check_certificate(check, pem, digest, signature, text);
		if (one == WEBHOOK_OK || one == WEBHOOK_BAD_SIGNATURE || result == WEBHOOK_BAD_SECRET)
			result = one;
	}
	return result;
}

/* What stands around the signed text. */
struct sns_envelope {
	const EVP_MD *digest;
	struct slice signature;
	struct slice topic;
	struct slice id;
	int64_t time_us;
};

/* What is not of the signed text but says how it was signed. Version 1 is SHA-1, which is what topics have unless they
 * were told otherwise. */
static enum webhook_result read_envelope(const struct webhook_check *check, struct sns_envelope *ret)
{
	struct slice body = check->request->body;
	struct slice version;
	struct slice signature;
	struct slice time;
	enum status status = json_find_string(body, SLICE("SignatureVersion"), check->arena, &version);
	if (status == STATUS_OK)
		status = json_find_string(body, SLICE("Signature"), check->arena, &signature);
	if (status == STATUS_OK)
		status = json_find_string(body, SLICE("Timestamp"), check->arena, &time);
	if (status == STATUS_OK)
		status = json_find_string(body, SLICE("TopicArn"), check->arena, &ret->topic);
	if (status == STATUS_OK)
		status = json_find_string(body, SLICE("MessageId"), check->arena, &ret->id);
	if (status != STATUS_OK)
		return webhook_of_json(status);
	bool is_first = slice_equal(version, SLICE("1"));
	if (!is_first && !slice_equal(version, SLICE("2")))
		return WEBHOOK_UNSUPPORTED;
	ret->digest = is_first ? EVP_sha1() : EVP_sha256();
	bool is_read =
	    webhook_base64(check->arena, signature, &ret->signature) && time_parse_rfc3339(time, &ret->time_us);
	return is_read ? WEBHOOK_OK : WEBHOOK_MALFORMED;
}

static bool is_own_topic(const struct webhook_rule *rule, struct slice topic)
{
	for (size_t i = 0; i < rule->topic_count; i++)
		if (slice_equal(rule->topics[i], topic))
			return true;
	return false;
}

enum webhook_result webhook_check_sns(struct webhook_check *check)
{
	struct sns_envelope envelope;
	struct slice url;
	struct buf text;
	enum webhook_result result = read_envelope(check, &envelope);
	if (result == WEBHOOK_OK)
		result = webhook_sns_certificate_url(check->request->body, check->arena, &url);
	if (result != WEBHOOK_OK)
		return result;
	buf_init_in_arena(&text, WEBHOOK_BODY_MAX + 4096, check->arena);
	(void)buf_reserve(&text, check->request->body.n); /* all of it comes from there */
	result = sns_text(check, &text);
	if (result == WEBHOOK_OK)
		result = try_certificates(check, envelope.digest, envelope.signature, buf_slice(&text));
	buf_done(&text);
	if (result != WEBHOOK_OK)
		return result;
	if (!is_own_topic(check->rule, envelope.topic))
		return WEBHOOK_FOREIGN_TOPIC;
	check->replay_key = envelope.id;
	return webhook_check_age(check, envelope.time_us);
}
