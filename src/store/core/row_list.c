/* SPDX-License-Identifier: Apache-2.0 */
/* On PostgreSQL a statement costs its server some 40 microseconds before it touches a row, so a thousand rows in one
 * are several times cheaper than a thousand statements, even where these are sent without waiting. SQLite has no such
 * cost: there a prepared statement is run again and again. */
#include "store/core/row_list.h"

#include "base/mem.h"

void row_list_begin(struct row_list *list, struct arena *arena, size_t room, size_t columns)
{
	*list = (struct row_list){.arena = arena, .columns = columns, .room = room};
	list->values = arena_alloc_array(arena, room * columns + 1, sizeof *list->values);
}

struct value *row_list_next(struct row_list *list)
{
	BUG_IF(list->count == list->room);
	return &list->values[list->count++ * list->columns];
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
		numbers[i] = list->values[i * list->columns + column].i64;
	ret->array.i64 = numbers;
}

static void take_bools(const struct row_list *list, size_t column, struct value *ret)
{
	bool *bools = arena_alloc_array(list->arena, list->count, sizeof *bools);
	for (size_t i = 0; i < list->count; i++)
		bools[i] = list->values[i * list->columns + column].i64 != 0;
	ret->array.boolean = bools;
}

static void take_uuids(const struct row_list *list, size_t column, struct value *ret)
{
	struct uuid *uuids = arena_alloc_array(list->arena, list->count, sizeof *uuids);
	for (size_t i = 0; i < list->count; i++)
		uuids[i] = list->values[i * list->columns + column].uuid;
	ret->array.uuid = uuids;
}

static void take_bytes(const struct row_list *list, size_t column, struct value *ret)
{
	struct slice *bytes = arena_alloc_array(list->arena, list->count, sizeof *bytes);
	for (size_t i = 0; i < list->count; i++)
		bytes[i] = list->values[i * list->columns + column].bytes;
	ret->array.bytes = bytes;
}

static void take_nulls(const struct row_list *list, size_t column, struct value *ret)
{
	bool *is_null = arena_alloc_array(list->arena, list->count, sizeof *is_null);
	bool has_null = false;
	for (size_t i = 0; i < list->count; i++)
		has_null |= is_null[i] = list->values[i * list->columns + column].is_null;
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

static enum status run_list(struct store_session *s, const struct row_list *list, const char *sql, struct err *err)
{
	struct value *in = arena_alloc_array(list->arena, list->columns, sizeof *in);
	for (size_t column = 0; column < list->columns; column++)
		in[column] = list_of(list, column);
	return session_run(s, sql, (struct values){in, list->columns}, err);
}

enum status row_list_run_each(struct store_session *s, const struct row_list *list, const char *single, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < list->count; i++)
		status = session_run(s, single, (struct values){&list->values[i * list->columns], list->columns}, err);
	return status;
}

enum status row_list_run(struct store_session *s, const struct row_list *list, const char *single, const char *list_sql,
			 struct err *err)
{
	/* One row needs no list. */
	if (list->count > 1 && session_has_arrays(s))
		return run_list(s, list, list_sql, err);
	return row_list_run_each(s, list, single, err);
}
