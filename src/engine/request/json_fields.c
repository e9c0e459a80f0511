/* SPDX-License-Identifier: Apache-2.0 */
/* A field that is not in the table is a fault. Left out in silence, a misspelt `track` would send mail that is not
 * tracked as somebody wanted, and nobody would know before the numbers are missing. */
#include "engine/request/json_fields.h"

static bool has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c == 0x7f)
			return true;
	}
	return false;
}

bool json_fields_text(struct json_reading *r, const json_t *value, const struct json_place *place, size_t max,
		      bool is_line, struct slice *ret)
{
	if (!json_is_string(value)) {
		READING_PROBLEM(r, place, "must be a string");
		return false;
	}
	struct slice s = slice_of(json_string_value(value), json_string_length(value));
	if (s.n > max) {
		READING_PROBLEM(r, place, "is %zu bytes long; at most %zu are allowed", s.n, max);
		return false;
	}
	/* In a header or a log line it would begin another one. */
	if (is_line && has_control(s)) {
		READING_PROBLEM(r, place, "must not hold line breaks or other control characters");
		return false;
	}
	*ret = s;
	return true;
}

static bool read_int(struct json_reading *r, const json_t *value, const struct json_place *place,
		     const struct json_field *field, int32_t *ret)
{
	json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
	if (number < 0 || (size_t)number > field->max) {
		READING_PROBLEM(r, place, "must be a whole number from 0 to %zu", field->max);
		return false;
	}
	*ret = (int32_t)number;
	return true;
}

static bool read_member(struct json_reading *r, const json_t *value, const struct json_place *place,
			const struct json_field *field, void *member)
{
	switch (field->type) {
	case FIELD_TEXT: return json_fields_text(r, value, place, field->max, false, member);
	case FIELD_LINE: return json_fields_text(r, value, place, field->max, true, member);
	case FIELD_INT: return read_int(r, value, place, field, member);
	case FIELD_BOOL:
		if (!json_is_boolean(value)) {
			READING_PROBLEM(r, place, "must be true or false");
			return false;
		}
		*(bool *)member = json_is_true(value);
		return true;
	case FIELD_CUSTOM: break;
	}
	return true;
}

static const struct json_field *find_field(const struct json_field *table, const char *key)
{
	for (; table->key; table++) {
		if (strcmp(table->key, key) == 0)
			return table;
	}
	return NULL;
}

static void check_required(struct json_reading *r, const json_t *object, const struct json_place *place,
			   const struct json_field *table)
{
	for (; table->key; table++) {
		if (!table->required)
			continue;
		struct json_place at = {place, table->key, 0};
		const json_t *value = json_object_get(object, table->key);
		if (!value || json_is_null(value))
			READING_PROBLEM(r, &at, "is required");
		else if (json_is_string(value) && json_string_length(value) == 0)
			READING_PROBLEM(r, &at, "must not be empty");
	}
}

void json_fields_read(struct json_reading *r, const json_t *value, const struct json_place *place,
		      const struct json_field *table, void *into)
{
	if (!json_is_object(value)) {
		READING_PROBLEM(r, place, "must be an object");
		return;
	}
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)value, key, member)
	{
		struct json_place at = {place, key, 0};
		const struct json_field *field = find_field(table, key);
		if (!field) {
			READING_PROBLEM(r, &at, "is not a known field");
			continue;
		}
		if (json_is_null(member))
			continue;
		void *to = (char *)into + field->offset;
		if (read_member(r, member, &at, field, to) && field->read)
			field->read(r, member, &at, to);
	}
	check_required(r, value, place, table);
}
