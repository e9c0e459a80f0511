/* SPDX-License-Identifier: Apache-2.0 */
#include "store/people/erasure.h"

#include "store/core/clean_text.h"
#include "store/core/person_hash.h"
#include "store/core/session.h"

enum { ADDRESS_MAX = PERSON_ID_MAX };

enum status store_suppression_add(struct store_session *s, const struct suppression *suppression, int64_t now_us,
				  bool *ret_added, struct err *err)
{
	char folded[ADDRESS_MAX];
	char hash[PERSON_HASH_SIZE];
	uint64_t changed = 0;
	if (suppression->address.n > ADDRESS_MAX)
		return err_set(err, STATUS_TOO_BIG, "the address is too long");
	struct slice address = text_folded(suppression->address, folded);
	struct value by = value_uuid(suppression->message);
	by.is_null = uuid_is_zero(suppression->message);
	enum status status = session_run_counted(
	    s,
	    "INSERT INTO suppressions (tenant_id, address, reason, message_id, created_at) SELECT $1, $2, $3, $4, $5 "
	    "WHERE NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.tenant_id = $1 AND s.address = $6) "
	    "ON CONFLICT DO NOTHING",
	    VALUES(value_i64(suppression->tenant), value_text(address), value_text(suppression->reason), by,
		   value_time(now_us), value_text(person_hash(suppression->tenant, address, hash))),
	    &changed, err);
	if (status == STATUS_OK)
		*ret_added = changed > 0;
	return status;
}

enum status store_suppression_find(struct store_session *s, uint32_t tenant, struct slice address, struct arena *arena,
				   struct slice *ret_reason, struct err *err)
{
	char folded[ADDRESS_MAX];
	char hash[PERSON_HASH_SIZE];
	struct rows r;
	if (address.n > ADDRESS_MAX)
		return err_set(err, STATUS_NOT_FOUND, "the address is not suppressed");
	address = text_folded(address, folded);
	enum status status = rows_open_one(
	    &r, s, "SELECT reason FROM suppressions WHERE tenant_id = $1 AND address IN ($2, $3)",
	    VALUES(value_i64(tenant), value_text(address), value_text(person_hash(tenant, address, hash))), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "the address is not suppressed");
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	*ret_reason = rows_text(&r);
	return rows_close(&r, STATUS_OK);
}

enum status store_suppression_remove(struct store_session *s, uint32_t tenant, struct slice address, struct err *err)
{
	char folded[ADDRESS_MAX];
	char hash[PERSON_HASH_SIZE];
	static const struct none none = {STATUS_NOT_FOUND, "the address is not suppressed"};
	if (address.n > ADDRESS_MAX)
		return err_set(err, none.status, "%s", none.words);
	address = text_folded(address, folded);
	return session_run_some(
	    s, "DELETE FROM suppressions WHERE tenant_id = $1 AND address IN ($2, $3)",
	    VALUES(value_i64(tenant), value_text(address), value_text(person_hash(tenant, address, hash))), none, err);
}

enum status store_suppression_anonymise(struct store_session *s, uint32_t tenant, struct slice address, int64_t now_us,
					struct err *err)
{
	char folded[ADDRESS_MAX];
	char hash[PERSON_HASH_SIZE];
	if (address.n > ADDRESS_MAX)
		return err_set(err, STATUS_TOO_BIG, "the address is too long");
	address = text_folded(address, folded);
	struct value by_hash = value_text(person_hash(tenant, address, hash));
	enum status status =
	    session_run(s,
			"INSERT INTO suppressions (tenant_id, address, reason, message_id, created_at) "
			"SELECT tenant_id, $3, reason, NULL, created_at FROM suppressions "
			"WHERE tenant_id = $1 AND address = $2 ON CONFLICT DO NOTHING",
			VALUES(value_i64(tenant), value_text(address), by_hash), err);
	if (status == STATUS_OK)
		status = session_run(s,
				     "INSERT INTO suppressions (tenant_id, address, reason, message_id, created_at) "
				     "VALUES ($1, $2, 'erased', NULL, $3) ON CONFLICT DO NOTHING",
				     VALUES(value_i64(tenant), by_hash, value_time(now_us)), err);
	if (status == STATUS_OK)
		status = session_run(s, "DELETE FROM suppressions WHERE tenant_id = $1 AND address = $2",
				     VALUES(value_i64(tenant), value_text(address)), err);
	return status;
}
