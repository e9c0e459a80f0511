/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_pugmark: our own X-Pugmark-Signature, in the form of Stripe's, whose libraries read it. */
#ifndef PUGMARK_CODEC_WEBHOOK_PUGMARK_H
#define PUGMARK_CODEC_WEBHOOK_PUGMARK_H

#include "codec/webhook/webhook_check.h"

enum webhook_result webhook_check_pugmark(struct webhook_check *check);

/* Appends the value of X-Pugmark-Signature. STATUS_BAD_INPUT: an empty secret, or none. */
enum status webhook_sign_pugmark(const struct slice *secrets, size_t secret_count, int64_t timestamp_s,
				 struct slice body, struct buf *to) MUST_CHECK;

#endif
