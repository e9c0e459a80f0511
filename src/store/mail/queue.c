/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the queue and the ends of attempts.
 *
 * Every step names the state or the attempt it starts from, so that a step that comes too late changes no row.
 *
 * Where lists can be parameters (PostgreSQL), a batch costs one statement of each kind whatever its length: a round
 * trip a row made outcomes the slowest part of sending over a network. Elsewhere (SQLite) a prepared statement a row
 * is as quick, because there is nothing to travel.
 *
 * Every such statement also says message_id = ANY (the list). A queue fills and empties faster than statistics are
 * gathered, and a plan that was made for an empty one walks over the whole table for each element of the list; with the
 * condition, whatever else it does, it begins with the rows that are meant. For the same reason leases are compared
 * with IS NOT DISTINCT FROM, for which no index is used: all rows of a claim have one lease.
 *
 * Before outcomes are written their rows are locked by one statement in the order of ids. An UPDATE over a list locks
 * rows in whatever order its plan visits them; two appliers with rows in common would then wait for one another. */
#include "store/mail/queue.h"

#include "store/core/session.h"
#include "store/mail/queue_rows.h"

enum status store_queue_add(struct store_session *s, const struct queue_item *item, struct err *err)
{
	return session_run_some(
	    s,
	    "INSERT INTO send_queue (message_id, tenant_id, provider, stream, state, due_at, attempt) "
	    "VALUES ($1, $2, $3, $4, " WAITING_OR_PAUSED_OF("$2", "$3") ", $5, 0) ON CONFLICT DO NOTHING",
	    VALUES(value_uuid(item->message), value_i64(item->tenant), value_text(item->provider),
		   value_text(item->stream), value_time(item->due_us)),
	    (struct none){STATUS_CONFLICT, "the message is queued already"}, err);
}

enum status store_queue_take_out(struct store_session *s, struct uuid message, uint32_t attempt, struct err *err)
{
	return session_run_some(s, "DELETE FROM send_queue WHERE message_id = $1 AND attempt = $2",
				VALUES(value_uuid(message), value_i64(attempt)),
				(struct none){STATUS_CONFLICT, "the row is another attempt's"}, err);
}

enum status store_queue_hold(struct store_session *s, struct uuid message, uint32_t attempt, int64_t now_us,
			     struct err *err)
{
	return session_run_some(s,
				"UPDATE send_queue SET state = 'held', held_at = $3, lease = NULL, lease_until = NULL "
				"WHERE message_id = $1 AND attempt = $2 AND state = 'sending'",
				VALUES(value_uuid(message), value_i64(attempt), value_time(now_us)),
				(struct none){STATUS_CONFLICT, "the row is not being sent by that attempt"}, err);
}

/* ---- Intents */

static enum status intents_one_by_one(struct store_session *s, const struct queue_intent *intents, size_t count,
				      int64_t now_us, bool *taken, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		uint64_t changed = 0;
		status =
		    session_run_counted(s,
					"UPDATE send_queue SET state = 'sending', intent_at = $4 "
					"WHERE message_id = $1 AND lease = $2 AND attempt = $3 AND state = 'leased'",
					VALUES(value_uuid(intents[i].message), value_i64((int64_t)intents[i].lease),
					       value_i64(intents[i].attempt), value_time(now_us)),
					&changed, err);
		taken[i] = changed > 0;
	}
	return status;
}

/* The rows come back by their place in the list. */
static enum status read_taken(struct rows *r, size_t count, bool *taken, struct err *err)
{
	enum status status;
	while ((status = rows_next(r, err)) == STATUS_OK) {
		size_t place = (size_t)rows_i64(r);
		if (place < count)
			taken[place] = true;
	}
	return rows_close(r, status);
}

static enum status intents_at_once(struct store_session *s, const struct queue_intent *intents, size_t count,
				   int64_t now_us, bool *taken, struct err *err)
{
	struct rows r;
	struct arena *arena = arena_new();
	struct uuid *messages = arena_alloc_array(arena, count, sizeof *messages);
	int64_t *leases = arena_alloc_array(arena, count, sizeof *leases);
	int64_t *attempts = arena_alloc_array(arena, count, sizeof *attempts);
	int64_t *places = arena_alloc_array(arena, count, sizeof *places);
	for (size_t i = 0; i < count; i++) {
		messages[i] = intents[i].message;
		leases[i] = (int64_t)intents[i].lease;
		attempts[i] = intents[i].attempt;
		places[i] = (int64_t)i;
	}
	enum status status =
	    rows_open(&r, s,
		      "WITH wanted AS (SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) "
		      "AS w (message_id, lease, attempt, place)), "
		      "locked AS MATERIALIZED (SELECT q.message_id, w.place FROM send_queue q JOIN wanted w "
		      "ON q.message_id = w.message_id WHERE q.message_id = ANY ($1) AND q.state = 'leased' "
		      "AND (q.lease, q.attempt) IS NOT DISTINCT FROM (w.lease, w.attempt) "
		      "ORDER BY q.message_id FOR UPDATE OF q) "
		      "UPDATE send_queue SET state = 'sending', intent_at = $5 FROM locked "
		      "WHERE send_queue.message_id = ANY ($1) AND send_queue.message_id = locked.message_id "
		      "RETURNING locked.place",
		      VALUES(value_uuid_array(messages, count), value_i64_array(leases, count),
			     value_i64_array(attempts, count), value_i64_array(places, count), value_time(now_us)),
		      err);
	if (status == STATUS_OK)
		status = read_taken(&r, count, taken, err);
	arena_free(&arena);
	return status;
}

enum status store_queue_intents(struct store_session *s, const struct queue_intent *intents, size_t count,
				int64_t now_us, bool *ret_taken, struct err *err)
{
	memset(ret_taken, 0, count * sizeof *ret_taken);
	if (!session_has_arrays(s))
		return intents_one_by_one(s, intents, count, now_us, ret_taken, err);
	return count ? intents_at_once(s, intents, count, now_us, ret_taken, err) : STATUS_OK;
}

/* ---- Outcomes */

/* A person may have decided about a doubt before: a second doubt of the same attempt takes nothing back. */
#define FINISH "DELETE FROM send_queue WHERE message_id = $1 AND attempt = $2"
#define RETRY                                                                                                          \
	"UPDATE send_queue SET state = " WAITING_OR_PAUSED ", due_at = $3, error = $4, lease = NULL, "                 \
	"lease_until = NULL, intent_at = NULL, held_at = NULL WHERE message_id = $1 AND attempt = $2"
#define HOLD                                                                                                           \
	"UPDATE send_queue SET state = 'held', held_at = $3, lease = NULL, lease_until = NULL "                        \
	"WHERE message_id = $1 AND attempt = $2 AND state IN ('leased', 'sending')"

static enum status end_one(struct store_session *s, const struct queue_outcome *o, struct err *err)
{
	switch (o->ending) {
	case QUEUE_FINISHED: return session_run(s, FINISH, VALUES(value_uuid(o->message), value_i64(o->attempt)), err);
	case QUEUE_RETRY:
		return session_run(s, RETRY,
				   VALUES(value_uuid(o->message), value_i64(o->attempt), value_time(o->due_us),
					  value_text_or_null(o->error)),
				   err);
	case QUEUE_DOUBT: break;
	}
	return session_run(s, HOLD, VALUES(value_uuid(o->message), value_i64(o->attempt), value_time(o->time_us)), err);
}

/* The outcomes of one ending as columns. */
struct ended {
	size_t n;
	struct uuid *messages;
	int64_t *attempts, *times_us;
	struct slice *errors;
	bool *has_no_error;
};

static struct ended ended_new(struct arena *arena, size_t room)
{
	return (struct ended){
	    .messages = arena_alloc_array(arena, room, sizeof(struct uuid)),
	    .attempts = arena_alloc_array(arena, room, sizeof(int64_t)),
	    .times_us = arena_alloc_array(arena, room, sizeof(int64_t)),
	    .errors = arena_alloc_array(arena, room, sizeof(struct slice)),
	    .has_no_error = arena_alloc_array(arena, room, sizeof(bool)),
	};
}

static void ended_add(struct ended *e, const struct queue_outcome *o)
{
	size_t i = e->n++;
	e->messages[i] = o->message;
	e->attempts[i] = o->attempt;
	e->times_us[i] = o->ending == QUEUE_RETRY ? o->due_us : o->time_us;
	e->errors[i] = o->error;
	e->has_no_error[i] = o->error.n == 0;
}

#define UNNEST_ENDED "unnest($1::uuid[], $2::bigint[]) AS e (message_id, attempt)"
#define IS_ENDED                                                                                                       \
	"send_queue.message_id = ANY ($1) AND send_queue.message_id = e.message_id AND send_queue.attempt = e.attempt"

static enum status finish_all(struct store_session *s, const struct ended *e, struct err *err)
{
	if (e->n == 0)
		return STATUS_OK;
	return session_run(s, "DELETE FROM send_queue USING " UNNEST_ENDED " WHERE " IS_ENDED,
			   VALUES(value_uuid_array(e->messages, e->n), value_i64_array(e->attempts, e->n)), err);
}

static enum status retry_all(struct store_session *s, const struct ended *e, struct err *err)
{
	if (e->n == 0)
		return STATUS_OK;
	return session_run(s,
			   "UPDATE send_queue SET state = " WAITING_OR_PAUSED
			   ", due_at = e.due_at, error = e.error, lease = NULL, "
			   "lease_until = NULL, intent_at = NULL, held_at = NULL FROM "
			   "unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[]) "
			   "AS e (message_id, attempt, due_at, error) WHERE " IS_ENDED,
			   VALUES(value_uuid_array(e->messages, e->n), value_i64_array(e->attempts, e->n),
				  value_time_array(e->times_us, e->n),
				  value_with_nulls(value_text_array(e->errors, e->n), e->has_no_error)),
			   err);
}

static enum status hold_all(struct store_session *s, const struct ended *e, struct err *err)
{
	if (e->n == 0)
		return STATUS_OK;
	return session_run(
	    s,
	    "UPDATE send_queue SET state = 'held', held_at = e.held_at, lease = NULL, lease_until = NULL FROM "
	    "unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) AS e (message_id, attempt, held_at) "
	    "WHERE " IS_ENDED " AND send_queue.state IN ('leased', 'sending')",
	    VALUES(value_uuid_array(e->messages, e->n), value_i64_array(e->attempts, e->n),
		   value_time_array(e->times_us, e->n)),
	    err);
}

static enum status lock_rows(struct store_session *s, const struct queue_outcome *outcomes, size_t count,
			     struct arena *arena, struct err *err)
{
	struct uuid *messages = arena_alloc_array(arena, count, sizeof *messages);
	for (size_t i = 0; i < count; i++)
		messages[i] = outcomes[i].message;
	return session_run(s, "SELECT 1 FROM send_queue WHERE message_id = ANY ($1) ORDER BY message_id FOR UPDATE",
			   VALUES(value_uuid_array(messages, count)), err);
}

static enum status end_at_once(struct store_session *s, const struct queue_outcome *outcomes, size_t count,
			       struct err *err)
{
	struct arena *arena = arena_new();
	struct ended ended[QUEUE_DOUBT + 1];
	for (size_t i = 0; i <= QUEUE_DOUBT; i++)
		ended[i] = ended_new(arena, count);
	for (size_t i = 0; i < count; i++)
		ended_add(&ended[outcomes[i].ending], &outcomes[i]);
	enum status status = lock_rows(s, outcomes, count, arena, err);
	if (status == STATUS_OK)
		status = finish_all(s, &ended[QUEUE_FINISHED], err);
	if (status == STATUS_OK)
		status = retry_all(s, &ended[QUEUE_RETRY], err);
	if (status == STATUS_OK)
		status = hold_all(s, &ended[QUEUE_DOUBT], err);
	arena_free(&arena);
	return status;
}

enum status store_queue_end_attempts(struct store_session *s, const struct queue_outcome *outcomes, size_t count,
				     struct err *err)
{
	enum status status = STATUS_OK;
	if (count && session_has_arrays(s))
		return end_at_once(s, outcomes, count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = end_one(s, &outcomes[i], err);
	return status;
}
