/* SPDX-License-Identifier: Apache-2.0 */
/* In the order of ids, so that numbers ascend with time as ids do and a page of new events meets few pages of messages.
 * The last one that was carried over is the largest id of the new table: it needs no place of its own. */
#include "store/mail/message_carry.h"

#define MAIL                                                                                                           \
	"id, tenant_id, state, created_at, send_at, sent_at, delivered_at, cohort_day, stream, provider, from_email, " \
	"from_name, to_email, to_name, subject, contact_id, contact_category, campaign_id, template_id, sender, "      \
	"sequence_id, enrollment, sequence_position, track_opens, track_clicks, key_id, options, metadata, body_id, "  \
	"remote_id, attempts, error, link_count"
#define COUNTERS                                                                                                       \
	"opens_human, opens_proxy, opens_mpp, opens_prefetch, opens_scanner, opens_preview, opens_crawler, "           \
	"opens_unknown, clicks_human, clicks_machine, first_open_at, first_open_strict_at, first_open_any_at, "        \
	"first_click_at, first_click_any_at, unsubscribed_at, last_activity_at, reported_at"

static enum status count(struct store_session *s, const char *sql, int64_t *ret, struct err *err)
{
	return rows_read_i64(s, sql, VALUES_NONE, ret, err);
}

/* Zero: none was. */
static enum status last_carried(struct store_session *s, struct uuid *ret, struct err *err)
{
	struct rows r;
	*ret = (struct uuid){{0}};
	enum status status =
	    rows_open_one(&r, s, "SELECT id FROM messages_next ORDER BY id DESC LIMIT 1", VALUES_NONE, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status != STATUS_OK)
		return status;
	*ret = rows_uuid(&r);
	return rows_close(&r, STATUS_OK);
}

enum status message_carry(struct store_session *s, uint32_t rows, struct batch_cursor *cursor, struct err *err)
{
	struct uuid last;
	uint64_t changed = 0;
	enum status status = STATUS_OK;
	if (!cursor->goal)
		status = count(s, "SELECT COUNT(*) FROM messages", &cursor->goal, err);
	if (status == STATUS_OK)
		status = last_carried(s, &last, err);
	if (status == STATUS_OK)
		status = session_run_counted(s,
					     "INSERT INTO messages_next (" MAIL ") SELECT " MAIL
					     " FROM messages WHERE id > $1 ORDER BY id LIMIT $2",
					     VALUES(value_uuid(last), value_i64(rows)), &changed, err);
	if (status == STATUS_OK)
		status = session_run(s,
				     "INSERT INTO message_counters (number, " COUNTERS ") SELECT n.number, " COUNTERS
				     " FROM messages_next n JOIN messages o ON o.id = n.id WHERE n.id > $1",
				     VALUES(value_uuid(last)), err);
	cursor->at += (int64_t)changed;
	return status == STATUS_OK && changed == 0 ? STATUS_END : status;
}

/* In small steps too: what SQLite deletes it overwrites with zeros (secure_delete), page by page. PostgreSQL drops the
 * table's files. */
enum status message_carry_clear(struct store_session *s, uint32_t rows, struct batch_cursor *cursor, struct err *err)
{
	uint64_t changed = 0;
	enum status status = STATUS_OK;
	if (session_is_shared(s))
		return STATUS_END;
	if (!cursor->goal)
		status = count(s, "SELECT COUNT(*) FROM messages_before", &cursor->goal, err);
	if (status == STATUS_OK)
		status = session_run_counted(
		    s, "DELETE FROM messages_before WHERE id IN (SELECT id FROM messages_before ORDER BY id LIMIT $1)",
		    VALUES(value_i64(rows)), &changed, err);
	cursor->at += (int64_t)changed;
	return status == STATUS_OK && changed == 0 ? STATUS_END : status;
}
