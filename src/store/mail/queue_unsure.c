/* SPDX-License-Identifier: Apache-2.0 */
/* In the order of ids, and from the last one on: rows that were passed over on purpose do not come again. */
#include "store/mail/queue_unsure.h"

#include "store/core/session.h"
#include "store/mail/queue_rows.h"

static void read_entry(struct rows *r, struct queue_entry *e)
{
	e->message = rows_uuid(r);
	e->tenant = (uint32_t)rows_i64(r);
	e->attempt = (uint32_t)rows_i64(r);
	e->provider = rows_text(r);
	e->stream = rows_text(r);
}

enum status store_queue_unsure(struct store_session *s, const struct queue_unsure_look *look, struct arena *arena,
			       struct queue_entry **ret, size_t *ret_count, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status =
	    rows_open(&r, s,
		      "SELECT message_id, tenant_id, attempt, provider, stream FROM send_queue WHERE message_id > $1 "
		      "AND due_at <= $2 AND state <> 'held' ORDER BY message_id LIMIT $3",
		      VALUES(value_uuid(look->after), value_time(look->now_us), value_i64(look->limit)), err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK)
		read_entry(&r, growing_add(&list, arena, sizeof(struct queue_entry)));
	*ret = list.items;
	*ret_count = list.n;
	return rows_close(&r, status);
}

static const struct none GONE = {STATUS_CONFLICT, "the message is not queued, or in doubt already"};

enum status store_queue_hold_unsure(struct store_session *s, struct uuid message, int64_t now_us, struct err *err)
{
	return session_run_some(s,
				"UPDATE send_queue SET state = 'held', held_at = $2, lease = NULL, lease_until = NULL "
				"WHERE message_id = $1 AND state <> 'held'",
				VALUES(value_uuid(message), value_time(now_us)), GONE, err);
}

enum status store_queue_resend_unsure(struct store_session *s, struct uuid message, int64_t now_us, struct err *err)
{
	return session_run_some(s,
				"UPDATE send_queue SET state = " WAITING_OR_PAUSED
				", due_at = $2, lease = NULL, lease_until = NULL, intent_at = NULL "
				"WHERE message_id = $1 AND state <> 'held'",
				VALUES(value_uuid(message), value_time(now_us)), GONE, err);
}
