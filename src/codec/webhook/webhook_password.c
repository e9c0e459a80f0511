/* SPDX-License-Identifier: Apache-2.0 */
/* All secrets are compared, also behind one that fits, and each in constant time: how long it takes must not say which
 * of them is near. */
#include "codec/webhook/webhook_password.h"

static enum webhook_result compare(const struct webhook_check *check, struct slice given)
{
	bool fits = false;
	bool is_set = false;
	for (size_t i = 0; i < check->rule->secret_count; i++) {
		struct slice secret = check->rule->secrets[i];
		is_set |= secret.n > 0;
		fits |= secret.n > 0 && slice_equal_secret(secret, given);
	}
	if (!is_set)
		return WEBHOOK_BAD_SECRET;
	return fits ? WEBHOOK_OK : WEBHOOK_BAD_SIGNATURE;
}

/* What follows the scheme's name in Authorization (RFC 9110, 11.4). */
static enum webhook_result credentials(const struct webhook_check *check, struct slice scheme, struct slice *ret)
{
	struct slice value;
	enum webhook_result result = webhook_header_find(check, SLICE("authorization"), &value);
	if (result != WEBHOOK_OK)
		return result;
	if (!slice_equal_nocase(slice_cut(&value, ' '), scheme))
		return WEBHOOK_MISSING;
	*ret = slice_trim(value);
	return WEBHOOK_OK;
}

/* The pair is compared as it is decoded: user and password have no meaning apart here. */
enum webhook_result webhook_check_basic(struct webhook_check *check)
{
	struct slice encoded;
	struct slice pair;
	enum webhook_result result = credentials(check, SLICE("basic"), &encoded);
	if (result != WEBHOOK_OK)
		return result;
	if (!webhook_base64(check->arena, encoded, &pair))
		return WEBHOOK_MALFORMED;
	return compare(check, pair);
}

enum webhook_result webhook_check_bearer(struct webhook_check *check)
{
	struct slice token;
	enum webhook_result result = credentials(check, SLICE("bearer"), &token);
	return result == WEBHOOK_OK ? compare(check, token) : result;
}

enum webhook_result webhook_check_custom_header(struct webhook_check *check)
{
	enum webhook_result result = WEBHOOK_BAD_SECRET;
	for (size_t i = 0; i < check->rule->secret_count; i++) {
		struct slice value = check->rule->secrets[i];
		struct slice name = slice_trim(slice_cut(&value, ':'));
		struct slice given;
		value = slice_trim(value);
		if (name.n == 0 || value.n == 0)
			continue;
		enum webhook_result found = webhook_header_find(check, name, &given);
		if (found == WEBHOOK_OK)
			found = slice_equal_secret(value, given) ? WEBHOOK_OK : WEBHOOK_BAD_SIGNATURE;
		if (found == WEBHOOK_OK)
			return WEBHOOK_OK;
		/* A header that is there and wrong says more than one that is not there. */
		if (result != WEBHOOK_BAD_SIGNATURE)
			result = found;
	}
	return result;
}
