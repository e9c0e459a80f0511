/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed is a list of pieces, so that no body, which may be 32 MB, is copied to put two words in front of it.
 */
#include "codec/webhook/webhook_hmac.h"

#include "base/mem.h"
#include "codec/text/hex.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>

/* By EVP_MAC: HMAC() takes one piece, and HMAC_CTX is deprecated since OpenSSL 3.0. */
bool webhook_hmac_make(const char *digest, struct slice key, struct webhook_signed text,
		       unsigned char room[SHA256_SIZE], struct slice *ret)
{
	OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
				   OSSL_PARAM_construct_end()};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	size_t n = 0;
	bool is_made = ctx && EVP_MAC_init(ctx, (const unsigned char *)key.p, key.n, parameters) == 1;
	for (size_t i = 0; is_made && i < text.count; i++)
		is_made = EVP_MAC_update(ctx, (const unsigned char *)text.pieces[i].p, text.pieces[i].n) == 1;
	is_made = is_made && EVP_MAC_final(ctx, room, &n, SHA256_SIZE) == 1;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	*ret = slice_of(room, is_made ? n : 0);
	return is_made;
}

struct slice webhook_hmac(const char *digest, struct slice key, struct webhook_signed text,
			  unsigned char room[SHA256_SIZE])
{
	struct slice made;
	BUG_IF(!webhook_hmac_make(digest, key, text, room,
				  &made)); /* no memory, or OpenSSL without its default provider */
	return made;
}

bool webhook_hmac_fits(const char *digest, struct slice key, struct webhook_signed text, struct slice signature)
{
	unsigned char room[SHA256_SIZE];
	struct slice made;
	return webhook_hmac_make(digest, key, text, room, &made) && slice_equal_secret(made, signature);
}

/* Of exactly one length: what is compared in constant time must not have a length that an attacker chooses. */
bool webhook_hmac_from_hex(struct slice text, unsigned char to[SHA256_SIZE])
{
	if (text.n != (size_t)2 * SHA256_SIZE)
		return false;
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		int byte = hex_byte(text.p[2 * i], text.p[2 * i + 1]);
		if (byte < 0)
			return false;
		to[i] = (unsigned char)byte;
	}
	return true;
}

enum webhook_result webhook_hmac_check(const struct webhook_check *check, struct webhook_signed text,
				       struct slice signature)
{
	enum webhook_result result = WEBHOOK_BAD_SECRET;
	for (size_t i = 0; i < check->rule->secret_count && result != WEBHOOK_OK; i++) {
		struct slice secret = check->rule->secrets[i];
		if (secret.n == 0)
			continue; /* an empty secret is one that everybody knows */
		bool fits = webhook_hmac_fits("SHA256", secret, text, signature);
		result = fits ? WEBHOOK_OK : WEBHOOK_BAD_SIGNATURE;
	}
	return result;
}
