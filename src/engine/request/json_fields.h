/* SPDX-License-Identifier: Apache-2.0 */
/* json_fields: reads a JSON object into a struct by a table of its fields.
 *
 * Every field of the object must be in the table; a null counts as absent. All faults are collected, none ends the
 * reading. Texts are slices into the JSON value, which must outlive the struct.
 */
#ifndef PUGMARK_ENGINE_JSON_FIELDS_H
#define PUGMARK_ENGINE_JSON_FIELDS_H

#include "engine/request/problem.h"
#include <jansson.h>

struct json_reading {
	struct arena *arena;
	struct problem_list problems;
	int64_t now_us;
};

enum json_field_type {
	FIELD_TEXT,   /* -> struct slice: any characters */
	FIELD_LINE,   /* -> struct slice: one line, no control characters */
	FIELD_BOOL,   /* -> bool */
	FIELD_INT,    /* -> int32_t: from 0 to `max` */
	FIELD_CUSTOM, /* `read` does it all */
};

struct json_field {
	const char *key; /* NULL ends a table */
	enum json_field_type type;
	size_t offset; /* of the member in the struct */
	size_t max;    /* bytes of a text, or the largest number */
	bool required; /* and, for texts, not empty */
	/* FIELD_CUSTOM: reads `value` into the member; others: further checks, after the member is set. May be NULL. */
	void (*read)(struct json_reading *r, const json_t *value, const struct json_place *place, void *member);
};

/* Reads `value` (an object, else that is the problem) into `into`. */
void json_fields_read(struct json_reading *r, const json_t *value, const struct json_place *place,
		      const struct json_field *table, void *into);

/* True when `value` is a text of at most `max` bytes (one line, when `is_line`); else says what is wrong. */
bool json_fields_text(struct json_reading *r, const json_t *value, const struct json_place *place, size_t max,
		      bool is_line, struct slice *ret);

#define READING_PROBLEM(r, place, ...) problem_add(&(r)->problems, (r)->arena, place, __VA_ARGS__)

#endif
