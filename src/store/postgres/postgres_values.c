/* SPDX-License-Identifier: Apache-2.0 */
/* Formats: PostgreSQL's src/backend/utils/adt, the *send and *recv functions. Integers are big-endian, a timestamptz is
 * microseconds since 2000-01-01 in 8 bytes, a boolean one byte, a uuid 16, text and bytea themselves. */
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
	}
	bug(__FILE__, __LINE__, "value type");
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
	case VALUE_JSON: /* its place is filled in when all are together */ b->lengths[i] = (int)v->bytes.n + 1; return;
	case VALUE_TEXT:
	case VALUE_BYTES:
		/* A NULL pointer would be NULL. */
		b->at[i] = v->bytes.n > 0 ? v->bytes.p : "";
		b->lengths[i] = (int)v->bytes.n;
		return;
	}
}

/* After all of them are appended, because the buffer may have moved meanwhile. */
static void bind_json(struct bound *b, struct values in)
{
	buf_clear(&b->json);
	for (size_t i = 0; i < in.n; i++)
		if (in.at[i].type == VALUE_JSON && !in.at[i].is_null) {
			buf_append_byte(&b->json, JSONB_VERSION);
			buf_append(&b->json, in.at[i].bytes);
		}
	size_t at = 0;
	for (size_t i = 0; i < in.n; i++)
		if (in.at[i].type == VALUE_JSON && !in.at[i].is_null) {
			b->at[i] = buf_cstr(&b->json) + at;
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
	bind_json(b, in);
	return buf_failed(&b->json) ? err_set(err, STATUS_TOO_BIG, "postgresql: too much JSON") : STATUS_OK;
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
	}
}
