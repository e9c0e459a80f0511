/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_check: one webhook at hand: what is known beforehand, the request as it came, and what every scheme asks of
 * them. The schemes stand on this, each in a file of its own; webhook_signature.h chooses among them.
 */
#ifndef PUGMARK_CODEC_WEBHOOK_CHECK_H
#define PUGMARK_CODEC_WEBHOOK_CHECK_H

#include "base/arena.h"
#include "base/buf.h"
#include "codec/webhook/webhook_result.h"

enum webhook_scheme {
	/* Standard Webhooks 1.0: webhook-id, -timestamp, -signature, or svix-*. Resend, and ours.
	 * Secrets: "whsec_" and base64 (v1, HMAC-SHA256), or "whpk_" and base64 (v1a, Ed25519). */
	WEBHOOK_STANDARD,
	/* X-Pugmark-Signature: t=SECONDS,v1=HEX[,v1=HEX…]; HMAC-SHA256 of t "." body, keyed with the secret's text as
	 * it is, "whsec_" included. Stripe's form, so that its libraries read it. */
	WEBHOOK_PUGMARK,
	/* Inside the JSON: HMAC-SHA256 of timestamp and token. Secrets: the webhook signing key. */
	WEBHOOK_MAILGUN,
	/* Signature: HEX, HMAC-SHA256 of the body. Secrets: the signing secret. */
	WEBHOOK_MAILERSEND,
	/* X-Mandrill-Signature: BASE64, HMAC-SHA1 of the URL and the form fields. Secrets: the webhook key. */
	WEBHOOK_MANDRILL,
	/* X-Twilio-Email-Event-Webhook-Signature and -Timestamp, ECDSA P-256. Secrets: the public key, base64 DER. */
	WEBHOOK_SENDGRID,
	/* Inside the JSON: RSA over chosen members, versions 1 and 2. Secrets: the certificate in PEM. */
	WEBHOOK_SNS,
	/* Without a signature. Authorization: Basic; secrets are "user:password". Postmark, SparkPost, Brevo, Mailjet,
	 * SMTP2GO. */
	WEBHOOK_BASIC,
	/* Authorization: Bearer; secrets are the token. */
	WEBHOOK_BEARER,
	/* A header that the provider was told to send; secrets are "Name: value". */
	WEBHOOK_CUSTOM_HEADER,
};

enum {
	WEBHOOK_BODY_MAX = 32 << 20,
	WEBHOOK_SECRETS_MAX = 16,  /* more are not tried */
	WEBHOOK_TOLERANCE_S = 300, /* what Standard Webhooks' libraries use; also for WEBHOOK_PUGMARK */
};

/* What is known beforehand. Everything is borrowed. */
struct webhook_rule {
	enum webhook_scheme scheme;
	const struct slice *secrets; /* one that fits is enough, so that they can be rotated */
	size_t secret_count;
	/* How far the signed time may lie from now, either way; 0: any. Providers that keep the time over retries
	 * (SendGrid up to 24 h, Mailgun 8 h, SNS 1 h) want 0 or more than that. Without effect where no time is signed.
	 */
	uint32_t tolerance_s;
	struct slice url;           /* Mandrill: the webhook's address exactly as it was registered */
	const struct slice *topics; /* SNS: the topics that are ours (TopicArn); without any, every topic is foreign */
	size_t topic_count;
};

struct webhook_header {
	struct slice name; /* in any case */
	struct slice value;
};

/* The request as it came. Everything is borrowed. */
struct webhook_request {
	const struct webhook_header *headers;
	size_t header_count;
	struct slice body; /* raw */
};

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
/* What a look into the body's JSON came to: WEBHOOK_OK, WEBHOOK_MISSING or WEBHOOK_MALFORMED. */
enum webhook_result webhook_of_json(enum status status);

#endif
