/* SPDX-License-Identifier: Apache-2.0 */
/* One row a tenant. Its zone is a column here and no row of tenant_settings: every tenant has exactly one, and who
 * reads stats_daily by SQL has to join it to know what its days are. */
#include "store/house/accounts.h"

#include "store/core/session.h"
#include "store/house/tenant_settings.h"

#define TENANT_COLUMNS "id, name, fallback_url, time_zone, created_at"

static void read_tenant(struct rows *r, struct tenant *t)
{
	t->id = (uint32_t)rows_i64(r);
	t->name = rows_text(r);
	t->fallback_url = rows_text(r);
	t->time_zone = rows_text(r);
	t->created_us = rows_time(r);
}

/* A name that is taken is no error of the statement: an error would end PostgreSQL's transaction, and the caller may
 * want to go on in it. */
static enum status insert(struct store_session *s, const struct tenant *t, uint32_t *ret_id, struct err *err)
{
	struct rows r;
	struct slice zone = t->time_zone.n > 0 ? t->time_zone : SLICE("UTC");
	enum status status =
	    rows_open_one(&r, s,
			  "INSERT INTO tenants (name, fallback_url, time_zone, created_at) VALUES ($1, $2, $3, $4) "
			  "ON CONFLICT DO NOTHING RETURNING id",
			  VALUES(value_text(t->name), value_text_or_null(t->fallback_url), value_text(zone),
				 value_time(t->created_us)),
			  err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, STATUS_CONFLICT, "there is a tenant of this name");
	if (status != STATUS_OK)
		return status;
	uint32_t id = (uint32_t)rows_i64(&r);
	status = rows_close(&r, rows_next(&r, err));
	if (status == STATUS_OK)
		*ret_id = id;
	return status;
}

enum status store_tenant_add(struct store_session *s, const struct tenant *t, uint32_t *ret_id, struct err *err)
{
	bool own;
	uint32_t id = 0;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	status = insert(s, t, &id, err);
	if (status == STATUS_OK)
		status = store_tenant_version_raise(s, err);
	status = session_atomic_end(s, own, status, err);
	if (status == STATUS_OK)
		*ret_id = id;
	return status;
}

/* By number for who has opened a token or a key, by name for who was told one; the words are the same for both. */
static enum status find(struct store_session *s, const char *sql, struct value key, struct arena *arena,
			struct tenant *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, sql, VALUES(key), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no such tenant");
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	read_tenant(&r, ret);
	return rows_close(&r, STATUS_OK);
}

enum status store_tenant_find(struct store_session *s, uint32_t id, struct arena *arena, struct tenant *ret,
			      struct err *err)
{
	return find(s, "SELECT " TENANT_COLUMNS " FROM tenants WHERE id = $1", value_i64(id), arena, ret, err);
}

enum status store_tenant_find_by_name(struct store_session *s, struct slice name, struct arena *arena,
				      struct tenant *ret, struct err *err)
{
	return find(s, "SELECT " TENANT_COLUMNS " FROM tenants WHERE name = $1", value_text(name), arena, ret, err);
}

/* All at once, since the program keeps what differs of all of them in memory anyhow; an installation has thousands, not
 * millions. */
enum status store_tenant_list(struct store_session *s, struct arena *arena, struct tenant **ret, size_t *ret_count,
			      struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status = rows_open(&r, s, "SELECT " TENANT_COLUMNS " FROM tenants ORDER BY id", VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK)
		read_tenant(&r, growing_add(&list, arena, sizeof(struct tenant)));
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

/* Both columns at once: who changes one has read the other in the same transaction. */
enum status store_tenant_save(struct store_session *s, const struct tenant *t, struct err *err)
{
	bool own;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	status =
	    session_run_some(s, "UPDATE tenants SET fallback_url = $2, time_zone = $3 WHERE id = $1",
			     VALUES(value_i64(t->id), value_text_or_null(t->fallback_url), value_text(t->time_zone)),
			     (struct none){STATUS_NOT_FOUND, "there is no such tenant"}, err);
	if (status == STATUS_OK)
		status = store_tenant_version_raise(s, err);
	return session_atomic_end(s, own, status, err);
}

/* Numbers are given in order and never again, so the lowest is the one that `init` made. */
enum status store_tenant_is_first(struct store_session *s, uint32_t id, bool *ret, struct err *err)
{
	int64_t value = 0;
	enum status status = rows_read_i64(s, "SELECT MIN(id) FROM tenants", VALUES_NONE, &value, err);
	if (status == STATUS_OK)
		*ret = value == id;
	return status;
}
