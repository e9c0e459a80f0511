/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_password: what proves only that somebody knows a password: nothing in the body is signed. */
#ifndef PUGMARK_CODEC_WEBHOOK_PASSWORD_H
#define PUGMARK_CODEC_WEBHOOK_PASSWORD_H

#include "codec/webhook/webhook_check.h"

/* Authorization: Basic, "user:password". */
enum webhook_result webhook_check_basic(struct webhook_check *check);
/* Authorization: Bearer, a token. */
enum webhook_result webhook_check_bearer(struct webhook_check *check);
/* A header that the provider was told to send, "Name: value". */
enum webhook_result webhook_check_custom_header(struct webhook_check *check);

#endif
