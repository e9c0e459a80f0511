/* SPDX-License-Identifier: Apache-2.0 */
/* Ids are of version 7, so the newest entry is the last by id and a page ends where the next begins, with no index but
 * the primary key. Nothing here changes an entry; only the details of a person who was erased are emptied. */
#include "store/house/audit.h"

#include "store/core/session.h"
#include "store/core/where.h"

enum status store_audit_add(struct store_session *s, const struct audit_entry *entry, struct err *err)
{
	return session_run(s,
			   "INSERT INTO audit (id, tenant_id, actor, action, subject, details, created_at) "
			   "VALUES ($1, $2, $3, $4, $5, $6, $7)",
			   VALUES(value_uuid(entry->id), value_i64(entry->tenant), value_text(entry->actor),
				  value_text(entry->action), value_text(entry->subject),
				  value_json_or_null(entry->details), value_time(entry->created_us)),
			   err);
}

static void read_entry(struct rows *r, struct audit_entry *entry)
{
	entry->id = rows_uuid(r);
	entry->tenant = (uint32_t)rows_i64(r);
	entry->actor = rows_text(r);
	entry->action = rows_text(r);
	entry->subject = rows_text(r);
	entry->details = rows_json(r);
	entry->created_us = rows_time(r);
}

enum status store_audit_list(struct store_session *s, const struct audit_filter *filter, struct arena *arena,
			     struct audit_entry **ret, size_t *ret_count, struct err *err)
{
	struct where w;
	struct rows r;
	struct growing list = {0};
	where_init(&w, "SELECT id, tenant_id, actor, action, subject, details, created_at FROM audit WHERE");
	where_add(&w, "tenant_id = ?", value_i64(filter->tenant));
	where_add_text(&w, "subject = ?", filter->subject);
	where_add_text(&w, "action = ?", filter->action);
	if (!uuid_is_zero(filter->before))
		where_add(&w, "id < ?", value_uuid(filter->before));
	where_end(&w, " ORDER BY id DESC LIMIT ?", filter->limit);
	enum status status = rows_open_once(&r, s, buf_cstr(&w.sql), where_values(&w), err);
	if (status == STATUS_OK) {
		r.arena = arena;
		while ((status = rows_next(&r, err)) == STATUS_OK)
			read_entry(&r, growing_add(&list, arena, sizeof(struct audit_entry)));
		status = rows_close(&r, status);
	}
	where_done(&w);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

enum status store_audit_forget(struct store_session *s, uint32_t tenant, struct slice subject, struct err *err)
{
	return session_run(
	    s, "UPDATE audit SET details = NULL WHERE tenant_id = $1 AND subject = $2 AND details IS NOT NULL",
	    VALUES(value_i64(tenant), value_text(subject)), err);
}
