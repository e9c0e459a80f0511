/* SPDX-License-Identifier: Apache-2.0 */
/* What is not set has no row: to set something to what the configuration says now is not the same as to follow it. */
#include "store/house/tenant_settings.h"

#include "store/core/session.h"

static enum status read_all(struct rows *r, struct arena *arena, struct tenant_setting_list *ret, struct err *err)
{
	struct growing list = {0};
	enum status status;
	r->arena = arena;
	while ((status = rows_next(r, err)) == STATUS_OK) {
		struct tenant_setting_row *row = growing_add(&list, arena, sizeof *row);
		row->tenant = (uint32_t)rows_i64(r);
		row->name = rows_text(r);
		row->value = rows_text(r);
	}
	status = rows_close(r, status);
	if (status == STATUS_OK)
		*ret = (struct tenant_setting_list){list.items, list.n};
	return status;
}

/* In the order of the primary key, so that whoever lays them beside the tenants walks both lists once. */
enum status store_tenant_setting_list(struct store_session *s, struct arena *arena, struct tenant_setting_list *ret,
				      struct err *err)
{
	struct rows r;
	enum status status = rows_open(
	    &r, s, "SELECT tenant_id, name, value FROM tenant_settings ORDER BY tenant_id, name", VALUES_NONE, err);
	return status == STATUS_OK ? read_all(&r, arena, ret, err) : status;
}

enum status store_tenant_setting_list_of(struct store_session *s, uint32_t tenant, struct arena *arena,
					 struct tenant_setting_list *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open(
	    &r, s, "SELECT tenant_id, name, value FROM tenant_settings WHERE tenant_id = $1 ORDER BY tenant_id, name",
	    VALUES(value_i64(tenant)), err);
	return status == STATUS_OK ? read_all(&r, arena, ret, err) : status;
}

/* By one statement, so that two who set the same at once do not collide: the last one holds. */
static enum status write_row(struct store_session *s, const struct tenant_setting_row *row, int64_t now_us,
			     struct err *err)
{
	if (!row->value.n)
		return session_run(s, "DELETE FROM tenant_settings WHERE tenant_id = $1 AND name = $2",
				   VALUES(value_i64(row->tenant), value_text(row->name)), err);
	return session_run(
	    s,
	    "INSERT INTO tenant_settings (tenant_id, name, value, changed_at) VALUES ($1, $2, $3, $4) "
	    "ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value, "
	    "changed_at = excluded.changed_at",
	    VALUES(value_i64(row->tenant), value_text(row->name), value_text(row->value), value_time(now_us)), err);
}

/* One row for all tenants: each process reads it every second, so it has to cost one look-up however many there are. */
enum status store_tenant_version_raise(struct store_session *s, struct err *err)
{
	return session_run(s, "UPDATE counters SET value = value + 1 WHERE name = 'tenant_settings'", VALUES_NONE, err);
}

/* Row and version in one transaction: a reader that saw the new version must find the new row. */
enum status store_tenant_setting_put(struct store_session *s, const struct tenant_setting_row *row, int64_t now_us,
				     struct err *err)
{
	bool own;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	status = write_row(s, row, now_us, err);
	if (status == STATUS_OK)
		status = store_tenant_version_raise(s, err);
	return session_atomic_end(s, own, status, err);
}

enum status store_tenant_setting_version(struct store_session *s, uint64_t *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s, "SELECT value FROM counters WHERE name = 'tenant_settings'", VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	uint64_t version = (uint64_t)rows_i64(&r);
	status = rows_close(&r, STATUS_OK);
	if (status == STATUS_OK)
		*ret = version;
	return status;
}
