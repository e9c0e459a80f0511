/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_result: what can be said of a webhook, as a closed list, and the words for it. */
#ifndef PUGMARK_CODEC_WEBHOOK_RESULT_H
#define PUGMARK_CODEC_WEBHOOK_RESULT_H

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

#endif
