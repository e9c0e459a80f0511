/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of mails: once per distinct content, compressed. Thousands of mails of a campaign share one, so a body that
 * is there already costs a look-up, and one small write an hour that keeps it from being pruned. */
#include "store/mail/bodies.h"

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
	/* Looked up first: compressing is what costs, and of a campaign's mails all but the first find theirs. */
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

/* Of a row that goes on with size and content. */
static enum status take(struct rows *r, struct arena *arena, struct slice *ret, struct err *err)
{
	r->arena = arena_new();
	int64_t size = rows_i64(r);
	struct slice packed = rows_bytes(r);
	enum status status = unpack(packed, size, arena, ret, err);
	arena_free(&r->arena);
	return status;
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
	return rows_close(&r, take(&r, arena, ret, err));
}

/* ---- Many at once */

static enum status find_one_by_one(struct store_session *s, const struct body_key *keys, size_t count,
				   struct arena *arena, struct slice *contents, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct err unreadable;
		struct rows r;
		enum status status = rows_open_one(
		    &r, s, "SELECT size, content FROM bodies WHERE tenant_id = $1 AND id = $2 AND size <= $3",
		    VALUES(value_i64(keys[i].tenant), value_bytes(keys[i].id), value_i64(BODY_AT_ONCE_MAX)), err);
		if (status == STATUS_NOT_FOUND)
			continue;
		if (status != STATUS_OK)
			return status;
		(void)take(&r, arena, &contents[i], &unreadable); /* stays empty: the others are good */
		(void)rows_close(&r, STATUS_OK);
	}
	return STATUS_OK;
}

/* The packed bytes stay in the driver's result until they are unpacked, so a large body is not even sent. */
static enum status find_small(struct store_session *s, const struct body_key *keys, size_t count, struct arena *arena,
			      struct rows *r, struct err *err)
{
	int64_t *places = arena_alloc_array(arena, count, sizeof *places);
	int64_t *tenants = arena_alloc_array(arena, count, sizeof *tenants);
	struct slice *ids = arena_alloc_array(arena, count, sizeof *ids);
	for (size_t i = 0; i < count; i++) {
		places[i] = (int64_t)i;
		tenants[i] = keys[i].tenant;
		ids[i] = keys[i].id;
	}
	return rows_open(r, s,
			 "SELECT k.place, b.size, b.content FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS "
			 "k (place, tenant_id, id) JOIN bodies b ON b.tenant_id = k.tenant_id AND b.id = k.id "
			 "WHERE b.size <= $4",
			 VALUES(value_i64_array(places, count), value_i64_array(tenants, count),
				value_bytes_array(ids, count), value_i64(BODY_AT_ONCE_MAX)),
			 err);
}

enum status store_bodies_find(struct store_session *s, const struct body_key *keys, size_t count, struct arena *arena,
			      struct slice *ret_contents, struct err *err)
{
	struct rows r;
	struct err unreadable;
	memset(ret_contents, 0, count * sizeof *ret_contents);
	if (!session_has_arrays(s))
		return find_one_by_one(s, keys, count, arena, ret_contents, err);
	enum status status = find_small(s, keys, count, arena, &r, err);
	if (status != STATUS_OK)
		return status;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		size_t place = (size_t)rows_i64(&r);
		if (place < count)
			(void)take(&r, arena, &ret_contents[place], &unreadable); /* as above */
	}
	return rows_close(&r, status);
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
