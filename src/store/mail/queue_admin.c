/* SPDX-License-Identifier: Apache-2.0 */
/* Each change names the state it starts from: whoever decides about a row that went on meanwhile changes nothing and is
 * told so. A pause is written down and also put into the rows, so that a claim, which runs far more often, needs to
 * look at their state only. */
#include "store/mail/queue_admin.h"

#include "store/core/session.h"
#include "store/mail/queue_rows.h"

enum status store_queue_resolve(struct store_session *s, struct uuid message, bool resend, int64_t now_us,
				struct err *err)
{
	static const struct none none = {STATUS_NOT_FOUND, "the message is not in doubt"};
	if (!resend)
		return session_run_some(s, "DELETE FROM send_queue WHERE message_id = $1 AND state = 'held'",
					VALUES(value_uuid(message)), none, err);
	/* A person asked for it: a pause holds it up all the same, at the next claim's state check. */
	return session_run_some(s,
				"UPDATE send_queue SET state = " WAITING_OR_PAUSED
				", due_at = $2, intent_at = NULL, held_at = NULL "
				"WHERE message_id = $1 AND state = 'held'",
				VALUES(value_uuid(message), value_time(now_us)), none, err);
}

enum status store_queue_cancel(struct store_session *s, struct uuid message, bool claimed_too,
			       struct queue_canceled *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s,
			  "DELETE FROM send_queue WHERE message_id = $1 AND (state IN ('waiting', 'paused') OR "
			  "($2 AND state = 'leased')) RETURNING CASE state WHEN 'leased' THEN 1 ELSE 0 END, attempt",
			  VALUES(value_uuid(message), value_bool(claimed_too)), err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "the message is not queued, or is under way already");
	if (status != STATUS_OK)
		return status;
	ret->was_claimed = rows_i64(&r) != 0;
	ret->attempt = (uint32_t)rows_i64(&r);
	return rows_close(&r, rows_next(&r, err));
}

enum status store_queue_set_paused(struct store_session *s, uint32_t tenant, struct slice provider, bool paused,
				   int64_t now_us, struct err *err)
{
	bool own;
	struct slice name = provider.n > 0 ? provider : SLICE_EMPTY;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	if (paused)
		status = session_run(s,
				     "INSERT INTO queue_pauses (tenant_id, provider, created_at) VALUES ($1, $2, $3) "
				     "ON CONFLICT DO NOTHING",
				     VALUES(value_i64(tenant), value_text(name), value_time(now_us)), err);
	else
		status = session_run(s, "DELETE FROM queue_pauses WHERE tenant_id = $1 AND provider = $2",
				     VALUES(value_i64(tenant), value_text(name)), err);
	if (status == STATUS_OK)
		status = session_run(s,
				     "UPDATE send_queue SET state = " WAITING_OR_PAUSED " WHERE state IN ('waiting', "
				     "'paused') AND ($1 = 0 OR tenant_id = $1) AND ($2 = '' OR provider = $2)",
				     VALUES(value_i64(tenant), value_text(name)), err);
	return session_atomic_end(s, own, status, err);
}

#define FIGURES                                                                                                        \
	"SELECT COUNT(*) FILTER (WHERE q.state = 'waiting' AND q.due_at <= $2), "                                      \
	"COUNT(*) FILTER (WHERE q.state = 'waiting' AND q.due_at > $2 AND q.attempt = 0), "                            \
	"COUNT(*) FILTER (WHERE q.state IN ('leased', 'sending')), "                                                   \
	"COUNT(*) FILTER (WHERE q.state = 'waiting' AND q.due_at > $2 AND q.attempt > 0), "                            \
	"COUNT(*) FILTER (WHERE q.state = 'held'), COUNT(*) FILTER (WHERE q.state = 'paused'), "                       \
	"MIN(q.due_at) FILTER (WHERE q.state = 'waiting' AND q.due_at <= $2) FROM send_queue q "

/* A row of the queue does not know its sender; the message does. */
static enum status open_figures(struct rows *r, struct store_session *s, const struct queue_of *of, int64_t now_us,
				struct err *err)
{
	struct value tenant = value_i64(of->tenant);
	if (!of->sender.p)
		return rows_open_one(r, s, FIGURES "WHERE ($1 = 0 OR q.tenant_id = $1)",
				     VALUES(tenant, value_time(now_us)), err);
	return rows_open_one(r, s,
			     FIGURES "JOIN messages m ON m.id = q.message_id WHERE ($1 = 0 OR q.tenant_id = $1) AND "
				     "m.sender = $3",
			     VALUES(tenant, value_time(now_us), value_text(of->sender)), err);
}

enum status store_queue_count(struct store_session *s, const struct queue_of *of, int64_t now_us,
			      struct queue_figures *ret, struct err *err)
{
	struct rows r;
	enum status status = open_figures(&r, s, of, now_us, err);
	if (status != STATUS_OK)
		return status;
	ret->due = (uint64_t)rows_i64(&r);
	ret->scheduled = (uint64_t)rows_i64(&r);
	ret->in_flight = (uint64_t)rows_i64(&r);
	ret->deferred = (uint64_t)rows_i64(&r);
	ret->in_doubt = (uint64_t)rows_i64(&r);
	ret->paused = (uint64_t)rows_i64(&r);
	ret->oldest_due_us = rows_time(&r);
	return rows_close(&r, STATUS_OK);
}
