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
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned int n = 0;
	bool is_made = ctx && EVP_DigestInit_ex2(ctx, EVP_sha256(), NULL) == 1;
	for (size_t i = 0; is_made && i < count; i++)
		is_made = EVP_DigestUpdate(ctx, pieces[i].p, pieces[i].n) == 1;
	BUG_IF(!is_made || EVP_DigestFinal_ex(ctx, ret, &n) != 1 || n != SHA256_SIZE);
	EVP_MD_CTX_free(ctx);
}
