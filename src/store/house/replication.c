/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL alone has this, so the one statement here is in its words; no other driver is shared.
 *
 * synchronous_commit is asked for as well, because 'off' and 'local' make synchronous_standby_names mean nothing
 * (manual, 20.5.1). A backup that streams looks like a standby but for its name, and must not. */
#include "store/house/replication.h"

#include "store/core/session.h"

enum status store_copies_read(struct store_session *s, enum store_copies *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s,
			  "SELECT current_setting('synchronous_standby_names') <> '' AND "
			  "current_setting('synchronous_commit') NOT IN ('off', 'local'), "
			  "(SELECT COUNT(*) FROM pg_stat_replication WHERE state IN ('streaming', 'catchup') "
			  "AND application_name NOT IN ('pg_basebackup', 'pg_receivewal'))",
			  VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	bool waits = rows_bool(&r);
	bool is_followed = rows_i64(&r) > 0;
	status = rows_close(&r, STATUS_OK);
	if (status == STATUS_OK)
		*ret = waits ? STORE_COPIES_TWO : is_followed ? STORE_COPIES_LATE : STORE_COPIES_ONE;
	return status;
}
