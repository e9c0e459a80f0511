/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_standard: Standard Webhooks 1.0 (standardwebhooks.com): v1, HMAC-SHA256, and v1a, Ed25519. Resend and Svix
 * send it, and so do we. */
#ifndef PUGMARK_CODEC_WEBHOOK_STANDARD_H
#define PUGMARK_CODEC_WEBHOOK_STANDARD_H

#include "codec/webhook/webhook_check.h"

enum webhook_result webhook_check_standard(struct webhook_check *check);

/* Appends the value of `webhook-signature` for one message: "v1,…" for each secret ("whsec_…"), separated by spaces.
 * STATUS_BAD_INPUT, and nothing appended: a secret that cannot be used, or an id with a dot in it. */
enum status webhook_sign_standard(const struct slice *secrets, size_t secret_count, struct slice id,
				  int64_t timestamp_s, struct slice body, struct buf *to) MUST_CHECK;

#endif
