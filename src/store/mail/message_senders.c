/* SPDX-License-Identifier: Apache-2.0 */
/* Each question is an index's and ends at the first row that answers it. The counters of a message are not needed, so
 * they are not joined. */
#include "store/mail/message_senders.h"

#include "store/core/session.h"

/* Mail that a caller sends himself is "sent" as soon as it is handed out, and nobody has seen it leave. */
#define HAS_LEFT "(delivered_at IS NOT NULL OR (sent_at IS NOT NULL AND provider <> 'external'))"

static enum status is_there(struct store_session *s, const char *sql, struct values in, bool *ret, struct err *err)
{
	int64_t one;
	enum status status = rows_read_i64(s, sql, in, &one, err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	*ret = status == STATUS_OK;
	return STATUS_OK;
}

enum status store_message_has_left(struct store_session *s, const struct sent_to *to, bool *ret, struct err *err)
{
	return is_there(
	    s,
	    "SELECT 1 FROM messages WHERE tenant_id = $1 AND contact_id = $2 AND sender = $3 AND "
	    "LOWER(to_email) = LOWER($4) AND " HAS_LEFT " LIMIT 1",
	    VALUES(value_i64(to->tenant), value_text(to->contact_id), value_text(to->sender), value_text(to->address)),
	    ret, err);
}

enum status store_message_campaign_senders(struct store_session *s, const struct campaign_of *of, bool *ret_own,
					   bool *ret_others, struct err *err)
{
	bool own;
	struct value tenant = value_i64(of->tenant);
	struct value campaign = value_text(of->campaign_id);
	enum status status = is_there(s,
				      "SELECT 1 FROM messages WHERE tenant_id = $1 AND campaign_id = $2 AND sender = "
				      "$3 AND " HAS_LEFT " LIMIT 1",
				      VALUES(tenant, campaign, value_text(of->sender)), &own, err);
	if (status == STATUS_OK)
		status = is_there(s,
				  "SELECT 1 FROM messages WHERE tenant_id = $1 AND campaign_id = $2 AND (sender IS "
				  "NULL OR sender <> $3) LIMIT 1",
				  VALUES(tenant, campaign, value_text(of->sender)), ret_others, err);
	if (status == STATUS_OK)
		*ret_own = own;
	return status;
}
