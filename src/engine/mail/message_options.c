/* SPDX-License-Identifier: Apache-2.0 */
/* Read leniently: what is missing has its default and what is not known is passed over. A message may wait in the queue
 * while the program is replaced, and must be built by the new one as the old one would have. */
#include "engine/mail/message_options.h"

#include "codec/text/json_text.h"

/* Headers alone may be 50 times 8 KB, and each byte may take six when it is escaped. */
enum { OPTIONS_MAX = 4 * 1024 * 1024 };

void message_options_of_request(const struct send_request *request, struct slice base_url, struct message_options *ret)
{
	*ret = (struct message_options){
	    .base_url = base_url,
	    .reply_to = request->reply_to,
	    .headers = request->headers,
	    .pixel = request->track.pixel,
	    .vml = request->track.vml,
	    .visible_urls = request->track.visible_urls,
	    .utm = request->track.utm,
	    .utm_count = request->track.utm_count,
	    .has_unsubscribe = send_request_has_unsubscribe(request),
	    .one_click = send_request_is_one_click(request),
	    .unsubscribe_url = request->unsubscribe.url,
	};
}

/* ---- Writing */

static void put_pair(struct json_text *w, struct slice name, struct slice value)
{
	json_put_string(w, name);
	json_put_string(w, value);
}

/* Pairs are an array [name, value, name, value…]: their order is part of the mail. */
static void put_headers(struct json_text *w, const struct send_headers *headers)
{
	json_key(w, "headers");
	json_open(w, '[');
	for (size_t i = 0; i < headers->count; i++)
		put_pair(w, headers->items[i].name, headers->items[i].value);
	json_close(w, ']');
}

static void put_utm(struct json_text *w, const struct message_options *o)
{
	json_key(w, "utm");
	json_open(w, '[');
	for (size_t i = 0; i < o->utm_count; i++)
		put_pair(w, o->utm[i].name, o->utm[i].value);
	json_close(w, ']');
}

static void put_unsubscribe(struct json_text *w, const struct message_options *o)
{
	json_key(w, "unsubscribe");
	json_open(w, '{');
	JSON_FIELD(w, "one_click", bool, o->one_click);
	if (o->unsubscribe_url.n)
		JSON_FIELD(w, "url", string, o->unsubscribe_url);
	json_close(w, '}');
}

struct slice message_options_encode(const struct message_options *o, struct arena *arena)
{
	struct buf b;
	buf_init(&b, OPTIONS_MAX);
	struct json_text writer = json_text_on(&b), *w = &writer;
	json_open(w, '{');
	JSON_FIELD(w, "base", string, o->base_url);
	if (o->reply_to.address.n) {
		json_key(w, "reply_to");
		json_open(w, '[');
		put_pair(w, o->reply_to.address, o->reply_to.name);
		json_close(w, ']');
	}
	if (o->headers.count)
		put_headers(w, &o->headers);
	if (o->pixel != SEND_PIXEL_BOTTOM)
		JSON_FIELD(w, "pixel", cstring, send_pixel_name(o->pixel));
	if (!o->vml)
		JSON_FIELD(w, "vml", bool, false);
	if (!o->visible_urls)
		JSON_FIELD(w, "visible_urls", bool, false);
	if (o->honeypot)
		JSON_FIELD(w, "honeypot", bool, true);
	if (o->utm_count)
		put_utm(w, o);
	if (o->has_unsubscribe)
		put_unsubscribe(w, o);
	json_close(w, '}');
	struct slice json = arena_copy(arena, buf_slice(&b));
	buf_done(&b);
	return json;
}

/* ---- Reading */

static struct slice get_string(const json_t *value, struct arena *arena)
{
	if (!json_is_string(value))
		return SLICE_EMPTY;
	return arena_copy(arena, slice_of(json_string_value(value), json_string_length(value)));
}

static void get_headers(const json_t *array, struct arena *arena, struct send_headers *ret)
{
	size_t count = json_array_size(array) / 2;
	ret->items = arena_alloc_array(arena, count, sizeof *ret->items);
	ret->count = count;
	for (size_t i = 0; i < count; i++) {
		ret->items[i].name = get_string(json_array_get(array, 2 * i), arena);
		ret->items[i].value = get_string(json_array_get(array, 2 * i + 1), arena);
	}
}

static void get_utm(const json_t *array, struct arena *arena, struct message_options *o)
{
	o->utm_count = json_array_size(array) / 2;
	o->utm = arena_alloc_array(arena, o->utm_count, sizeof *o->utm);
	for (size_t i = 0; i < o->utm_count; i++) {
		o->utm[i].name = get_string(json_array_get(array, 2 * i), arena);
		o->utm[i].value = get_string(json_array_get(array, 2 * i + 1), arena);
	}
}

static enum send_pixel get_pixel(const json_t *value)
{
	const char *text = json_string_value(value);
	for (int i = SEND_PIXEL_BOTTOM; text && i <= SEND_PIXEL_OFF; i++) {
		if (strcmp(text, send_pixel_name((enum send_pixel)i)) == 0)
			return (enum send_pixel)i;
	}
	return SEND_PIXEL_BOTTOM;
}

static void get_all(const json_t *json, struct arena *arena, struct message_options *o)
{
	const json_t *reply_to = json_object_get(json, "reply_to");
	const json_t *unsubscribe = json_object_get(json, "unsubscribe");
	o->base_url = get_string(json_object_get(json, "base"), arena);
	o->reply_to.address = get_string(json_array_get(reply_to, 0), arena);
	o->reply_to.name = get_string(json_array_get(reply_to, 1), arena);
	get_headers(json_object_get(json, "headers"), arena, &o->headers);
	o->pixel = get_pixel(json_object_get(json, "pixel"));
	o->vml = !json_is_false(json_object_get(json, "vml"));
	o->visible_urls = !json_is_false(json_object_get(json, "visible_urls"));
	o->honeypot = json_is_true(json_object_get(json, "honeypot"));
	get_utm(json_object_get(json, "utm"), arena, o);
	o->has_unsubscribe = json_is_object(unsubscribe);
	o->one_click = json_is_true(json_object_get(unsubscribe, "one_click"));
	o->unsubscribe_url = get_string(json_object_get(unsubscribe, "url"), arena);
}

enum status message_options_decode(struct slice text, struct arena *arena, struct message_options *ret, struct err *err)
{
	json_error_t fault;
	json_t *json = json_loadb(text.p, text.n, 0, &fault);
	if (!json_is_object(json)) {
		const char *why = json ? "not an object" : fault.text;
		json_decref(json);
		return err_set(err, STATUS_CORRUPT, "the options kept with the message cannot be read: %.100s", why);
	}
	*ret = (struct message_options){0};
	get_all(json, arena, ret);
	json_decref(json);
	return STATUS_OK;
}
