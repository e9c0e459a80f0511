/* SPDX-License-Identifier: Apache-2.0 */
/* Every mail of a campaign names it again, so nothing is written when nothing differs: an update of the same row by
 * every mail would bloat PostgreSQL. It is looked at before, because ON CONFLICT locks a row that it then leaves as it
 * is, and two servers that accept batches of several campaigns waited for one another crosswise (25 deadlocks in 4
 * minutes, a second each). */
#include "store/house/catalog.h"

#include "store/core/session.h"

enum status store_campaign_use(struct store_session *s, uint32_t tenant, struct slice id, struct slice name,
			       int64_t now_us, struct err *err)
{
	return session_run(s,
			   "INSERT INTO campaigns (tenant_id, id, name, created_at) SELECT $1, $2, $3, $4 WHERE NOT "
			   "EXISTS (SELECT 1 FROM campaigns WHERE tenant_id = $1 AND id = $2 AND $3 IN ('', name)) "
			   "ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name "
			   "WHERE excluded.name <> '' AND excluded.name <> campaigns.name",
			   VALUES(value_i64(tenant), value_text(id), value_text(name), value_time(now_us)), err);
}

enum status store_template_use(struct store_session *s, uint32_t tenant, struct slice id, struct slice name,
			       int64_t now_us, struct err *err)
{
	return session_run(s,
			   "INSERT INTO templates (tenant_id, id, name, created_at) SELECT $1, $2, $3, $4 WHERE NOT "
			   "EXISTS (SELECT 1 FROM templates WHERE tenant_id = $1 AND id = $2 AND $3 IN ('', name)) "
			   "ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name "
			   "WHERE excluded.name <> '' AND excluded.name <> templates.name",
			   VALUES(value_i64(tenant), value_text(id), value_text(name), value_time(now_us)), err);
}

/* Looked at before for the same reason. */
enum status store_campaign_add(struct store_session *s, uint32_t tenant, struct slice id, struct slice name,
			       int64_t now_us, struct err *err)
{
	return session_run(s,
			   "INSERT INTO campaigns (tenant_id, id, name, created_at) SELECT $1, $2, $3, $4 WHERE NOT "
			   "EXISTS (SELECT 1 FROM campaigns WHERE tenant_id = $1 AND id = $2) ON CONFLICT DO NOTHING",
			   VALUES(value_i64(tenant), value_text(id), value_text(name), value_time(now_us)), err);
}

enum status store_template_add(struct store_session *s, uint32_t tenant, struct slice id, struct slice name,
			       int64_t now_us, struct err *err)
{
	return session_run(s,
			   "INSERT INTO templates (tenant_id, id, name, created_at) SELECT $1, $2, $3, $4 WHERE NOT "
			   "EXISTS (SELECT 1 FROM templates WHERE tenant_id = $1 AND id = $2) ON CONFLICT DO NOTHING",
			   VALUES(value_i64(tenant), value_text(id), value_text(name), value_time(now_us)), err);
}

static enum status find_name(struct store_session *s, const char *sql, struct values key, struct arena *arena,
			     struct slice *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, sql, key, err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	*ret = rows_text(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_campaign_find(struct store_session *s, uint32_t tenant, struct slice id, struct arena *arena,
				struct slice *ret_name, struct err *err)
{
	return find_name(s, "SELECT name FROM campaigns WHERE tenant_id = $1 AND id = $2",
			 VALUES(value_i64(tenant), value_text(id)), arena, ret_name, err);
}

enum status store_template_find(struct store_session *s, uint32_t tenant, struct slice id, struct arena *arena,
				struct slice *ret_name, struct err *err)
{
	return find_name(s, "SELECT name FROM templates WHERE tenant_id = $1 AND id = $2",
			 VALUES(value_i64(tenant), value_text(id)), arena, ret_name, err);
}
