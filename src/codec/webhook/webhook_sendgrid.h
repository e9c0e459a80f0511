/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_sendgrid: SendGrid's Event Webhook: ECDSA over P-256 of a time and the body. */
#ifndef PUGMARK_CODEC_WEBHOOK_SENDGRID_H
#define PUGMARK_CODEC_WEBHOOK_SENDGRID_H

#include "codec/webhook/webhook_check.h"

enum webhook_result webhook_check_sendgrid(struct webhook_check *check);

#endif
