/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_mailgun: Mailgun's signature, which covers a time and a token but no byte of the event. */
#ifndef PUGMARK_CODEC_WEBHOOK_MAILGUN_H
#define PUGMARK_CODEC_WEBHOOK_MAILGUN_H

#include "codec/webhook/webhook_check.h"

enum webhook_result webhook_check_mailgun(struct webhook_check *check);

#endif
