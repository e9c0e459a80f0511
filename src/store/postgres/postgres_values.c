/* SPDX-License-Identifier: Apache-2.0 */
/* Formats: PostgreSQL's src/backend/utils/adt, the *send and *recv functions. Integers are big-endian, a timestamptz is
 * microseconds since 2000-01-01 in 8 bytes, a boolean one byte, a uuid 16, text and bytea themselves.
 *
 * A list is array_recv's format: number of dimensions, whether a NULL is in it, the elements' type, then for the one
 * dimension its length and first index; then each element, its length (-1: NULL) in front. All of these are four bytes.
 * Binary, because in text every byte would have to be quoted and read again. */
#include "store/postgres/postgres_values.h"

#include "base/mem.h"
#include <limits.h>

enum { PARAMETERS_MAX_BYTES = 256 * 1024 * 1024, JSONB_VERSION = 1 };
static const int64_t year_2000_us = INT64_C(946684800000000);

/* From pg_type.dat; these numbers are fixed for ever. */
enum {
	BOOL_OID = 16,
	BYTEA_OID = 17,
	INT8_OID = 20,
	TEXT_OID = 25,
	TIMESTAMPTZ_OID = 1184,
	UUID_OID = 2950,
	JSONB_OID = 3802,
	BOOL_ARRAY_OID = 1000,
	BYTEA_ARRAY_OID = 1001,
	TEXT_ARRAY_OID = 1009,
	INT8_ARRAY_OID = 1016,
	TIMESTAMPTZ_ARRAY_OID = 1185,
	UUID_ARRAY_OID = 2951,
};

static Oid type_of(enum value_type type)
{
	switch (type) {
	case VALUE_I64: return INT8_OID;
	case VALUE_BOOL: return BOOL_OID;
	case VALUE_TIME: return TIMESTAMPTZ_OID;
	case VALUE_UUID: return UUID_OID;
	case VALUE_TEXT: return TEXT_OID;
	case VALUE_JSON: return JSONB_OID;
	case VALUE_BYTES: return BYTEA_OID;
	case VALUE_I64_ARRAY: return INT8_ARRAY_OID;
	case VALUE_BOOL_ARRAY: return BOOL_ARRAY_OID;
	case VALUE_TIME_ARRAY: return TIMESTAMPTZ_ARRAY_OID;
	case VALUE_UUID_ARRAY: return UUID_ARRAY_OID;
	case VALUE_TEXT_ARRAY: return TEXT_ARRAY_OID;
	case VALUE_BYTES_ARRAY: return BYTEA_ARRAY_OID;
	}
	bug(__FILE__, __LINE__, "value type");
}

static bool is_list(const struct value *v)
{
	return v->type >= VALUE_I64_ARRAY;
}

static void put_i64(char to[8], int64_t value)
{
	for (int i = 0; i < 8; i++)
		to[i] = (char)((uint64_t)value >> (56 - 8 * i));
}

/* Two, four or eight bytes. */
static int64_t get_integer(const char *p, int n)
{
	int64_t value = n > 0 && (p[0] & 0x80) ? -1 : 0;
	for (int i = 0; i < n && i < 8; i++)
		value = (int64_t)((uint64_t)value << 8 | (unsigned char)p[i]);
	return value;
}

static void bind_one(struct bound *b, size_t i, const struct value *v)
{
	b->at[i] = b->fixed[i];
	b->lengths[i] = 8;
	switch (v->type) {
	case VALUE_I64: put_i64(b->fixed[i], v->i64); return;
	case VALUE_TIME: put_i64(b->fixed[i], v->i64 - year_2000_us); return;
	case VALUE_BOOL:
		b->fixed[i][0] = v->i64 != 0;
		b->lengths[i] = 1;
		return;
	case VALUE_UUID:
		b->at[i] = (const char *)v->uuid.bytes;
		b->lengths[i] = sizeof v->uuid.bytes;
		return;
	case VALUE_TEXT:
	case VALUE_BYTES:
		/* A NULL pointer would be NULL. */
		b->at[i] = v->bytes.n > 0 ? v->bytes.p : "";
		b->lengths[i] = (int)v->bytes.n;
		return;
	default: return; /* packed */
	}
}

/* ---- Lists and JSON, which are packed into a buffer of their own */

static void put_i32(struct buf *b, uint32_t value)
{
	const unsigned char bytes[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
					(unsigned char)(value >> 8), (unsigned char)value};
	buf_append_bytes(b, bytes, sizeof bytes);
}

static void put_element(struct buf *b, const void *p, size_t n)
{
	put_i32(b, (uint32_t)n);
	buf_append_bytes(b, p, n);
}

static void put_i64_element(struct buf *b, int64_t value)
{
	char bytes[8];
	put_i64(bytes, value);
	put_element(b, bytes, sizeof bytes);
}

static Oid type_of_elements(enum value_type list)
{
	switch (list) {
	case VALUE_I64_ARRAY: return INT8_OID;
	case VALUE_TIME_ARRAY: return TIMESTAMPTZ_OID;
	case VALUE_BOOL_ARRAY: return BOOL_OID;
	case VALUE_UUID_ARRAY: return UUID_OID;
	case VALUE_BYTES_ARRAY: return BYTEA_OID;
	default: return TEXT_OID;
	}
}

static void pack_element(struct buf *b, const struct value *v, size_t i)
{
	const struct value_array *list = &v->array;
	switch (v->type) {
	case VALUE_I64_ARRAY: put_i64_element(b, list->i64[i]); return;
	case VALUE_TIME_ARRAY: put_i64_element(b, list->i64[i] - year_2000_us); return;
	case VALUE_BOOL_ARRAY: put_element(b, list->boolean[i] ? "\1" : "\0", 1); return;
	case VALUE_UUID_ARRAY: put_element(b, list->uuid[i].bytes, sizeof list->uuid[i].bytes); return;
	default: put_element(b, list->bytes[i].p, list->bytes[i].n); return;
	}
}

static void pack_list(struct buf *b, const struct value *v)
{
	const struct value_array *list = &v->array;
	put_i32(b, list->n > 0); /* dimensions: an empty array has none */
	put_i32(b, list->is_null != NULL);
	put_i32(b, type_of_elements(v->type));
	if (list->n == 0)
		return;
	put_i32(b, (uint32_t)list->n);
	put_i32(b, 1); /* SQL counts from one */
	for (size_t i = 0; i < list->n; i++) {
		if (list->is_null && list->is_null[i])
			put_i32(b, UINT32_MAX);
		else
			pack_element(b, v, i);
	}
}

static bool is_packed(const struct value *v)
{
	return !v->is_null && (v->type == VALUE_JSON || is_list(v));
}

/* Pointers are taken after all of them are appended, because the buffer may have moved meanwhile. */
static void bind_packed(struct bound *b, struct values in)
{
	size_t at = 0;
	buf_clear(&b->packed);
	for (size_t i = 0; i < in.n; i++) {
		size_t before = b->packed.n;
		if (!is_packed(&in.at[i]))
			continue;
		if (is_list(&in.at[i])) {
			pack_list(&b->packed, &in.at[i]);
		} else {
			/* jsonb_recv reads its version first. */
			buf_append_byte(&b->packed, JSONB_VERSION);
			buf_append(&b->packed, in.at[i].bytes);
		}
		b->lengths[i] = (int)(b->packed.n - before);
	}
	for (size_t i = 0; i < in.n; i++)
		if (is_packed(&in.at[i])) {
			b->at[i] = buf_cstr(&b->packed) + at;
			at += (size_t)b->lengths[i];
		}
}

enum status postgres_bind(struct bound *b, struct values in, struct err *err)
{
	size_t total = 0;
	BUG_IF(in.n > VALUES_MAX);
	for (size_t i = 0; i < in.n; i++)
		total += in.at[i].bytes.n;
	if (total > PARAMETERS_MAX_BYTES)
		return err_set(err, STATUS_TOO_BIG, "postgresql: the values have %zu bytes", total);
	for (size_t i = 0; i < in.n; i++) {
		b->formats[i] = 1;
		b->types[i] = type_of(in.at[i].type);
		bind_one(b, i, &in.at[i]);
		if (in.at[i].is_null)
			b->at[i] = NULL;
	}
	bind_packed(b, in);
	return buf_failed(&b->packed) ? err_set(err, STATUS_TOO_BIG, "postgresql: too much JSON, or too long lists")
				      : STATUS_OK;
}

void postgres_column(const PGresult *result, int row, int column, struct value *ret)
{
	const char *p = PQgetvalue(result, row, column);
	int n = PQgetlength(result, row, column);
	ret->is_null = PQgetisnull(result, row, column) == 1;
	if (ret->is_null)
		return;
	switch (ret->type) {
	case VALUE_I64:
	case VALUE_BOOL: ret->i64 = get_integer(p, n); return;
	case VALUE_TIME: ret->i64 = get_integer(p, n) + year_2000_us; return;
	case VALUE_UUID:
		if (n == (int)sizeof ret->uuid.bytes)
			memcpy(ret->uuid.bytes, p, sizeof ret->uuid.bytes);
		return;
	case VALUE_JSON:
		if (n > 0)
			ret->bytes = slice_of(p + 1, (size_t)n - 1);
		return;
	case VALUE_TEXT:
	case VALUE_BYTES: ret->bytes = slice_of(p, (size_t)n); return;
	default: return; /* no statement here returns a list */
	}
}
