/* SPDX-License-Identifier: Apache-2.0 */
/* First answers to requests with an Idempotency-Key. */
#include "store/core/session.h"

enum status store_idempotency_find(struct store_session *s, const struct idempotency_key *key, struct arena *arena,
				   struct idempotency_record *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s,
			  "SELECT request_hash, status, response FROM idempotency_keys "
			  "WHERE tenant_id = $1 AND key = $2 AND created_at >= $3",
			  VALUES(value_i64(key->tenant), value_text(key->key), value_time(key->not_before_us)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	ret->request_hash = rows_bytes(&r);
	ret->status = (uint32_t)rows_i64(&r);
	ret->response = rows_bytes(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_idempotency_put(struct store_session *s, const struct idempotency_key *key, int64_t now_us,
				  const struct idempotency_record *record, struct err *err)
{
	bool own;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	/* Those that are too old go here, so that nothing else has to. */
	status = session_run(s, "DELETE FROM idempotency_keys WHERE created_at < $1",
			     VALUES(value_time(key->not_before_us)), err);
	if (status == STATUS_OK)
		status = session_run_some(
		    s,
		    "INSERT INTO idempotency_keys (tenant_id, key, request_hash, status, response, created_at) "
		    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
		    VALUES(value_i64(key->tenant), value_text(key->key), value_bytes(record->request_hash),
			   value_i64(record->status), value_bytes(record->response), value_time(now_us)),
		    (struct none){STATUS_CONFLICT, "the idempotency key is there already"}, err);
	return session_atomic_end(s, own, status, err);
}
