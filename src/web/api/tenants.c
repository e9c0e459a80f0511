/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants and their settings. Who administers the first tenant, the one that `init` makes, administers the
 * installation: they see and change all of them and add new ones. The others see and change their own.
 *
 * What a tenant may set is bounded by the configuration where privacy is concerned (doc/decisions/0015), and a value
 * that goes too far is refused with words, for every setting of the request at once. */
#include "web/api/tenants.h"

#include "base/clock.h"
#include "codec/text/json_text.h"
#include "engine/request/json_fields.h"
#include "engine/request/problem.h"
#include "engine/request/send_request.h"
#include "engine/tenant/tenant_change.h"
#include "engine/tenant/tenant_policy.h"
#include "engine/tenant/tenant_view.h"
#include "engine/tenant/time_zone.h"
#include "store/house/accounts.h"
#include "web/api/answer.h"
#include "web/api/parameters.h"
#include "web/api/reach.h"
#include "web/api/services.h"

enum { SETTINGS_MAX = 32, LIST_DEFAULT = 50, LIST_MAX = 500 };

/* Read back from the store: "effective" is then what holds, with the installation's limit applied. */
static void answer_tenant(struct api_call *call, struct api_worker *worker, struct slice name, unsigned code)
{
	struct err err = {0};
	struct tenant tenant;
	struct tenant_view view;
	enum status status = store_tenant_find_by_name(worker->session, name, call->arena, &tenant, &err);
	if (status == STATUS_OK)
		status = tenant_view_read(worker->session, call->services->policies, &tenant, call->arena, &view, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct json_text w = answer_json(call, code);
	tenant_view_put(&w, &view);
}

/* ---- Reading */

static enum status put_views(struct api_call *call, struct api_worker *worker, struct json_text *w,
			     const struct tenant *tenants, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct tenant_view view;
		enum status status =
		    tenant_view_read(worker->session, call->services->policies, &tenants[i], call->arena, &view, err);
		if (status != STATUS_OK)
			return status;
		tenant_view_put(w, &view);
	}
	return STATUS_OK;
}

/* In the order of their making; the cursor is the number of the last one. */
void tenants_list(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct tenant *tenants;
	size_t count;
	size_t from = 0;
	uint32_t after = 0;
	uint32_t limit = LIST_DEFAULT;
	if (!reach_all_tenants(call, worker) || !parameters_number(call, "limit", LIST_MAX, &limit) ||
	    !parameters_number(call, "cursor", UINT32_MAX, &after))
		return;
	enum status status = store_tenant_list(worker->session, call->arena, &tenants, &count, &err);
	while (status == STATUS_OK && from < count && tenants[from].id <= after)
		from++;
	size_t shown = status == STATUS_OK ? count - from : 0;
	if (shown > limit)
		shown = limit;
	struct json_text w = answer_list_open(call);
	if (status == STATUS_OK)
		status = put_views(call, worker, &w, tenants + from, shown, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	answer_list_next(&w, from + shown < count ? arena_printf(call->arena, "%u", tenants[from + shown - 1].id)
						  : SLICE_EMPTY);
	json_close(&w, '}');
}

void tenants_get(struct api_call *call, struct api_worker *worker)
{
	if (reach_tenant(call, worker, call->parameters[0]))
		answer_tenant(call, worker, call->parameters[0], 200);
}

/* ---- Changing */

struct tenant_body {
	struct slice name, time_zone;
	struct tenant_setting_row settings[SETTINGS_MAX];
	size_t count;
};

/* "off, on": as people say it. */
static const char *choices_text(struct arena *arena, const char *choices)
{
	struct slice rest = slice_from_cstr(choices);
	struct slice text = SLICE("");
	while (rest.n) {
		struct slice choice = slice_cut(&rest, '|');
		text = arena_printf(arena, "%s%s%.*s", text.p, text.n ? ", " : "", SLICE_FMT(choice));
	}
	return text.p;
}

/* A number is one in JSON, too, and a choice is a string; as text they stand in the configuration. JSON's null takes a
 * setting away. */
static bool value_text(struct json_reading *r, const struct tenant_setting *setting, const json_t *value,
		       const struct json_place *place, struct slice *ret)
{
	*ret = SLICE_EMPTY;
	if (json_is_null(value))
		return true;
	if (setting->choices && json_is_string(value))
		return json_fields_text(r, value, place, SEND_ID_MAX, true, ret);
	if (!setting->choices && json_is_integer(value)) {
		*ret = arena_printf(r->arena, "%lld", (long long)json_integer_value(value));
		return true;
	}
	if (setting->choices)
		READING_PROBLEM(r, place, "must be one of the strings %s, or null to have the installation's",
				choices_text(r->arena, setting->choices));
	else
		READING_PROBLEM(r, place, "must be a whole number, or null to have the installation's");
	return false;
}

/* Names only; how far a value may go is asked when it is known whose it is. */
static void read_settings(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct tenant_body *body = member;
	const char *key;
	json_t *item;
	if (!json_is_object(value)) {
		READING_PROBLEM(r, place, "must be an object");
		return;
	}
	json_object_foreach((json_t *)value, key, item)
	{
		struct json_place at = {place, key, 0};
		struct tenant_setting_row row = {.name = slice_from_cstr(key)};
		const struct tenant_setting *setting = tenant_setting_find(row.name);
		if (!setting)
			READING_PROBLEM(r, &at, "is not a known setting");
		else if (value_text(r, setting, item, &at, &row.value) && body->count < SETTINGS_MAX)
			body->settings[body->count++] = row;
	}
}

static const struct json_field change_fields[] = {
    {"time_zone", FIELD_LINE, offsetof(struct tenant_body, time_zone), SEND_ID_MAX, false, NULL},
    {"settings", FIELD_CUSTOM, 0, 0, false, read_settings},
    {0},
};
static const struct json_field add_fields[] = {
    {"name", FIELD_LINE, offsetof(struct tenant_body, name), TENANT_NAME_MAX, true, NULL},
    {"time_zone", FIELD_LINE, offsetof(struct tenant_body, time_zone), SEND_ID_MAX, false, NULL},
    {"settings", FIELD_CUSTOM, 0, 0, false, read_settings},
    {0},
};

/* Every value that is none or goes too far, at once. */
static void check_settings(struct json_reading *r, const struct tenant_policy *limit, const struct tenant_body *body)
{
	struct json_place parent = {NULL, "settings", 0};
	for (size_t i = 0; i < body->count; i++) {
		struct err err = {0};
		const struct tenant_setting_row *row = &body->settings[i];
		struct json_place at = {&parent, arena_cstr(r->arena, row->name), 0};
		if (row->value.n && tenant_setting_check(limit, row->name, row->value, &err) != STATUS_OK)
			READING_PROBLEM(r, &at, "%s", err.text);
	}
}

static void check_zone(struct json_reading *r, struct slice zone)
{
	struct err err = {0};
	struct json_place at = {NULL, "time_zone", 0};
	if (zone.p && time_zone_check(zone, &err) != STATUS_OK)
		READING_PROBLEM(r, &at, "%s", err.text);
}

/* A change of nothing; what is there and wrong has been told. */
static bool is_empty_change(const json_t *body)
{
	const json_t *zone = json_object_get(body, "time_zone");
	const json_t *settings = json_object_get(body, "settings");
	return json_is_object(body) && (!zone || json_is_null(zone)) && (!settings || json_is_null(settings));
}

/* Answers what is wrong itself. `name`: whose settings they are; NULL: the body says it. */
static bool read_body(struct api_call *call, const struct json_field *fields, const struct slice *name,
		      struct tenant_body *ret)
{
	struct json_reading r = {.arena = call->arena, .now_us = clock_now_us(call->services->clock)};
	json_fields_read(&r, call->json, NULL, fields, ret);
	struct tenant_policy limit = tenant_policies_limit(call->services->policies, name ? *name : ret->name);
	check_settings(&r, &limit, ret);
	check_zone(&r, ret->time_zone);
	if (name && is_empty_change(call->json))
		READING_PROBLEM(&r, NULL, "must have settings or a time_zone");
	if (!name && ret->name.n && !tenant_name_is_good(ret->name)) {
		struct json_place at = {NULL, "name", 0};
		READING_PROBLEM(&r, &at, "must be letters, digits, '-', '_' and '.', the first a letter or digit");
	}
	if (r.problems.count)
		answer_problem_list(call, 422, "The body has problems.", &r.problems);
	return r.problems.count == 0;
}

static void answer_changed(struct api_call *call, struct api_worker *worker)
{
	const struct tenant_change *change = call->state;
	if (call->command->status == STATUS_OK)
		answer_tenant(call, worker, change->tenant, change->is_new ? 201 : 200);
	else
		answer_status(call, call->command->status, &call->command->err);
}

static void change(struct api_call *call, const struct tenant_body *body, bool is_new)
{
	struct tenant_change *change = ARENA_NEW(call->arena, struct tenant_change);
	*change = (struct tenant_change){.tenant = is_new ? body->name : call->parameters[0],
					 .actor = auth_actor(&call->who, call->arena),
					 .is_new = is_new,
					 .time_zone = body->time_zone,
					 .settings = body->settings,
					 .count = body->count};
	call->state = change;
	call_commit(call, tenant_change_command(call->arena, call->services->policies, change), answer_changed);
}

void tenants_add(struct api_call *call, struct api_worker *worker)
{
	struct tenant_body *body = ARENA_NEW(call->arena, struct tenant_body);
	body->time_zone = tenant_policies_new_zone(call->services->policies);
	if (reach_all_tenants(call, worker) && read_body(call, add_fields, NULL, body))
		change(call, body, true);
}

void tenants_change(struct api_call *call, struct api_worker *worker)
{
	struct tenant_body *body = ARENA_NEW(call->arena, struct tenant_body);
	if (reach_tenant(call, worker, call->parameters[0]) &&
	    read_body(call, change_fields, &call->parameters[0], body))
		change(call, body, false);
}
