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

#include "codec/webhook/webhook_check.h"

/* By the name of a scheme ("standard", "sns", …) or of a provider ("resend", "ses", "postmark", …). */
bool webhook_scheme_parse(struct slice name, enum webhook_scheme *ret);

/* Judges a request at the time `now_us`. With WEBHOOK_OK, *ret_replay_key is what makes this delivery unique and was
 * signed (webhook-id, Mailgun's token, SNS' MessageId), empty where the scheme has nothing such; it lives in `arena` or
 * points into the request. Untouched otherwise. `arena` also takes what is decoded on the way, no more than three times
 * the body. A signature is judged before its age, so that "too old" means that it was once right. */
enum webhook_result webhook_verify(const struct webhook_rule *rule, const struct webhook_request *request,
				   int64_t now_us, struct arena *arena, struct slice *ret_replay_key) MUST_CHECK;

#endif
