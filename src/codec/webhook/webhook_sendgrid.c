/* SPDX-License-Identifier: Apache-2.0 */
/* The key is given as SendGrid shows it, base64 of a DER SubjectPublicKeyInfo. Only P-256 is taken, which is what
 * SendGrid signs with: another key was pasted by mistake, and that is better said than found out by signatures that
 * never fit. */
#include "codec/webhook/webhook_sendgrid.h"

#include "codec/webhook/webhook_public_key.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* A P-256 key from base64 DER, with or without the lines of PEM around it; NULL for any other. */
static EVP_PKEY *read_p256_key(struct arena *arena, struct slice secret)
{
	struct slice der;
	char group[16] = "";
	if (!webhook_base64(arena, slice_trim(secret), &der))
		return NULL;
	const unsigned char *p = (const unsigned char *)der.p;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)der.n);
	bool is_whole = key && (size_t)(p - (const unsigned char *)der.p) == der.n;
	if (is_whole &&
	    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) == 1 &&
	    strcmp(group, "prime256v1") == 0)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

enum webhook_result webhook_check_sendgrid(struct webhook_check *check)
{
	struct slice text;
	struct slice timestamp;
	struct slice signature;
	int64_t time_us;
	enum webhook_result result = webhook_header_find(check, SLICE("x-twilio-email-event-webhook-signature"), &text);
	if (result == WEBHOOK_OK)
		result = webhook_header_find(check, SLICE("x-twilio-email-event-webhook-timestamp"), &timestamp);
	if (result != WEBHOOK_OK)
		return result;
	if (!webhook_base64(check->arena, text, &signature) || !webhook_time_parse(timestamp, &time_us))
		return WEBHOOK_MALFORMED;
	result = WEBHOOK_BAD_SECRET;
	for (size_t i = 0; i < check->rule->secret_count && result != WEBHOOK_OK; i++) {
		EVP_PKEY *key = read_p256_key(check->arena, check->rule->secrets[i]);
		if (!key)
			continue;
		/* What is signed is the time as it was sent, not as a number, and the raw body behind it. */
		bool fits = webhook_public_key_fits(key, EVP_sha256(), signature, timestamp, check->request->body);
		result = fits ? WEBHOOK_OK : WEBHOOK_BAD_SIGNATURE;
		EVP_PKEY_free(key);
	}
	return result == WEBHOOK_OK ? webhook_check_age(check, time_us) : result;
}
