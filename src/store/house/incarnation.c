/* SPDX-License-Identifier: Apache-2.0 */
/* A row of the queue that was leased waits again, whoever held it is gone; what had an intent keeps it, and with it its
 * doubt (queue_unsure.h). */
#include "store/house/incarnation.h"

#include "base/random.h"
#include "store/core/session.h"
#include "store/house/nodes.h"

enum { DRAWS_MAX = 1000 };

#define POSITIONS_SKIPPED "4294967296"

static enum status take_number(struct store_session *s, struct uuid installation, uint16_t *ret, struct err *err)
{
	for (int draw = 0; draw < DRAWS_MAX; draw++) {
		uint16_t number = 0;
		uint64_t made = 0;
		random_bytes(&number, sizeof number);
		if (number == 0)
			continue;
		enum status status = session_run_counted(
		    s,
		    "INSERT INTO nodes (number, installation, epoch, applied, durable, place, roles, version, "
		    "schema_known) VALUES ($1, $2, 0, 0, 0, '', '', '', 0) ON CONFLICT DO NOTHING",
		    VALUES(value_i64(number), value_uuid(installation)), &made, err);
		if (status != STATUS_OK || made)
			return *ret = number, status;
	}
	return store_node_new(s, installation, ret, err); /* nearly all are taken: the smallest that is free */
}

static enum status begin(struct store_session *s, struct uuid installation, uint16_t *ret_number, struct err *err)
{
	enum status status = session_run(s, "UPDATE nodes SET seen_at = NULL", VALUES_NONE, err);
	if (status == STATUS_OK)
		status = take_number(s, installation, ret_number, err);
	if (status == STATUS_OK)
		status = session_script(
		    s,
		    "DELETE FROM sessions; DELETE FROM duties; "
		    "UPDATE send_queue SET state = 'waiting', lease = NULL, lease_until = NULL WHERE state = 'leased'; "
		    "{sqlite_only}UPDATE counters SET value = value + " POSITIONS_SKIPPED
		    " WHERE name = 'event_position'{end_sqlite}"
		    "{postgres_only}SELECT setval('event_positions', last_value + " POSITIONS_SKIPPED
		    ") FROM event_positions{end_postgres}",
		    err);
	return status;
}

enum status store_incarnation_begin(struct store_session *s, struct uuid installation, uint16_t *ret_number,
				    struct err *err)
{
	bool own;
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	return session_atomic_end(s, own, begin(s, installation, ret_number, err), err);
}
