/* SPDX-License-Identifier: Apache-2.0 */
/* A header that is there twice is refused: a proxy that merges, one that takes the first and one that takes the last
 * each hand a different request on, and only one of them was signed. */
#include "codec/webhook/webhook_check.h"

#include "codec/text/base64.h"

enum webhook_result webhook_header_find(const struct webhook_check *check, struct slice name, struct slice *ret)
{
	const struct webhook_header *found = NULL;
	for (size_t i = 0; i < check->request->header_count; i++) {
		const struct webhook_header *header = &check->request->headers[i];
		if (!slice_equal_nocase(header->name, name))
			continue;
		if (found)
			return WEBHOOK_MALFORMED; /* two readers would each take another one */
		found = header;
	}
	struct slice value = found ? slice_trim(found->value) : SLICE_EMPTY;
	if (value.n == 0)
		return WEBHOOK_MISSING;
	*ret = value;
	return WEBHOOK_OK;
}

/* Until the year 9999, so that no sum with a tolerance passes 64 bits. */
bool webhook_time_parse(struct slice text, int64_t *ret_us)
{
	enum { SECOND_US = 1000000 };
	const uint64_t year_9999_s = UINT64_C(253402300799);
	uint64_t seconds;
	if (!slice_to_u64(text, year_9999_s, &seconds))
		return false;
	*ret_us = (int64_t)seconds * SECOND_US;
	return true;
}

/* Both ways: a time far ahead would keep a captured delivery good for as long. */
enum webhook_result webhook_check_age(const struct webhook_check *check, int64_t time_us)
{
	int64_t tolerance_us = (int64_t)check->rule->tolerance_s * 1000000;
	if (tolerance_us == 0)
		return WEBHOOK_OK;
	if (time_us < check->now_us - tolerance_us)
		return WEBHOOK_TOO_OLD;
	return time_us > check->now_us + tolerance_us ? WEBHOOK_TOO_NEW : WEBHOOK_OK;
}

bool webhook_base64(struct arena *arena, struct slice text, struct slice *ret)
{
	size_t room = text.n / 4 * 3 + 4;
	struct buf to;
	buf_init_fixed(&to, arena_alloc(arena, room), room);
	if (base64_decode(text, &to) != STATUS_OK)
		return false;
	*ret = buf_slice(&to);
	return true;
}

enum webhook_result webhook_of_json(enum status status)
{
	return status == STATUS_OK ? WEBHOOK_OK : status == STATUS_NOT_FOUND ? WEBHOOK_MISSING : WEBHOOK_MALFORMED;
}
