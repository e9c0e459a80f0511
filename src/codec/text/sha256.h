/* SPDX-License-Identifier: Apache-2.0 */
/* sha256: SHA-256 (FIPS 180-4), by OpenSSL. For keyed signatures see webhook_hmac.h. Pure. */
#ifndef PUGMARK_CODEC_SHA256_H
#define PUGMARK_CODEC_SHA256_H

#include "base/slice.h"

enum { SHA256_SIZE = 32 };

/* The digest of some bytes. Never fails: the process ends when OpenSSL has no memory or no default provider. */
void sha256_of(struct slice bytes, uint8_t ret[SHA256_SIZE]);
/* The digest of pieces that follow each other, without anything between them. */
void sha256_of_pieces(const struct slice *pieces, size_t count, uint8_t ret[SHA256_SIZE]);

/* The digest of what comes bit by bit. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sha256, struct slice bytes);
/* Frees it and stores NULL; the digest goes to `ret`, which may be NULL. */
void sha256_end(struct sha256 **sha256, uint8_t ret[SHA256_SIZE]);

#endif
