/* SPDX-License-Identifier: Apache-2.0 */
/* On PostgreSQL a statement costs its server some 40 microseconds before it touches a row, so a thousand rows in one
 * are several times cheaper than a thousand statements, even where these are sent without waiting. SQLite has no such
 * cost: there a prepared statement is run again and again, each row as soon as it is complete. Gathering them first
 * took a kilobyte of new memory an event, and more time in page faults than SQLite needed for the insert. */
#include "store/core/row_list.h"

#include "base/mem.h"

void row_list_begin(struct row_list *list, struct store_session *s, const struct row_list_plan *plan,
		    struct arena *arena)
{
	*list = (struct row_list){.session = s, .arena = arena, .plan = *plan};
	/* One row needs no list. */
	list->runs_each = !plan->list || plan->room < 2 || !session_has_arrays(s);
	size_t rows = list->runs_each ? 1 : plan->room;
	list->values = arena_alloc_array(arena, rows * plan->columns + 1, sizeof *list->values);
}

static void run_last(struct row_list *list)
{
	if (list->count && list->status == STATUS_OK)
		list->status = session_run(list->session, list->plan.single,
					   (struct values){list->values, list->plan.columns}, &list->err);
}

struct value *row_list_next(struct row_list *list)
{
	BUG_IF(list->count == list->plan.room);
	if (list->runs_each)
		run_last(list);
	size_t at = list->runs_each ? 0 : list->count;
	list->count++;
	return &list->values[at * list->plan.columns];
}

static enum value_type type_of_list(enum value_type type)
{
	switch (type) {
	case VALUE_I64: return VALUE_I64_ARRAY;
	case VALUE_BOOL: return VALUE_BOOL_ARRAY;
	case VALUE_TIME: return VALUE_TIME_ARRAY;
	case VALUE_UUID: return VALUE_UUID_ARRAY;
	case VALUE_BYTES: return VALUE_BYTES_ARRAY;
	default: return VALUE_TEXT_ARRAY;
	}
}

static void take_numbers(const struct row_list *list, size_t column, struct value *ret)
{
	int64_t *numbers = arena_alloc_array(list->arena, list->count, sizeof *numbers);
	for (size_t i = 0; i < list->count; i++)
		numbers[i] = list->values[i * list->plan.columns + column].i64;
	ret->array.i64 = numbers;
}

static void take_bools(const struct row_list *list, size_t column, struct value *ret)
{
	bool *bools = arena_alloc_array(list->arena, list->count, sizeof *bools);
	for (size_t i = 0; i < list->count; i++)
		bools[i] = list->values[i * list->plan.columns + column].i64 != 0;
	ret->array.boolean = bools;
}

static void take_uuids(const struct row_list *list, size_t column, struct value *ret)
{
	struct uuid *uuids = arena_alloc_array(list->arena, list->count, sizeof *uuids);
	for (size_t i = 0; i < list->count; i++)
		uuids[i] = list->values[i * list->plan.columns + column].uuid;
	ret->array.uuid = uuids;
}

static void take_bytes(const struct row_list *list, size_t column, struct value *ret)
{
	struct slice *bytes = arena_alloc_array(list->arena, list->count, sizeof *bytes);
	for (size_t i = 0; i < list->count; i++)
		bytes[i] = list->values[i * list->plan.columns + column].bytes;
	ret->array.bytes = bytes;
}

static void take_nulls(const struct row_list *list, size_t column, struct value *ret)
{
	bool *is_null = arena_alloc_array(list->arena, list->count, sizeof *is_null);
	bool has_null = false;
	for (size_t i = 0; i < list->count; i++)
		has_null |= is_null[i] = list->values[i * list->plan.columns + column].is_null;
	/* An array says in its head whether a NULL is in it. */
	if (has_null)
		ret->array.is_null = is_null;
}

/* The column of all rows. */
static struct value list_of(const struct row_list *list, size_t column)
{
	struct value v = {.type = type_of_list(list->values[column].type), .array = {.n = list->count}};
	switch (v.type) {
	case VALUE_I64_ARRAY:
	case VALUE_TIME_ARRAY: take_numbers(list, column, &v); break;
	case VALUE_BOOL_ARRAY: take_bools(list, column, &v); break;
	case VALUE_UUID_ARRAY: take_uuids(list, column, &v); break;
	default: take_bytes(list, column, &v); break;
	}
	take_nulls(list, column, &v);
	return v;
}

static void run_list(struct row_list *list)
{
	size_t columns = list->plan.columns;
	struct value *in = arena_alloc_array(list->arena, columns, sizeof *in);
	for (size_t column = 0; column < columns; column++)
		in[column] = list_of(list, column);
	list->status = session_run(list->session, list->plan.list, (struct values){in, columns}, &list->err);
}

enum status row_list_end(struct row_list *list, struct err *err)
{
	if (list->count && !list->runs_each)
		run_list(list);
	else
		run_last(list);
	if (list->status != STATUS_OK && err)
		*err = list->err;
	return list->status;
}
