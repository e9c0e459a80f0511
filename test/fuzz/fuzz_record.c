/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are either refused by all three readers or read as something that, written again, is the same bytes. */
#include "engine/ledger/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same(const struct buf *b, struct slice want)
{
	if (buf_failed(b) || !slice_equal(buf_slice(b), want))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf b;
	struct slice payload = slice_of(data, size);
	struct hit_record hit;
	struct intent_record intent;
	struct outcome_record outcome;
	buf_init_fixed(&b, room, sizeof room);
	if (record_get_hit(payload, &hit) == STATUS_OK) {
		record_put_hit(&b, &hit);
		expect_same(&b, payload);
	}
	buf_clear(&b);
	if (record_get_intent(payload, &intent) == STATUS_OK) {
		record_put_intent(&b, &intent);
		expect_same(&b, payload);
	}
	buf_clear(&b);
	if (record_get_outcome(payload, &outcome) == STATUS_OK) {
		record_put_outcome(&b, &outcome);
		expect_same(&b, payload);
	}
	return 0;
}
