/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's one-shot form is the only one for Ed25519, and it wants the message in one piece. For the others there is
 * one that takes pieces, so that a body need not be copied. */
#include "codec/webhook/webhook_public_key.h"

#include <openssl/evp.h>

bool webhook_public_key_fits(EVP_PKEY *key, const EVP_MD *digest, struct slice signature, struct slice head,
			     struct slice tail)
{
	const unsigned char *s = (const unsigned char *)signature.p;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool fits = ctx && EVP_DigestVerifyInit(ctx, NULL, digest, NULL, key) == 1;
	if (fits && !digest) {
		fits = EVP_DigestVerify(ctx, s, signature.n, (const unsigned char *)head.p, head.n) == 1;
	} else if (fits) {
		fits = EVP_DigestVerifyUpdate(ctx, head.p, head.n) == 1 &&
		       EVP_DigestVerifyUpdate(ctx, tail.p, tail.n) == 1 &&
		       EVP_DigestVerifyFinal(ctx, s, signature.n) == 1;
	}
	EVP_MD_CTX_free(ctx);
	return fits;
}

bool webhook_ed25519_fits(struct slice key, struct slice signature, struct slice message)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)key.p, key.n);
	bool fits = pkey && webhook_public_key_fits(pkey, NULL, signature, message, SLICE_EMPTY);
	EVP_PKEY_free(pkey);
	return fits;
}
