/* SPDX-License-Identifier: Apache-2.0 */
/* Keys stand here as hashes and are found by them; nobody can use a copy of this table. A revoked one stays, with its
 * time, for whoever asks later what it was allowed to do. */
#include "store/house/accounts.h"

#include "store/core/session.h"

#define API_KEY_COLUMNS "id, tenant_id, name, prefix, hash, scopes, created_at, last_used_at, revoked_at"

static const int64_t minute_us = 60 * INT64_C(1000000);

static const struct {
	const char *name;
	enum api_scope scope;
} scopes[] = {{"send", SCOPE_SEND}, {"read", SCOPE_READ}, {"admin", SCOPE_ADMIN}, {"track", SCOPE_TRACK}};
enum { SCOPE_COUNT = sizeof scopes / sizeof scopes[0] };

const char *api_scope_name(size_t i, enum api_scope *ret)
{
	if (i >= SCOPE_COUNT)
		return NULL;
	*ret = scopes[i].scope;
	return scopes[i].name;
}

bool api_scopes_parse(struct slice list, unsigned *ret)
{
	unsigned found = 0;
	do {
		struct slice name = slice_trim(slice_cut(&list, ','));
		size_t i = 0;
		while (i < SCOPE_COUNT && !slice_equal(name, slice_from_cstr(scopes[i].name)))
			i++;
		if (i == SCOPE_COUNT)
			return false;
		found |= scopes[i].scope;
	} while (list.n);
	*ret = found;
	return true;
}

static void read_api_key(struct rows *r, struct api_key *k)
{
	k->id = rows_uuid(r);
	k->tenant = (uint32_t)rows_i64(r);
	k->name = rows_text(r);
	k->prefix = rows_text(r);
	k->hash = rows_bytes(r);
	k->scopes = (unsigned)rows_i64(r);
	k->created_us = rows_time(r);
	k->last_used_us = rows_time(r);
	k->revoked_us = rows_time(r);
}

enum status store_api_key_add(struct store_session *s, const struct api_key *k, struct err *err)
{
	return session_run_some(s,
				"INSERT INTO api_keys (" API_KEY_COLUMNS
				") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
				VALUES(value_uuid(k->id), value_i64(k->tenant), value_text(k->name),
				       value_text(k->prefix), value_bytes(k->hash), value_i64(k->scopes),
				       value_time(k->created_us), value_time_or_null(k->last_used_us),
				       value_time_or_null(k->revoked_us)),
				(struct none){STATUS_CONFLICT, "the API key exists already"}, err);
}

enum status store_api_key_find(struct store_session *s, struct slice hash, struct arena *arena, struct api_key *ret,
			       struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, "SELECT " API_KEY_COLUMNS " FROM api_keys WHERE hash = $1",
					   VALUES(value_bytes(hash)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	read_api_key(&r, ret);
	return rows_close(&r, STATUS_OK);
}

enum status store_api_key_list(struct store_session *s, uint32_t tenant, struct arena *arena, struct api_key **ret,
			       size_t *ret_count, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status =
	    rows_open(&r, s, "SELECT " API_KEY_COLUMNS " FROM api_keys WHERE tenant_id = $1 ORDER BY id",
		      VALUES(value_i64(tenant)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK)
		read_api_key(&r, growing_add(&list, arena, sizeof(struct api_key)));
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

enum status store_api_key_revoke(struct store_session *s, uint32_t tenant, struct uuid id, int64_t now_us,
				 struct err *err)
{
	/* The first revocation's time stays. */
	return session_run_some(
	    s, "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $3) WHERE tenant_id = $1 AND id = $2",
	    VALUES(value_i64(tenant), value_uuid(id), value_time(now_us)),
	    (struct none){STATUS_NOT_FOUND, "there is no such API key"}, err);
}

/* A minute is exact enough, and a key that is used a thousand times a second is one write a minute. */
enum status store_api_key_used(struct store_session *s, struct uuid id, int64_t now_us, struct err *err)
{
	/* Whoever holds the row is about to note the same: two servers must not wait for each other's writers. */
	return session_run(
	    s,
	    "UPDATE api_keys SET last_used_at = $2 WHERE id = (SELECT id FROM api_keys WHERE id = $1 AND "
	    "(last_used_at IS NULL OR last_used_at <= $3) {skip_locked})",
	    VALUES(value_uuid(id), value_time(now_us), value_time(now_us - minute_us)), err);
}
