/* SPDX-License-Identifier: Apache-2.0 */
/* A few rows that are read at a start. On PostgreSQL an INSERT that meets another one of the same id, not yet
 * committed, waits for it; so of two first servers with different keys one sees the other's. */
#include "store/house/link_keys.h"

#include "store/core/session.h"

enum status store_link_key_list(struct store_session *s, struct arena *arena, struct link_key **ret, size_t *ret_count,
				struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status = rows_open(&r, s, "SELECT id, fingerprint FROM link_keys ORDER BY id", VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct link_key *key = growing_add(&list, arena, sizeof *key);
		key->id = (uint8_t)rows_i64(&r);
		key->fingerprint = rows_bytes(&r);
	}
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

enum status store_link_key_add(struct store_session *s, const struct link_key *key, int64_t now_us, struct err *err)
{
	return session_run(
	    s, "INSERT INTO link_keys (id, fingerprint, seen_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
	    VALUES(value_i64(key->id), value_bytes(key->fingerprint), value_time(now_us)), err);
}

enum status store_has_links(struct store_session *s, bool *ret, struct err *err)
{
	int64_t count = 0;
	enum status status = rows_read_i64(s, "SELECT (SELECT COUNT(*) FROM link_keys) + (SELECT COUNT(*) FROM nodes)",
					   VALUES_NONE, &count, err);
	if (status == STATUS_OK)
		*ret = count > 0;
	return status;
}
