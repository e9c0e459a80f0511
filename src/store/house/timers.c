/* SPDX-License-Identifier: Apache-2.0 */
/* The list of what is due later. What RETURNING gives back has no order in either database, so what was taken is
 * sorted here: kinds rely on the earliest coming first (doc/decisions/0017).
 *
 * Finding and deleting are one statement: with two, a machine could find what another deletes in between. MATERIALIZED
 * keeps PostgreSQL from running the inner SELECT once per row of the outer one, which would skip and lock others each
 * time.
 *
 * What two machines add at once they add in the order of the table's key, or each would wait for the other's row. */
#include "store/house/timers.h"

#include "store/core/row_list.h"
#include <stdlib.h>

enum { COLUMNS = 3 };
#define WHOLE_ROW value_i64(timer->kind), value_time(timer->due_us), value_bytes(timer->key)

static enum status check_key(const struct timer *timer, struct err *err)
{
	if (timer->key.n >= 1 && timer->key.n <= TIMER_KEY_MAX)
		return STATUS_OK;
	return err_set(err, STATUS_BAD_INPUT, "a timer's key has 1 to %d bytes", TIMER_KEY_MAX);
}

enum status store_timer_add(struct store_session *s, const struct timer *timer, struct err *err)
{
	return store_timer_add_all(s, &timer, 1, err);
}

#define INSERT_TIMERS "INSERT INTO timers (kind, due_at, key) "
#define UNLESS_THERE " ON CONFLICT DO NOTHING"

enum status store_timer_add_all(struct store_session *s, const struct timer *const *timers, size_t count,
				struct err *err)
{
	static const char single[] = INSERT_TIMERS "VALUES ($1, $2, $3)" UNLESS_THERE;
	static const char all[] = INSERT_TIMERS "SELECT kind, due_at, key FROM unnest($1::bigint[], $2::timestamptz[], "
						"$3::bytea[]) AS t (kind, due_at, key) "
						"ORDER BY kind, due_at, key" UNLESS_THERE;
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = check_key(timers[i], err);
	if (status != STATUS_OK)
		return status;
	struct arena *arena = arena_new();
	struct row_list rows;
	const struct row_list_plan plan = {single, all, COLUMNS, count};
	row_list_begin(&rows, s, &plan, arena);
	for (size_t i = 0; i < count; i++) {
		const struct timer *timer = timers[i];
		const struct value values[COLUMNS] = {WHOLE_ROW};
		memcpy(row_list_next(&rows), values, sizeof values);
	}
	status = row_list_end(&rows, err);
	arena_free(&arena);
	return status;
}

enum status store_timer_cancel(struct store_session *s, const struct timer *timer, struct err *err)
{
	return session_run(s, "DELETE FROM timers WHERE kind = $1 AND due_at = $2 AND key = $3", VALUES(WHOLE_ROW),
			   err);
}

enum status store_timer_next(struct store_session *s, enum timer_kind kind, int64_t *ret_due_us, struct err *err)
{
	return rows_read_time(s, "SELECT MIN(due_at) FROM timers WHERE kind = $1", VALUES(value_i64(kind)), ret_due_us,
			      err);
}

static int compare(const void *a, const void *b)
{
	const struct timer *left = a;
	const struct timer *right = b;
	if (left->due_us != right->due_us)
		return left->due_us < right->due_us ? -1 : 1;
	return slice_compare(left->key, right->key);
}

enum status store_timer_take(struct store_session *s, const struct timer_take *take, struct arena *arena,
			     struct timer_list *ret, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status =
	    rows_open(&r, s,
		      "WITH picked AS MATERIALIZED (SELECT due_at, key FROM timers WHERE kind = $1 AND due_at <= $2 "
		      "ORDER BY due_at, key LIMIT $3 {skip_locked}) "
		      "DELETE FROM timers WHERE kind = $1 AND (due_at, key) IN (SELECT due_at, key FROM picked) "
		      "RETURNING due_at, key",
		      VALUES(value_i64(take->kind), value_time(take->until_us), value_i64(take->limit)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct timer *timer = growing_add(&list, arena, sizeof *timer);
		timer->kind = take->kind;
		timer->due_us = rows_time(&r);
		timer->key = rows_bytes(&r);
	}
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	if (list.n)
		qsort(list.items, list.n, sizeof(struct timer), compare);
	*ret = (struct timer_list){list.items, list.n};
	return STATUS_OK;
}
