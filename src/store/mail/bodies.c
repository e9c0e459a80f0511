/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of mails: once per distinct content, compressed. Thousands of mails of a campaign share one, so a body that
 * is there already costs a look-up, and one small write an hour that keeps it from being pruned. */
#include "store/mail/messages.h"

#include "base/mem.h"
#include "store/core/session.h"
#include <zstd.h>

enum { BODY_MAX = 64 * 1024 * 1024, ZSTD_LEVEL = 3 };
static const int64_t hour_us = 3600 * INT64_C(1000000);

static enum status insert(struct store_session *s, uint32_t tenant, struct slice id, struct slice content,
			  int64_t now_us, struct err *err)
{
	size_t room = ZSTD_compressBound(content.n);
	char *packed = mem_alloc(room);
	size_t n = ZSTD_compress(packed, room, content.p, content.n, ZSTD_LEVEL);
	enum status status = ZSTD_isError(n) ? err_set(err, STATUS_IO, "zstd: %s", ZSTD_getErrorName(n)) : STATUS_OK;
	if (status == STATUS_OK)
		status = session_run(s,
				     "INSERT INTO bodies (tenant_id, id, size, content, used_at) "
				     "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, id) DO UPDATE SET "
				     "used_at = excluded.used_at",
				     VALUES(value_i64(tenant), value_bytes(id), value_i64((int64_t)content.n),
					    value_bytes(slice_of(packed, n)), value_time(now_us)),
				     err);
	mem_free(packed);
	return status;
}

enum status store_body_put(struct store_session *s, uint32_t tenant, struct slice id, struct slice content,
			   int64_t now_us, struct err *err)
{
	struct rows r;
	if (content.n > BODY_MAX)
		return err_set(err, STATUS_TOO_BIG, "the body has more than %d bytes", BODY_MAX);
	enum status status = rows_open_one(&r, s, "SELECT used_at FROM bodies WHERE tenant_id = $1 AND id = $2",
					   VALUES(value_i64(tenant), value_bytes(id)), err);
	if (status == STATUS_NOT_FOUND)
		return insert(s, tenant, id, content, now_us, err);
	if (status != STATUS_OK)
		return status;
	int64_t used_us = rows_time(&r);
	(void)rows_close(&r, STATUS_OK);
	if (now_us - used_us < hour_us)
		return STATUS_OK;
	return session_run(s, "UPDATE bodies SET used_at = $3 WHERE tenant_id = $1 AND id = $2",
			   VALUES(value_i64(tenant), value_bytes(id), value_time(now_us)), err);
}

static enum status unpack(struct slice packed, int64_t size, struct arena *arena, struct slice *ret, struct err *err)
{
	/* The size is from the disk: checked before memory is taken for it. */
	if (size < 0 || size > BODY_MAX)
		return err_set(err, STATUS_CORRUPT, "a stored body has an impossible size");
	char *content = arena_alloc(arena, (size_t)size + 1);
	size_t n = ZSTD_decompress(content, (size_t)size, packed.p, packed.n);
	if (ZSTD_isError(n) || n != (size_t)size)
		return err_set(err, STATUS_CORRUPT, "a stored body cannot be unpacked");
	*ret = slice_of(content, n);
	return STATUS_OK;
}

enum status store_body_find(struct store_session *s, uint32_t tenant, struct slice id, struct arena *arena,
			    struct slice *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, "SELECT size, content FROM bodies WHERE tenant_id = $1 AND id = $2",
					   VALUES(value_i64(tenant), value_bytes(id)), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "the body is not stored, or was pruned");
	if (status != STATUS_OK)
		return status;
	struct arena *scratch = arena_new();
	r.arena = scratch;
	int64_t size = rows_i64(&r);
	struct slice packed = rows_bytes(&r);
	status = rows_close(&r, unpack(packed, size, arena, ret, err));
	arena_free(&scratch);
	return status;
}

/* The list of what the queue needs is made once for the statement, not once for each body: messages have no index by
 * body. That another tenant's queue may hold the same content only keeps it longer. */
enum status store_body_list_unused(struct store_session *s, int64_t unused_since_us, uint32_t limit,
				   struct arena *arena, struct body_keys *ret, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status =
	    rows_open(&r, s,
		      "SELECT tenant_id, id FROM bodies WHERE used_at < $1 AND id NOT IN (SELECT m.body_id FROM "
		      "send_queue q JOIN messages m ON m.id = q.message_id WHERE m.body_id IS NOT NULL) "
		      "ORDER BY used_at LIMIT $2",
		      VALUES(value_time(unused_since_us), value_i64(limit)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct body_key *key = growing_add(&list, arena, sizeof *key);
		key->tenant = (uint32_t)rows_i64(&r);
		key->id = rows_bytes(&r);
	}
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = (struct body_keys){list.items, list.n};
	return STATUS_OK;
}

enum status store_body_forget(struct store_session *s, const struct body_key *key, int64_t unused_since_us,
			      uint64_t *ret_count, struct err *err)
{
	return session_run_counted(s, "DELETE FROM bodies WHERE tenant_id = $1 AND id = $2 AND used_at < $3",
				   VALUES(value_i64(key->tenant), value_bytes(key->id), value_time(unused_since_us)),
				   ret_count, err);
}
