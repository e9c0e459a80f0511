/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_sns: Amazon SNS, by which SES reports: RSA over chosen members of the JSON. */
#ifndef PUGMARK_CODEC_WEBHOOK_SNS_H
#define PUGMARK_CODEC_WEBHOOK_SNS_H

#include "codec/webhook/webhook_check.h"

enum webhook_result webhook_check_sns(struct webhook_check *check);

/* Where the certificate of an SNS body is to be fetched from: https, at sns.REGION.amazonaws.com (or .com.cn), without
 * user, port, query or dot segments, ending in .pem. WEBHOOK_BAD_CERTIFICATE for any other address,
 * WEBHOOK_MISSING or WEBHOOK_MALFORMED for a body without one. The same check is part of webhook_verify. */
enum webhook_result webhook_sns_certificate_url(struct slice body, struct arena *arena, struct slice *ret) MUST_CHECK;

#endif
