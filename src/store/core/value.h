/* SPDX-License-Identifier: Apache-2.0 */
/* value: what goes into a statement as a parameter and comes back as a field of a row. Private to the store.
 *
 * A parameter may also be a list, one element a row, for `unnest($1, $2)` and `= ANY ($1)`: thousands of rows then cost
 * one statement. Only a driver with `has_arrays` takes lists; the caller asks session_has_arrays and keeps to one
 * statement a row elsewhere.
 */
#ifndef PUGMARK_STORE_VALUE_H
#define PUGMARK_STORE_VALUE_H

#include "base/slice.h"
#include "codec/text/uuid.h"
#include <stdbool.h>
#include <stdint.h>

enum value_type {
	VALUE_I64,
	VALUE_BOOL,
	VALUE_TIME, /* microseconds since 1970 in i64 */
	VALUE_UUID,
	VALUE_TEXT, /* UTF-8 without NUL: the session sees to it */
	VALUE_JSON, /* as text */
	VALUE_BYTES,
	/* Lists; parameters only, never a field of a row. */
	VALUE_I64_ARRAY,
	VALUE_BOOL_ARRAY,
	VALUE_TIME_ARRAY,
	VALUE_UUID_ARRAY,
	VALUE_TEXT_ARRAY,
	VALUE_BYTES_ARRAY,
};

/* The elements of a list, borrowed for the call. */
struct value_array {
	size_t n;
	const bool *is_null; /* of each element; NULL: none is */
	union {
		const int64_t *i64; /* I64, TIME */
		const bool *boolean;
		const struct uuid *uuid;
		const struct slice *bytes; /* TEXT, BYTES */
	};
};

/* One parameter, or one field of a row. A statement's nth parameter has the same type on every run. */
struct value {
	enum value_type type;
	bool is_null;
	int64_t i64;              /* I64, BOOL, TIME */
	struct slice bytes;       /* TEXT, JSON, BYTES; of a row: valid until the next step */
	struct uuid uuid;         /* UUID */
	struct value_array array; /* lists */
};

struct values {
	const struct value *at;
	size_t n;
};
enum { VALUES_MAX = 400 };
/* VALUES(value_i64(1), value_text(name)): lives as long as the block it stands in. */
#define VALUES(...)                                                                                                    \
	((struct values){(const struct value[]){__VA_ARGS__},                                                          \
			 sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value)})
#define VALUES_NONE ((struct values){NULL, 0})

static inline struct value value_i64(int64_t v)
{
	return (struct value){.type = VALUE_I64, .i64 = v};
}

static inline struct value value_i64_unless(int64_t v, int64_t null_value)
{
	return (struct value){.type = VALUE_I64, .i64 = v, .is_null = v == null_value};
}

static inline struct value value_bool(bool v)
{
	return (struct value){.type = VALUE_BOOL, .i64 = v};
}

static inline struct value value_time(int64_t time_us)
{
	return (struct value){.type = VALUE_TIME, .i64 = time_us};
}

/* 0 is NULL. */
static inline struct value value_time_or_null(int64_t time_us)
{
	return (struct value){.type = VALUE_TIME, .i64 = time_us, .is_null = time_us == 0};
}

static inline struct value value_uuid(struct uuid id)
{
	return (struct value){.type = VALUE_UUID, .uuid = id};
}

static inline struct value value_text(struct slice s)
{
	return (struct value){.type = VALUE_TEXT, .bytes = s};
}

/* The empty text is NULL. */
static inline struct value value_text_or_null(struct slice s)
{
	return (struct value){.type = VALUE_TEXT, .bytes = s, .is_null = s.n == 0};
}

static inline struct value value_json_or_null(struct slice s)
{
	return (struct value){.type = VALUE_JSON, .bytes = s, .is_null = s.n == 0};
}

static inline struct value value_bytes(struct slice s)
{
	return (struct value){.type = VALUE_BYTES, .bytes = s};
}

static inline struct value value_bytes_or_null(struct slice s)
{
	return (struct value){.type = VALUE_BYTES, .bytes = s, .is_null = s.n == 0};
}

static inline struct value value_i64_array(const int64_t *items, size_t n)
{
	return (struct value){.type = VALUE_I64_ARRAY, .array = {.n = n, .i64 = items}};
}

static inline struct value value_bool_array(const bool *items, size_t n)
{
	return (struct value){.type = VALUE_BOOL_ARRAY, .array = {.n = n, .boolean = items}};
}

static inline struct value value_time_array(const int64_t *items_us, size_t n)
{
	return (struct value){.type = VALUE_TIME_ARRAY, .array = {.n = n, .i64 = items_us}};
}

static inline struct value value_uuid_array(const struct uuid *items, size_t n)
{
	return (struct value){.type = VALUE_UUID_ARRAY, .array = {.n = n, .uuid = items}};
}

static inline struct value value_text_array(const struct slice *items, size_t n)
{
	return (struct value){.type = VALUE_TEXT_ARRAY, .array = {.n = n, .bytes = items}};
}

static inline struct value value_bytes_array(const struct slice *items, size_t n)
{
	return (struct value){.type = VALUE_BYTES_ARRAY, .array = {.n = n, .bytes = items}};
}

/* The list with some of its elements NULL. `is_null` has as many as the list. */
static inline struct value value_with_nulls(struct value list, const bool *is_null)
{
	list.array.is_null = is_null;
	return list;
}

#endif
