/* SPDX-License-Identifier: Apache-2.0 */
#include "store/messages.h"

#include "store/clean_text.h"
#include "store/session.h"

enum { ADDRESS_MAX = 1024 };

enum status store_suppression_add(struct store_session *s, const struct suppression *suppression, int64_t now_us,
				  bool *ret_added, struct err *err)
{
	char folded[ADDRESS_MAX];
	uint64_t changed = 0;
	if (suppression->address.n > ADDRESS_MAX)
		return err_set(err, STATUS_TOO_BIG, "the address is too long");
	struct value by = value_uuid(suppression->message);
	by.is_null = uuid_is_zero(suppression->message);
	enum status status = session_run_counted(
	    s,
	    "INSERT INTO suppressions (tenant_id, address, reason, message_id, created_at) VALUES ($1, $2, $3, $4, $5) "
	    "ON CONFLICT DO NOTHING",
	    VALUES(value_i64(suppression->tenant), value_text(text_folded(suppression->address, folded)),
		   value_text(suppression->reason), by, value_time(now_us)),
	    &changed, err);
	if (status == STATUS_OK)
		*ret_added = changed > 0;
	return status;
}

enum status store_suppression_find(struct store_session *s, uint32_t tenant, struct slice address, struct arena *arena,
				   struct slice *ret_reason, struct err *err)
{
	char folded[ADDRESS_MAX];
	struct rows r;
	if (address.n > ADDRESS_MAX)
		return err_set(err, STATUS_NOT_FOUND, "the address is not suppressed");
	enum status status =
	    rows_open_one(&r, s, "SELECT reason FROM suppressions WHERE tenant_id = $1 AND address = $2",
			  VALUES(value_i64(tenant), value_text(text_folded(address, folded))), err);
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
	static const struct none none = {STATUS_NOT_FOUND, "the address is not suppressed"};
	if (address.n > ADDRESS_MAX)
		return err_set(err, none.status, "%s", none.words);
	return session_run_some(s, "DELETE FROM suppressions WHERE tenant_id = $1 AND address = $2",
				VALUES(value_i64(tenant), value_text(text_folded(address, folded))), none, err);
}
