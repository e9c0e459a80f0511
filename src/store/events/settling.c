/* SPDX-License-Identifier: Apache-2.0 */
/* The key begins with the time, so that taking what is due reads from the front and stops, and the first row says how
 * far settling is (doc/decisions/0017). */
#include "store/events/settling.h"

#include "codec/judge/behaviour.h"
#include "store/core/session.h"

/* Hits that follow each other share a row. */
static const int64_t STEP_US = 10000000;

int64_t settling_due_us(int64_t occurred_us)
{
	return ((occurred_us + BEHAVIOUR_SETTLE_S * INT64_C(1000000)) / STEP_US + 1) * STEP_US;
}

enum status store_settling_add(struct store_session *s, const struct settling *settling, struct err *err)
{
	return session_run(s, "INSERT INTO hits_to_settle (due_at, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
			   VALUES(value_time(settling->due_us), value_uuid(settling->message)), err);
}

enum status store_settling_next(struct store_session *s, int64_t *ret_due_us, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, "SELECT MIN(due_at) FROM hits_to_settle", VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	*ret_due_us = rows_time(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_settling_take(struct store_session *s, int64_t until_us, uint32_t limit, struct arena *arena,
				struct settling_list *ret, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status = rows_open(
	    &r, s,
	    "WITH picked AS MATERIALIZED (SELECT due_at, message_id FROM hits_to_settle WHERE due_at <= $1 "
	    "ORDER BY due_at LIMIT $2 {skip_locked}) "
	    "DELETE FROM hits_to_settle WHERE (due_at, message_id) IN (SELECT due_at, message_id FROM picked) "
	    "RETURNING due_at, message_id",
	    VALUES(value_time(until_us), value_i64(limit)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct settling *settling = growing_add(&list, arena, sizeof *settling);
		settling->due_us = rows_time(&r);
		settling->message = rows_uuid(&r);
	}
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = (struct settling_list){list.items, list.n};
	return STATUS_OK;
}
