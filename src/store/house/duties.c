/* SPDX-License-Identifier: Apache-2.0 */
/* A duty is a row with a time: no election, no vote. Whoever finds the time over takes it, and the row's lock decides
 * between two who come at once. Only the store's clock is asked, so that no two clocks need agree; a holder that was
 * asleep for longer finds another node in the row, in the transaction in which it wanted to go on. */
#include "store/house/nodes.h"

#include "store/core/session.h"

static enum status read_clock(struct store_session *s, int64_t *ret_us, struct err *err)
{
	return rows_read_time(s, "SELECT {now}", VALUES_NONE, ret_us, err);
}

enum status store_duty_hold(struct store_session *s, const char *name, const struct node_claim *claim, uint32_t seconds,
			    bool *ret_is_held, struct err *err)
{
	int64_t now_us = 0;
	uint64_t changed = 0;
	enum status status = read_clock(s, &now_us, err);
	if (status == STATUS_OK)
		status = session_run_counted(
		    s,
		    "INSERT INTO duties (name, node, epoch, until_at) VALUES ($1, $2, $3, $4) "
		    "ON CONFLICT (name) DO UPDATE SET node = excluded.node, epoch = excluded.epoch, "
		    "until_at = excluded.until_at WHERE duties.until_at <= $5 OR "
		    "(duties.node = excluded.node AND duties.epoch <= excluded.epoch)",
		    VALUES(value_text(slice_from_cstr(name)), value_i64(claim->number),
			   value_i64((int64_t)claim->epoch), value_time(now_us + seconds * INT64_C(1000000)),
			   value_time(now_us)),
		    &changed, err);
	if (status == STATUS_OK)
		*ret_is_held = changed > 0;
	return status;
}
