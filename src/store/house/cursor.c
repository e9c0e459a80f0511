/* SPDX-License-Identifier: Apache-2.0 */
/* The journal cursor: a column of its node's row (nodes.h), so that one UPDATE asks for the epoch, too.
 *
 * Without the epoch, compare-and-swap alone let two hosts with copies of one journal take turns: the loser read the
 * cursor anew and went on behind it, and what it had answered in between was gone without a word (12 hits answered, 7
 * stored). */
#include "store/core/session.h"

enum status store_cursor_read(struct store_session *s, uint16_t node, struct journal_cursor *ret, struct err *err)
{
	static const char look[] = "SELECT epoch, applied, half_applied FROM nodes WHERE number = $1";
	static const char wait[] = "SELECT epoch, applied, half_applied FROM nodes WHERE number = $1 {for_update}";
	struct rows r;
	enum status status =
	    rows_open_one(&r, s, session_in_transaction(s) ? wait : look, VALUES(value_i64(node)), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no node %u", node);
	if (status != STATUS_OK)
		return status;
	ret->epoch = (uint64_t)rows_i64(&r);
	ret->sequence = (uint64_t)rows_i64(&r);
	ret->half = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_cursor_advance(struct store_session *s, const struct node_claim *claim, struct cursor_step step,
				 struct err *err)
{
	static const struct none moved = {STATUS_CONFLICT, "another applier moved the journal cursor"};
	/* In the same row and for nothing: should the journal's end be missing one day, the store knows of it. */
	uint64_t durable = step.to_half > step.to ? step.to_half : step.to;
	durable = step.durable > durable ? step.durable : durable;
	return session_run_some(s,
				"UPDATE nodes SET applied = $4, half_applied = $5, durable = $7 "
				"WHERE number = $1 AND epoch = $2 AND applied = $3 AND half_applied = $6",
				VALUES(value_i64(claim->number), value_i64((int64_t)claim->epoch),
				       value_i64((int64_t)step.from), value_i64((int64_t)step.to),
				       value_i64((int64_t)step.to_half), value_i64((int64_t)step.from_half),
				       value_i64((int64_t)durable)),
				moved, err);
}
