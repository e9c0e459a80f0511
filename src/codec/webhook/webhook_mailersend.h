/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_mailersend: MailerSend's signature of the body. */
#ifndef PUGMARK_CODEC_WEBHOOK_MAILERSEND_H
#define PUGMARK_CODEC_WEBHOOK_MAILERSEND_H

#include "codec/webhook/webhook_check.h"

enum webhook_result webhook_check_mailersend(struct webhook_check *check);

#endif
