/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_public_key: signatures that a public key judges, by OpenSSL. */
#ifndef PUGMARK_CODEC_WEBHOOK_PUBLIC_KEY_H
#define PUGMARK_CODEC_WEBHOOK_PUBLIC_KEY_H

#include "base/slice.h"
#include <openssl/types.h>

/* Whether `key` says yes to the signature of `head` and, behind it, `tail`. For Ed25519 `digest` is NULL and `tail`
 * empty. No memory is a no. */
bool webhook_public_key_fits(EVP_PKEY *key, const EVP_MD *digest, struct slice signature, struct slice head,
			     struct slice tail);
/* The same for a raw Ed25519 key of 32 bytes. */
bool webhook_ed25519_fits(struct slice key, struct slice signature, struct slice message);

#endif
