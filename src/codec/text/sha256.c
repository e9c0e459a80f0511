/* SPDX-License-Identifier: Apache-2.0 */
/* By EVP, which everything in OpenSSL 3 goes through; of pieces, so that nobody copies a body to put a path in front of
 * it. There is no way on for a caller whose digest could not be made, and nothing in the input can bring that about. */
#include "codec/text/sha256.h"

#include "base/mem.h"
#include <openssl/evp.h>

void sha256_of(struct slice bytes, uint8_t ret[SHA256_SIZE])
{
	sha256_of_pieces(&bytes, 1, ret);
}

void sha256_of_pieces(const struct slice *pieces, size_t count, uint8_t ret[SHA256_SIZE])
{
	struct sha256 *sha256 = sha256_new();
	for (size_t i = 0; i < count; i++)
		sha256_add(sha256, pieces[i]);
	sha256_end(&sha256, ret);
}

/* The struct is OpenSSL's own; ours has no definition. */
static EVP_MD_CTX *context_of(struct sha256 *sha256)
{
	return (EVP_MD_CTX *)(void *)sha256;
}

struct sha256 *sha256_new(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	BUG_IF(!ctx || EVP_DigestInit_ex2(ctx, EVP_sha256(), NULL) != 1);
	return (struct sha256 *)(void *)ctx;
}

void sha256_add(struct sha256 *sha256, struct slice bytes)
{
	BUG_IF(EVP_DigestUpdate(context_of(sha256), bytes.p, bytes.n) != 1);
}

void sha256_end(struct sha256 **sha256, uint8_t ret[SHA256_SIZE])
{
	unsigned int n = 0;
	uint8_t digest[SHA256_SIZE];
	if (!*sha256)
		return;
	BUG_IF(EVP_DigestFinal_ex(context_of(*sha256), ret ? ret : digest, &n) != 1 || n != SHA256_SIZE);
	EVP_MD_CTX_free(context_of(*sha256));
	*sha256 = NULL;
}
