/* SPDX-License-Identifier: Apache-2.0 */
/* The journal cursor: one row per node. */
#include "store/core/session.h"

enum status store_cursor_read(struct store_session *s, uint16_t node, uint64_t *ret_sequence, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s, "SELECT sequence FROM journal_cursor WHERE node = $1", VALUES(value_i64(node)), err);
	if (status == STATUS_NOT_FOUND) {
		*ret_sequence = 0;
		return STATUS_OK;
	}
	if (status != STATUS_OK)
		return status;
	*ret_sequence = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_cursor_advance(struct store_session *s, uint16_t node, uint64_t from, uint64_t to, struct err *err)
{
	static const struct none moved = {STATUS_CONFLICT, "another applier moved the journal cursor"};
	/* A node that was never seen stands at 0 without a row. */
	if (from == 0)
		return session_run_some(
		    s,
		    "INSERT INTO journal_cursor (node, sequence) VALUES ($1, $2) ON CONFLICT (node) "
		    "DO UPDATE SET sequence = excluded.sequence WHERE journal_cursor.sequence = 0",
		    VALUES(value_i64(node), value_i64((int64_t)to)), moved, err);
	return session_run_some(s, "UPDATE journal_cursor SET sequence = $3 WHERE node = $1 AND sequence = $2",
				VALUES(value_i64(node), value_i64((int64_t)from), value_i64((int64_t)to)), moved, err);
}
