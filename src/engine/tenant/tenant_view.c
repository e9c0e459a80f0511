/* SPDX-License-Identifier: Apache-2.0 */
/* Both the API and the command line show a tenant by this, so that a script can take either. */
#include "engine/tenant/tenant_view.h"

enum { VALUE_MAX = 40 };

enum status tenant_view_read(struct store_session *session, const struct tenant_policies *policies,
			     const struct tenant *tenant, struct arena *arena, struct tenant_view *ret, struct err *err)
{
	struct tenant_view view = {.tenant = *tenant, .limit = tenant_policies_limit(policies, tenant->name)};
	enum status status = store_tenant_setting_list_of(session, tenant->id, arena, &view.own, err);
	if (status != STATUS_OK)
		return status;
	view.effective = view.limit;
	for (size_t i = 0; i < view.own.count; i++) {
		const struct tenant_setting_row *row = &view.own.items[i];
		(void)tenant_setting_apply(&view.effective, row->name, row->value); /* the writer logs a bad one */
	}
	*ret = view;
	return STATUS_OK;
}

static struct slice own_value(const struct tenant_view *view, const struct tenant_setting *setting)
{
	for (size_t i = 0; i < view->own.count; i++)
		if (slice_equal(view->own.items[i].name, slice_from_cstr(setting->name)))
			return view->own.items[i].value;
	return SLICE_EMPTY;
}

bool tenant_view_has_own(const struct tenant_view *view, const struct tenant_setting *setting)
{
	return own_value(view, setting).n > 0;
}

/* A number was checked when it was set, so it stands as it is; choices are strings, and what is not set is null. */
static void put_value(struct json_text *w, const struct tenant_setting *setting, struct slice value)
{
	json_key(w, setting->name);
	if (setting->choices || !value.n)
		json_put_string_or_null(w, value);
	else
		json_put_raw(w, value);
}

/* Every setting, whether the tenant has it itself or not. */
static void put_policy(struct json_text *w, const struct tenant_policy *policy)
{
	size_t count;
	const struct tenant_setting *settings = tenant_settings(&count);
	json_open(w, '{');
	for (size_t i = 0; i < count; i++) {
		char room[VALUE_MAX];
		struct buf value;
		buf_init_fixed(&value, room, sizeof room);
		tenant_setting_append(&value, &settings[i], policy);
		put_value(w, &settings[i], buf_slice(&value));
	}
	json_close(w, '}');
}

/* The zone is not among the settings, since there is no "as the installation" for it (doc/decisions/0031): it is always
 * the tenant's own. */
void tenant_view_put(struct json_text *w, const struct tenant_view *view)
{
	size_t count;
	const struct tenant_setting *settings = tenant_settings(&count);
	json_open(w, '{');
	JSON_FIELD(w, "name", string, view->tenant.name);
	JSON_FIELD(w, "time_zone", string, view->tenant.time_zone);
	JSON_FIELD(w, "created_at", time, view->tenant.created_us);
	json_key(w, "settings");
	json_open(w, '{');
	for (size_t i = 0; i < count; i++)
		put_value(w, &settings[i], own_value(view, &settings[i]));
	json_close(w, '}');
	json_key(w, "effective");
	put_policy(w, &view->effective);
	json_key(w, "installation");
	put_policy(w, &view->limit);
	json_close(w, '}');
}
