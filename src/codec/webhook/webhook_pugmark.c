/* SPDX-License-Identifier: Apache-2.0 */
/* Several `v1` entries let a receiver rotate its secret: we sign with the old and the new one for a while. An entry
 * that is not hexadecimal makes the header malformed instead of being passed over, so that a truncated one is not
 * taken for a wrong secret. */
#include "codec/webhook/webhook_pugmark.h"

#include "codec/webhook/webhook_hmac.h"

enum { ENTRIES_MAX = 32 };

enum webhook_result webhook_check_pugmark(struct webhook_check *check)
{
	struct slice value;
	struct slice timestamp = SLICE_EMPTY;
	unsigned char signatures[ENTRIES_MAX][SHA256_SIZE];
	size_t count = 0;
	int64_t time_us;
	enum webhook_result result = webhook_header_find(check, SLICE("x-pugmark-signature"), &value);
	if (result != WEBHOOK_OK)
		return result;
	for (int i = 0; i < ENTRIES_MAX && value.n > 0; i++) {
		struct slice entry = slice_trim(slice_cut(&value, ','));
		struct slice key = slice_cut(&entry, '=');
		/* A second time would let a header say two. */
		if (slice_equal(key, SLICE("t"))) {
			if (timestamp.n > 0)
				return WEBHOOK_MALFORMED;
			timestamp = entry;
		} else if (slice_equal(key, SLICE("v1"))) {
			if (!webhook_hmac_from_hex(entry, signatures[count]))
				return WEBHOOK_MALFORMED;
			count++;
		}
	}
	if (!webhook_time_parse(timestamp, &time_us))
		return WEBHOOK_MALFORMED;
	result = WEBHOOK_UNSUPPORTED;
	struct slice pieces[] = {timestamp, SLICE("."), check->request->body};
	for (size_t i = 0; i < count && result != WEBHOOK_OK; i++)
		result =
		    webhook_hmac_check(check, (struct webhook_signed){pieces, 3}, slice_of(signatures[i], SHA256_SIZE));
	return result == WEBHOOK_OK ? webhook_check_age(check, time_us) : result;
}

enum status webhook_sign_pugmark(const struct slice *secrets, size_t secret_count, int64_t timestamp_s,
				 struct slice body, struct buf *to)
{
	unsigned char signature[SHA256_SIZE];
	char digits[32];
	struct buf timestamp;
	bool is_usable = secret_count > 0;
	for (size_t i = 0; i < secret_count; i++)
		is_usable = is_usable && secrets[i].n > 0;
	if (!is_usable)
		return STATUS_BAD_INPUT;
	buf_init_fixed(&timestamp, digits, sizeof digits);
	buf_append_i64(&timestamp, timestamp_s);
	struct slice pieces[] = {buf_slice(&timestamp), SLICE("."), body};
	buf_append_cstr(to, "t=");
	buf_append(to, pieces[0]);
	for (size_t i = 0; i < secret_count; i++) {
		buf_append_cstr(to, ",v1=");
		buf_append_hex(to, webhook_hmac("SHA256", secrets[i], (struct webhook_signed){pieces, 3}, signature));
	}
	return buf_status(to);
}
