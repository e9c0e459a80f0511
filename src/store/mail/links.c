/* SPDX-License-Identifier: Apache-2.0 */
/* A row is never changed: its key is the hash of what it holds, so one that is there already is the same. */
#include "store/mail/links.h"

#include "store/core/session.h"

enum status store_link_put(struct store_session *s, uint32_t tenant, struct slice key16, struct slice url,
			   int64_t now_us, struct err *err)
{
	return session_run(s,
			   "INSERT INTO links (tenant_id, key, url, created_at) VALUES ($1, $2, $3, $4) "
			   "ON CONFLICT DO NOTHING",
			   VALUES(value_i64(tenant), value_bytes(key16), value_text(url), value_time(now_us)), err);
}

enum status store_link_find(struct store_session *s, uint32_t tenant, struct slice key16, struct arena *arena,
			    struct slice *ret_url, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, "SELECT url FROM links WHERE tenant_id = $1 AND key = $2",
					   VALUES(value_i64(tenant), value_bytes(key16)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	*ret_url = rows_text(&r);
	return rows_close(&r, STATUS_OK);
}
