/* SPDX-License-Identifier: Apache-2.0 */
/* A function of its own because so much hangs on it: what is due early is judged without what belongs to it. It is not
 * kept from going back, because the machine's clock may: a clock that was a year ahead for a moment must not let
 * everything be due for a year. */
#include "engine/ledger/watermark.h"

int64_t watermark_us(const struct journal_end *end, int64_t now_us)
{
	if (!end->is_readable)
		return INT64_MIN;
	/* A record from a clock that was ahead says nothing of what is still to come. */
	int64_t until_us = end->has_record && end->record_us < now_us ? end->record_us : now_us;
	return until_us - WATERMARK_SLACK_US;
}
