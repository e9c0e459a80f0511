/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_signature: whether a webhook came from who it says.
 *
 * The schemes of the providers whose webhooks are taken in, and the two that our own webhooks go out with. Always over
 * the raw bytes of the body: a parsed and rewritten body has another signature. Pure: the time is a parameter, the
 * certificate of Amazon's scheme is given. Secrets are compared in constant time. What a good signature proves differs:
 * Mailgun's covers no byte of the event, Amazon's only says that some account of theirs sent it (hence the topics), and
 * passwords prove nothing about the body. Replays are the caller's to refuse, by *ret_replay_key.
 */
#ifndef PUGMARK_CODEC_WEBHOOK_SIGNATURE_H
#define PUGMARK_CODEC_WEBHOOK_SIGNATURE_H

#include "base/arena.h"
#include "base/buf.h"

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

enum webhook_result {
	WEBHOOK_OK = 0,
	WEBHOOK_BAD_SIGNATURE,   /* also a wrong password or token */
	WEBHOOK_MISSING,         /* a header, or a member of the body, that the scheme needs */
	WEBHOOK_MALFORMED,       /* it is there but cannot be read; also a header that is there twice */
	WEBHOOK_UNSUPPORTED,     /* a version of the scheme that is not known here */
	WEBHOOK_TOO_OLD,         /* rightly signed, but before now minus the tolerance */
	WEBHOOK_TOO_NEW,         /* … or after now plus the tolerance */
	WEBHOOK_BAD_SECRET,      /* ours: none is given, or none can be used with this scheme */
	WEBHOOK_BAD_CERTIFICATE, /* SNS: out of date, for another name, or at an address that is not Amazon's */
	WEBHOOK_FOREIGN_TOPIC,   /* SNS: rightly signed, but by a topic that is not ours */
	WEBHOOK_TOO_BIG,         /* the body is larger than WEBHOOK_BODY_MAX */
};
enum { WEBHOOK_RESULT_COUNT = WEBHOOK_TOO_BIG + 1 };

/* "ok", "bad_signature", …, and a sentence that says what to do. Never NULL. */
const char *webhook_result_name(enum webhook_result result);
const char *webhook_result_text(enum webhook_result result);

/* By the name of a scheme ("standard", "sns", …) or of a provider ("resend", "ses", "postmark", …). */
bool webhook_scheme_parse(struct slice name, enum webhook_scheme *ret);

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

/* Judges a request at the time `now_us`. With WEBHOOK_OK, *ret_replay_key is what makes this delivery unique and was
 * signed (webhook-id, Mailgun's token, SNS' MessageId), empty where the scheme has nothing such; it lives in `arena` or
 * points into the request. Untouched otherwise. `arena` also takes what is decoded on the way, no more than three times
 * the body. A signature is judged before its age, so that "too old" means that it was once right. */
enum webhook_result webhook_verify(const struct webhook_rule *rule, const struct webhook_request *request,
				   int64_t now_us, struct arena *arena, struct slice *ret_replay_key) MUST_CHECK;

/* Where the certificate of an SNS body is to be fetched from: https, at sns.REGION.amazonaws.com (or .com.cn), without
 * user, port, query or dot segments, ending in .pem. WEBHOOK_BAD_CERTIFICATE for any other address,
 * WEBHOOK_MISSING or WEBHOOK_MALFORMED for a body without one. The same check is part of webhook_verify. */
enum webhook_result webhook_sns_certificate_url(struct slice body, struct arena *arena, struct slice *ret) MUST_CHECK;

/* Appends the value of `webhook-signature` for one message: "v1,…" for each secret ("whsec_…"), separated by spaces.
 * STATUS_BAD_INPUT, and nothing appended: a secret that cannot be used, or an id with a dot in it. */
enum status webhook_sign_standard(const struct slice *secrets, size_t secret_count, struct slice id,
				  int64_t timestamp_s, struct slice body, struct buf *to) MUST_CHECK;
/* Appends the value of X-Pugmark-Signature. STATUS_BAD_INPUT: an empty secret, or none. */
enum status webhook_sign_pugmark(const struct slice *secrets, size_t secret_count, int64_t timestamp_s,
				 struct slice body, struct buf *to) MUST_CHECK;

#endif
