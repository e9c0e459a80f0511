/* SPDX-License-Identifier: Apache-2.0 */
/* The header is the signature and nothing else: no time, so that the age cannot be judged, and no id, so that a repeat
 * cannot be told. */
#include "codec/webhook/webhook_mailersend.h"

#include "codec/webhook/webhook_hmac.h"

enum webhook_result webhook_check_mailersend(struct webhook_check *check)
{
	struct slice text;
	unsigned char signature[SHA256_SIZE];
	enum webhook_result result = webhook_header_find(check, SLICE("signature"), &text);
	if (result != WEBHOOK_OK)
		return result;
	if (!webhook_hmac_from_hex(text, signature))
		return WEBHOOK_MALFORMED;
	return webhook_hmac_check(check, (struct webhook_signed){&check->request->body, 1},
				  slice_of(signature, sizeof signature));
}
