/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways to number events; why there are two is in the header.
 *
 * A mark has 31 bits of room for the number that it stands for, because of the two numbers of an advisory lock the
 * other one says that it is a mark. As nobody has two thousand million events under way, the distance to the newest
 * number tells the rest. */
#include "store/events/positions.h"

#include "base/mem.h"

/* The marks' own number among advisory locks, which all programs of a database share. "pugm" in ASCII. */
#define MARK "1886742381"
#define MARK_BITS "2147483647"

/* The mark is left before the first number is taken, whatever order the planner would prefer: it computes a
 * MATERIALIZED part once, and joins before it calls nextval for the row. */
static const char mark_and_take_sql[] =
    "WITH mark AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(" MARK ", (last_value & " MARK_BITS ")::integer) "
    "FROM event_positions) SELECT nextval('event_positions') FROM mark, generate_series(1, $1)";

static const char take_sql[] = "SELECT nextval('event_positions') FROM generate_series(1, $1)";

/* The marks are looked at once the sequence has been read, because the inner query asks for what was read. A mark that
 * was left in between stands above it and holds nothing back; its distance is negative (the sums keep it from becoming
 * one of two thousand million). */
#define HALF "1073741824"
static const char horizon_sql[] =
    "SELECT p.last_value - GREATEST(COALESCE((SELECT MAX(((p.last_value - l.objid::bigint + " HALF ") & " MARK_BITS
    ") - " HALF ") FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = " MARK " AND l.objsubid = 2 AND "
    "l.granted AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())), 0), 0) "
    "FROM event_positions p";

static enum status give_counted(struct store_session *s, struct event *events, size_t count, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s, "UPDATE counters SET value = value + $1 WHERE name = 'event_position' RETURNING value",
			  VALUES(value_i64((int64_t)count)), err);
	if (status != STATUS_OK)
		return status;
	uint64_t last = (uint64_t)rows_i64(&r);
	status = rows_close(&r, rows_next(&r, err));
	for (size_t i = 0; i < count; i++)
		events[i].position = last - count + 1 + i;
	return status;
}

/* The first mark of a transaction is below whatever it gets later, and a thousand of them would fill the server's table
 * of locks. One that was left in a part that is taken back is gone with it. */
static uint64_t *marked_part(struct store_session *s)
{
	struct session_memory *kept = session_memory(s, SESSION_MEMORY_MARK);
	if (!kept->p) {
		kept->p = MEM_NEW(uint64_t);
		kept->free = mem_free;
	}
	return kept->p;
}

static enum status give_from_sequence(struct store_session *s, struct event *events, size_t count, struct err *err)
{
	struct rows r;
	size_t n = 0;
	uint64_t *marked = marked_part(s);
	bool has_mark = *marked == session_part(s);
	enum status status =
	    rows_open(&r, s, has_mark ? take_sql : mark_and_take_sql, VALUES(value_i64((int64_t)count)), err);
	if (status != STATUS_OK)
		return status;
	while ((status = rows_next(&r, err)) == STATUS_OK && n < count)
		events[n++].position = (uint64_t)rows_i64(&r);
	status = rows_close(&r, status);
	if (status == STATUS_OK && n < count)
		return err_set(err, STATUS_CORRUPT, "the sequence of positions is empty");
	if (status == STATUS_OK)
		*marked = session_part(s);
	return status;
}

enum status positions_give(struct store_session *s, struct event *events, size_t count, struct err *err)
{
	return session_is_shared(s) ? give_from_sequence(s, events, count, err) : give_counted(s, events, count, err);
}

enum status positions_horizon(struct store_session *s, uint64_t *ret, struct err *err)
{
	int64_t value = 0;
	enum status status = rows_read_i64(
	    s, session_is_shared(s) ? horizon_sql : "SELECT value FROM counters WHERE name = 'event_position'",
	    VALUES_NONE, &value, err);
	if (status == STATUS_OK)
		*ret = (uint64_t)value;
	return status;
}
