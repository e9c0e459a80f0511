/* SPDX-License-Identifier: Apache-2.0 */
/* Made out of the JSON of the event and not of the event: what an anonymous one may not show, and what a key is called,
 * is decided there and nowhere else. Reading it again takes about as long as writing it did. */
#include "engine/feed/event_csv.h"

#include "codec/text/csv_text.h"
#include <jansson.h>

enum { EVENT_JSON_MAX = 1 << 20 };

/* New ones at the end: people have put the others into programs by their number. */
static const struct column {
	const char *name, *key, *inner; /* of the object at `key`; NULL: the value there */
} columns[] = {
    {"id", "id", NULL},
    {"type", "type", NULL},
    {"occurred_at", "occurred_at", NULL},
    {"tenant", "tenant", NULL},
    {"message_id", "message_id", NULL},
    {"token", "token", NULL},
    {"is_unique", "is_unique", NULL},
    {"is_duplicate", "is_duplicate", NULL},
    {"repeats", "repeats", NULL},
    {"last_repeated_at", "last_repeated_at", NULL},
    {"contact_id", "contact", "id"},
    {"contact_email", "contact", "email"},
    {"contact_category", "contact", "category"},
    {"campaign_id", "campaign_id", NULL},
    {"template_id", "template_id", NULL},
    {"sequence_id", "sequence", "id"},
    {"sequence_enrollment", "sequence", "enrollment"},
    {"sequence_position", "sequence", "position"},
    {"sender", "sender", NULL},
    {"destination_url", "destination_url", NULL},
    {"link_index", "link_index", NULL},
    {"actor", "actor", NULL},
    {"reasons", "reasons", NULL},
    {"why", "why", NULL},
    {"confidence", "confidence", NULL},
    {"bot", "bot", NULL},
    {"mpp", "mpp", NULL},
    {"rules", "rules", NULL},
    {"settled", "settled", NULL},
    {"group", "group", NULL},
    {"corrects", "corrects", NULL},
    {"previous", "previous", NULL},
    {"client_name", "client", "name"},
    {"client_os", "client", "os"},
    {"client_device", "client", "device"},
    {"ip", "ip", NULL},
    {"user_agent", "user_agent", NULL},
    {"provider", "provider", NULL},
    {"esp_message_id", "esp_message_id", NULL},
    {"bounce_class", "bounce", "class"},
    {"bounce_code", "bounce", "code"},
    {"bounce_reason", "bounce", "reason"},
    {"metadata", "metadata", NULL},
};
enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

void event_csv_append_names(struct buf *b)
{
	struct csv_text w = csv_text_on(b);
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		csv_put_word(&w, slice_from_cstr(columns[i].name));
	csv_end_line(&w);
}

static struct slice text_of(const json_t *string)
{
	return slice_of(json_string_value(string), json_string_length(string));
}

/* Codes, parted by a space, as they are kept. */
static void put_list(struct csv_text *w, const json_t *list, struct buf *scratch)
{
	size_t i;
	const json_t *item;
	buf_clear(scratch);
	json_array_foreach(list, i, item)
	{
		if (i)
			buf_append_byte(scratch, ' ');
		buf_append(scratch, text_of(item));
	}
	csv_put_text(w, buf_slice(scratch));
}

static void put_number(struct csv_text *w, const json_t *number, struct buf *scratch)
{
	struct json_text text = json_text_on(scratch);
	buf_clear(scratch);
	if (json_is_integer(number))
		json_put_i64(&text, json_integer_value(number));
	else
		json_put_double(&text, json_real_value(number));
	csv_put_word(w, buf_slice(scratch));
}

static enum status put_object(struct csv_text *w, const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	if (!text)
		return STATUS_FAULT;
	csv_put_text(w, slice_from_cstr(text));
	free(text);
	return STATUS_OK;
}

static enum status put_value(struct csv_text *w, const json_t *value, struct buf *scratch)
{
	if (json_is_string(value))
		csv_put_text(w, text_of(value));
	else if (json_is_number(value))
		put_number(w, value, scratch);
	else if (json_is_boolean(value))
		csv_put_word(w, json_is_true(value) ? SLICE("true") : SLICE("false"));
	else if (json_is_array(value))
		put_list(w, value, scratch);
	else if (json_is_object(value))
		return put_object(w, value);
	else
		csv_put_word(w, SLICE_EMPTY);
	return STATUS_OK;
}

static enum status put_line(struct buf *b, const json_t *event, struct buf *scratch)
{
	struct csv_text w = csv_text_on(b);
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < COLUMN_COUNT; i++) {
		const json_t *value = json_object_get(event, columns[i].key);
		if (columns[i].inner)
			value = json_object_get(value, columns[i].inner);
		status = put_value(&w, value, scratch);
	}
	csv_end_line(&w);
	return status;
}

enum status event_csv_append(struct buf *b, const struct event *event, const struct event_json_context *context,
			     struct err *err)
{
	struct buf text;
	size_t before = b->n;
	enum status status = STATUS_FAULT;
	buf_init(&text, EVENT_JSON_MAX);
	event_json_append(&text, event, context);
	json_t *json = buf_failed(&text) ? NULL : json_loadb(text.p, text.n, 0, NULL);
	if (json)
		status = put_line(b, json, &text); /* what was read needs it no more */
	if (status != STATUS_OK)
		buf_truncate(b, before);
	json_decref(json);
	buf_done(&text);
	return status == STATUS_OK ? status : err_set(err, status, "there is no memory for an event in a table");
}
