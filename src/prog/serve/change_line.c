/* SPDX-License-Identifier: Apache-2.0 */
/* Both ends are this program, most often the same build of it, so reading is strict and says only that it failed. What
 * is read is still checked where it is written: the store refuses a second user of an address whoever sends it. */
#include "prog/serve/change_line.h"

#include "codec/text/hex.h"
#include "codec/text/json_text.h"
#include <jansson.h>

enum { HASH_SIZE = 32, SETTINGS_MAX = 32 };

/* ---- Writing */

void change_line_append_account(struct buf *to, const struct account_change *c)
{
	char hash[2 * HASH_SIZE + 1];
	struct buf hex;
	struct json_text w = json_text_on(to);
	bool is_key = c->action == ACCOUNT_KEY_ADDED || c->action == ACCOUNT_KEY_REVOKED;
	buf_init_fixed(&hex, hash, sizeof hash);
	buf_append_hex(&hex, c->key.hash);
	json_open(&w, '{');
	JSON_FIELD(&w, "action", cstring, account_action_name(c->action));
	JSON_FIELD(&w, "tenant", i64, c->tenant);
	JSON_FIELD(&w, "id", uuid, is_key ? c->key.id : c->user.id);
	JSON_FIELD(&w, "email", string, c->user.email);
	JSON_FIELD(&w, "role", cstring, role_name(c->user.role));
	JSON_FIELD(&w, "password_hash", string, c->user.password_hash);
	JSON_FIELD(&w, "name", string, c->key.name);
	JSON_FIELD(&w, "prefix", string, c->key.prefix);
	JSON_FIELD(&w, "hash", string, buf_slice(&hex));
	JSON_FIELD(&w, "scopes", i64, c->key.scopes);
	json_close(&w, '}');
}

void change_line_append_tenant(struct buf *to, const struct tenant_change *c)
{
	struct json_text w = json_text_on(to);
	json_open(&w, '{');
	JSON_FIELD(&w, "tenant", string, c->tenant);
	JSON_FIELD(&w, "is_new", bool, c->is_new);
	JSON_FIELD(&w, "time_zone", string, c->time_zone);
	json_key(&w, "settings");
	json_open(&w, '[');
	for (size_t i = 0; i < c->count; i++) {
		json_open(&w, '{');
		JSON_FIELD(&w, "name", string, c->settings[i].name);
		JSON_FIELD(&w, "value", string, c->settings[i].value);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	json_close(&w, '}');
}

/* ---- Reading */

/* Goes on after a fault and tells it at the end, so that each field is one line and none is forgotten. */
struct reading {
	const json_t *object;
	struct arena *arena;
	bool is_bad;
};

static struct slice text_of(struct reading *r, const char *name)
{
	const json_t *value = json_object_get(r->object, name);
	r->is_bad = r->is_bad || !json_is_string(value);
	return json_is_string(value)
		   ? arena_copy(r->arena, slice_of(json_string_value(value), json_string_length(value)))
		   : SLICE_EMPTY;
}

/* JSON numbers may be anything; a tenant's number is 32 bits, and scopes fewer. */
static uint32_t number_of(struct reading *r, const char *name)
{
	const json_t *value = json_object_get(r->object, name);
	json_int_t n = json_integer_value(value);
	bool is_good = json_is_integer(value) && n >= 0 && n <= UINT32_MAX;
	r->is_bad = r->is_bad || !is_good;
	return is_good ? (uint32_t)n : 0;
}

/* Empty stays empty: most changes have no key. */
static struct slice bytes_of(struct reading *r, const char *name)
{
	struct slice text = text_of(r, name);
	char *bytes = arena_alloc(r->arena, HASH_SIZE);
	if (!text.n)
		return SLICE_EMPTY;
	r->is_bad = r->is_bad || text.n != (size_t)2 * HASH_SIZE;
	for (size_t i = 0; !r->is_bad && i < HASH_SIZE; i++) {
		int byte = hex_byte(text.p[2 * i], text.p[2 * i + 1]);
		r->is_bad = byte < 0;
		bytes[i] = (char)byte;
	}
	return slice_of(bytes, HASH_SIZE);
}

/* Sessions are never taken from here: a line that started one would be a way to be signed in as somebody else. */
static void read_account(struct reading *r, struct account_change *c)
{
	struct uuid id;
	bool is_good = account_action_parse(text_of(r, "action"), &c->action) && uuid_parse(text_of(r, "id"), &id) &&
		       role_parse(text_of(r, "role"), &c->user.role);
	r->is_bad = r->is_bad || !is_good || c->action == ACCOUNT_SESSION_STARTED || c->action == ACCOUNT_SESSION_ENDED;
	if (r->is_bad)
		return;
	c->tenant = number_of(r, "tenant");
	c->user.id = c->key.id = id;
	c->user.email = text_of(r, "email");
	c->user.password_hash = text_of(r, "password_hash");
	c->key.name = text_of(r, "name");
	c->key.prefix = text_of(r, "prefix");
	c->key.hash = bytes_of(r, "hash");
	c->key.scopes = number_of(r, "scopes");
}

static void read_tenant(struct reading *r, struct tenant_change *c)
{
	const json_t *list = json_object_get(r->object, "settings");
	const json_t *is_new = json_object_get(r->object, "is_new");
	size_t count = json_array_size(list);
	r->is_bad = !json_is_array(list) || count > SETTINGS_MAX || !json_is_boolean(is_new);
	if (r->is_bad)
		return;
	struct tenant_setting_row *rows = arena_alloc_array(r->arena, count + 1, sizeof *rows);
	c->tenant = text_of(r, "tenant");
	c->is_new = json_is_true(is_new);
	c->time_zone = text_of(r, "time_zone");
	c->settings = rows;
	c->count = count;
	for (size_t i = 0; i < count; i++) {
		struct reading row = {json_array_get(list, i), r->arena, false};
		rows[i] = (struct tenant_setting_row){.name = text_of(&row, "name"), .value = text_of(&row, "value")};
		r->is_bad = r->is_bad || row.is_bad;
	}
}

static enum status outcome(struct reading *r, json_t *json, struct err *err)
{
	json_decref(json);
	return r->is_bad
		   ? err_set(err, STATUS_BAD_INPUT, "this server does not know what was asked; is it another version?")
		   : STATUS_OK;
}

enum status change_line_read_account(struct slice line, struct arena *arena, struct account_change *ret,
				     struct err *err)
{
	struct account_change change = {0};
	json_t *json = json_loadb(line.p, line.n, 0, NULL);
	struct reading r = {json, arena, false};
	read_account(&r, &change);
	if (!r.is_bad)
		*ret = change;
	return outcome(&r, json, err);
}

enum status change_line_read_tenant(struct slice line, struct arena *arena, struct tenant_change *ret, struct err *err)
{
	struct tenant_change change = {0};
	json_t *json = json_loadb(line.p, line.n, 0, NULL);
	struct reading r = {json, arena, false};
	read_tenant(&r, &change);
	if (!r.is_bad)
		*ret = change;
	return outcome(&r, json, err);
}
