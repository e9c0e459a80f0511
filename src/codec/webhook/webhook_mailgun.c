/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed are time and token, inside the JSON that they are to prove. So the signature says that Mailgun sent
 * *something*, and whoever saw one delivery can put its three fields into another body. The replay key, the token, is
 * what must be kept and refused. */
#include "codec/webhook/webhook_mailgun.h"

#include "codec/text/json_find.h"
#include "codec/webhook/webhook_hmac.h"

/* The time is a string of digits; a number is taken by its digits, which are then what was signed. */
static enum status find_digits(struct slice object, struct arena *arena, struct slice *ret)
{
	struct slice raw;
	enum status status = json_find(object, SLICE("timestamp"), &raw);
	if (status != STATUS_OK || raw.p[0] == '"')
		return status == STATUS_OK ? json_find_string(object, SLICE("timestamp"), arena, ret) : status;
	*ret = raw;
	return STATUS_OK;
}

enum webhook_result webhook_check_mailgun(struct webhook_check *check)
{
	struct slice object;
	struct slice pieces[2]; /* timestamp, token */
	struct slice text;
	unsigned char signature[SHA256_SIZE];
	int64_t time_us;
	enum { TIME_DIGITS = 10 };
	enum status status = json_find(check->request->body, SLICE("signature"), &object);
	if (status == STATUS_OK)
		status = find_digits(object, check->arena, &pieces[0]);
	if (status == STATUS_OK)
		status = json_find_string(object, SLICE("token"), check->arena, &pieces[1]);
	if (status == STATUS_OK)
		status = json_find_string(object, SLICE("signature"), check->arena, &text);
	if (status != STATUS_OK)
		return webhook_of_json(status);
	/* Time and token are signed without anything between them: were times of other lengths allowed, a digit moved
	 * from one to the other would make a new token of an old delivery. Ten digits last until 2286. */
	if (pieces[0].n != TIME_DIGITS || pieces[1].n == 0 || !webhook_time_parse(pieces[0], &time_us) ||
	    !webhook_hmac_from_hex(text, signature))
		return WEBHOOK_MALFORMED;
	check->replay_key = pieces[1];
	enum webhook_result result =
	    webhook_hmac_check(check, (struct webhook_signed){pieces, 2}, slice_of(signature, sizeof signature));
	return result == WEBHOOK_OK ? webhook_check_age(check, time_us) : result;
}
