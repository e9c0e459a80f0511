/* SPDX-License-Identifier: Apache-2.0 */
/* The form is parsed before it can be judged, since what is signed is not the body but the URL and the fields in the
 * order of their names. HMAC-SHA1 is still sound as a MAC (RFC 6194, 3.3), and Mandrill offers nothing else. */
#include "codec/webhook/webhook_mandrill.h"

#include "codec/url/query.h"
#include "codec/webhook/webhook_hmac.h"
#include <stdlib.h>

enum { SHA1_SIZE = 20, FORM_FIELDS_MAX = 64 };

static int by_name(const void *left, const void *right)
{
	return slice_compare(((const struct query_parameter *)left)->name,
			     ((const struct query_parameter *)right)->name);
}

/* The URL, then name and value of every field by name. */
static enum webhook_result mandrill_text(const struct webhook_check *check,
					 struct slice pieces[1 + 2 * FORM_FIELDS_MAX], size_t *ret_count)
{
	struct query_parameter fields[FORM_FIELDS_MAX];
	struct query query = query_read(check->request->body);
	size_t count = 0;
	for (;;) {
		struct query_parameter field;
		enum status status = query_next(&query, check->arena, &field);
		if (status == STATUS_END)
			break;
		if (status != STATUS_OK || count == FORM_FIELDS_MAX)
			return WEBHOOK_MALFORMED;
		fields[count++] = field;
	}
	if (count == 0)
		return WEBHOOK_MISSING;
	qsort(fields, count, sizeof fields[0], by_name);
	for (size_t i = 1; i < count; i++)
		if (slice_equal(fields[i - 1].name, fields[i].name))
			return WEBHOOK_MALFORMED; /* which one counts is for each reader to choose */
	pieces[0] = check->rule->url;
	for (size_t i = 0; i < count; i++) {
		pieces[1 + 2 * i] = fields[i].name;
		pieces[2 + 2 * i] = fields[i].value;
	}
	*ret_count = 1 + 2 * count;
	return WEBHOOK_OK;
}

enum webhook_result webhook_check_mandrill(struct webhook_check *check)
{
	struct slice text;
	struct slice signature;
	struct slice pieces[1 + 2 * FORM_FIELDS_MAX];
	size_t count;
	enum webhook_result result = webhook_header_find(check, SLICE("x-mandrill-signature"), &text);
	if (result == WEBHOOK_OK)
		result = mandrill_text(check, pieces, &count);
	if (result != WEBHOOK_OK)
		return result;
	if (!webhook_base64(check->arena, text, &signature) || signature.n != SHA1_SIZE)
		return WEBHOOK_MALFORMED;
	result = WEBHOOK_BAD_SECRET;
	for (size_t i = 0; i < check->rule->secret_count && result != WEBHOOK_OK; i++) {
		struct slice secret = check->rule->secrets[i];
		/* Without the address there is nothing that was signed. */
		if (secret.n == 0 || check->rule->url.n == 0)
			continue;
		bool fits = webhook_hmac_fits("SHA1", secret, (struct webhook_signed){pieces, count}, signature);
		result = fits ? WEBHOOK_OK : WEBHOOK_BAD_SIGNATURE;
	}
	return result;
}
