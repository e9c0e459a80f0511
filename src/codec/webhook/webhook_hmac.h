/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_hmac: signatures with a shared secret (RFC 2104), over pieces that are signed one behind the other. */
#ifndef PUGMARK_CODEC_WEBHOOK_HMAC_H
#define PUGMARK_CODEC_WEBHOOK_HMAC_H

#include "codec/text/sha256.h"
#include "codec/webhook/webhook_check.h"

/* Bytes that are signed: pieces one behind the other. */
struct webhook_signed {
	const struct slice *pieces;
	size_t count;
};

/* The HMAC of `text` under a key of any length, in `room`; as long as the digest, "SHA1" or "SHA256". False, and *ret
 * empty, when OpenSSL has no memory. */
bool webhook_hmac_make(const char *digest, struct slice key, struct webhook_signed text,
		       unsigned char room[SHA256_SIZE], struct slice *ret);
/* The same for what we sign ourselves, where there is no way on without it. */
struct slice webhook_hmac(const char *digest, struct slice key, struct webhook_signed text,
			  unsigned char room[SHA256_SIZE]);
/* Whether `key` made the signature, in constant time; one that cannot be made fits nothing. */
bool webhook_hmac_fits(const char *digest, struct slice key, struct webhook_signed text, struct slice signature);

/* The 32 bytes of a SHA-256 signature in hexadecimal; false for any other text. */
bool webhook_hmac_from_hex(struct slice text, unsigned char to[SHA256_SIZE]);

/* Whether one of the rule's secrets, taken as they are, made this SHA-256 signature: WEBHOOK_OK, WEBHOOK_BAD_SIGNATURE
 * or WEBHOOK_BAD_SECRET. */
enum webhook_result webhook_hmac_check(const struct webhook_check *check, struct webhook_signed text,
				       struct slice signature);

#endif
