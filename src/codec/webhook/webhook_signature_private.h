/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of webhook_signature share: the request at hand, and one function for each scheme. */
#ifndef PUGMARK_CODEC_WEBHOOK_SIGNATURE_PRIVATE_H
#define PUGMARK_CODEC_WEBHOOK_SIGNATURE_PRIVATE_H

#include "codec/webhook/webhook_signature.h"

struct webhook_check {
	const struct webhook_rule *rule;
	const struct webhook_request *request;
	int64_t now_us;
	struct arena *arena;
	struct slice replay_key; /* found on the way */
};

/* The trimmed value of a header that must be there once. */
enum webhook_result webhook_header_find(const struct webhook_check *check, struct slice name, struct slice *ret);
/* WEBHOOK_OK, WEBHOOK_TOO_OLD or WEBHOOK_TOO_NEW. */
enum webhook_result webhook_check_age(const struct webhook_check *check, int64_t time_us);
/* Seconds since 1970 in decimal digits. */
bool webhook_time_parse(struct slice text, int64_t *ret_us);
/* Base64 into the arena. */
bool webhook_base64(struct arena *arena, struct slice text, struct slice *ret);

/* The Ed25519 signature of pieces that follow each other; `key` is the raw public key. */
bool webhook_ed25519_fits(struct slice key, struct slice signature, struct slice message);

enum webhook_result webhook_check_standard(struct webhook_check *check);
enum webhook_result webhook_check_pugmark(struct webhook_check *check);
enum webhook_result webhook_check_mailgun(struct webhook_check *check);
enum webhook_result webhook_check_mailersend(struct webhook_check *check);
enum webhook_result webhook_check_mandrill(struct webhook_check *check);
enum webhook_result webhook_check_sendgrid(struct webhook_check *check);
enum webhook_result webhook_check_sns(struct webhook_check *check);

#endif
