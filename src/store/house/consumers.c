/* SPDX-License-Identifier: Apache-2.0 */
/* How far consumers have come: a row each, moved by compare-and-swap, so that two processes which follow under one
 * name cannot both believe that they told of the same events. The swap is in SQL, not a read and a write, because on a
 * shared store the other one may come between these. */
#include "store/house/consumers.h"

#include "store/core/session.h"

static enum status check_name(struct slice name, struct err *err)
{
	if (name.n >= 1 && name.n <= CONSUMER_NAME_MAX)
		return STATUS_OK;
	return err_set(err, STATUS_BAD_INPUT, "the name of a consumer has 1 to %d bytes", CONSUMER_NAME_MAX);
}

enum status store_consumer_read(struct store_session *s, struct slice name, uint64_t *ret_position, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s, "SELECT position FROM consumers WHERE name = $1", VALUES(value_text(name)), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no consumer '%.*s'", SLICE_FMT(name));
	if (status != STATUS_OK)
		return status;
	*ret_position = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_consumer_add(struct store_session *s, struct slice name, uint64_t position, int64_t now_us,
			       struct err *err)
{
	static const struct none is_there = {STATUS_CONFLICT, "a consumer of that name is there already"};
	enum status status = check_name(name, err);
	if (status != STATUS_OK)
		return status;
	return session_run_some(
	    s, "INSERT INTO consumers (name, position, moved_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
	    VALUES(value_text(name), value_i64((int64_t)position), value_time(now_us)), is_there, err);
}

enum status store_consumer_move(struct store_session *s, const struct consumer_move *move, struct err *err)
{
	static const struct none moved = {STATUS_CONFLICT, "somebody else moved this consumer"};
	if (move->to < move->from)
		return err_set(err, STATUS_CONFLICT, "a consumer moves forward only");
	return session_run_some(s,
				"UPDATE consumers SET position = $3, moved_at = $4 WHERE name = $1 AND position = $2",
				VALUES(value_text(move->name), value_i64((int64_t)move->from),
				       value_i64((int64_t)move->to), value_time(move->now_us)),
				moved, err);
}

enum status store_consumer_remove(struct store_session *s, struct slice name, struct err *err)
{
	static const struct none absent = {STATUS_NOT_FOUND, "there is no consumer of that name"};
	return session_run_some(s, "DELETE FROM consumers WHERE name = $1", VALUES(value_text(name)), absent, err);
}

enum status store_consumer_list(struct store_session *s, struct arena *arena, struct consumer_list *ret,
				struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status = rows_open(&r, s, "SELECT name, position, moved_at FROM consumers ORDER BY position, name",
				       VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct consumer_row *row = growing_add(&list, arena, sizeof *row);
		row->name = rows_text(&r);
		row->position = (uint64_t)rows_i64(&r);
		row->moved_us = rows_time(&r);
	}
	status = rows_close(&r, status);
	if (status == STATUS_OK)
		*ret = (struct consumer_list){list.items, list.n};
	return status;
}
