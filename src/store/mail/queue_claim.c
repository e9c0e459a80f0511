/* SPDX-License-Identifier: Apache-2.0 */
/* Claims are fair in two stages. The tenants that have due mail are found by jumping along the index (one probe each,
 * whatever their backlog), then every tenant gets its share of what is still wanted, the tenant that has waited longest
 * first; what a tenant leaves over goes to the others in the next round. A ranking over all due rows would cost their
 * whole number on every claim.
 *
 * PostgreSQL does a round in one statement, LATERAL over the tenants. SQLite has no LATERAL and no round trips: there a
 * round is one prepared statement a tenant.
 *
 * Whatever takes rows that others may hold skips what is locked, and whatever waits for locks takes them in the order
 * of ids. So deliverers on several machines neither wait for one another nor deadlock.
 *
 * A fencing token is one number for all rows of one claim: 16 bits of the node, 16 of its epoch, 31 at random. No
 * counter, because deliverers on several machines would wait for each other. Node and epoch, because a node that starts
 * again is the only one that knows at once that the claims of its last life are nobody's; the index on leases finds
 * them. Tokens of older programs are random in all bits; one that looks like a dead one of ours is one in 65,536, and
 * freeing it is what its end would do a minute later: whoever holds it can record no intent and sends nothing.
 */
#include "store/mail/queue_claim.h"

#include "base/random.h"
#include "store/core/session.h"
#include "store/mail/queue_rows.h"

struct waiting_tenant {
	uint32_t id;
	bool is_empty;
};

/* Every tenant that waits and its oldest due, by one probe of the index each. */
#define WAITING_TENANTS                                                                                                \
	"WITH RECURSIVE waiting (tenant_id) AS ("                                                                      \
	"SELECT (SELECT MIN(tenant_id) FROM send_queue WHERE state = 'waiting') UNION ALL "                            \
	"SELECT (SELECT MIN(q.tenant_id) FROM send_queue q WHERE q.state = 'waiting' AND q.tenant_id > w.tenant_id) "  \
	"FROM waiting w WHERE w.tenant_id IS NOT NULL), "                                                              \
	"oldest AS MATERIALIZED (SELECT w.tenant_id, (SELECT MIN(q.due_at) FROM send_queue q WHERE q.state = "         \
	"'waiting' "                                                                                                   \
	"AND q.tenant_id = w.tenant_id) AS due_at FROM waiting w WHERE w.tenant_id IS NOT NULL) "

struct claim {
	const struct queue_claim *asked;
	uint64_t lease;
	struct arena *arena;
	struct growing entries;
};

/* ---- Whose a lease is */

enum { DICE_BITS = 31, EPOCH_BITS = 16 };
static const uint32_t DICE_MAX = INT32_MAX;

struct lease_range {
	int64_t first, last;
};

static struct lease_range leases_of_node(const struct node_claim *holder)
{
	uint64_t first = (uint64_t)holder->number << (DICE_BITS + EPOCH_BITS);
	return (struct lease_range){(int64_t)first, (int64_t)(first | ((UINT64_C(1) << (DICE_BITS + EPOCH_BITS)) - 1))};
}

static struct lease_range leases_of_epoch(const struct node_claim *holder)
{
	uint64_t first = (uint64_t)leases_of_node(holder).first | (holder->epoch & UINT16_MAX) << DICE_BITS;
	return (struct lease_range){(int64_t)first, (int64_t)(first | DICE_MAX)};
}

static uint32_t still_wanted(const struct claim *c)
{
	return c->asked->limit - (uint32_t)c->entries.n;
}

static void read_entry(struct rows *r, struct queue_entry *e)
{
	e->message = rows_uuid(r);
	e->tenant = (uint32_t)rows_i64(r);
	e->attempt = (uint32_t)rows_i64(r);
	e->lease = (uint64_t)rows_i64(r);
	e->provider = rows_text(r);
	e->stream = rows_text(r);
}

/* Claims whose worker died or was too slow, and never said that it would send, wait again. Those that somebody has
 * locked are being extended, or freed by another. */
static enum status free_expired(struct store_session *s, int64_t now_us, struct err *err)
{
	return session_run(
	    s,
	    "UPDATE send_queue SET state = " WAITING_OR_PAUSED ", lease = NULL, lease_until = NULL WHERE message_id IN "
	    "(SELECT message_id FROM send_queue WHERE lease IS NOT NULL AND state = 'leased' AND lease_until <= $1 "
	    "{skip_locked})",
	    VALUES(value_time(now_us)), err);
}

/* ---- One tenant after the other */

/* In the order in which they have waited: the oldest due first. */
static enum status waiting_tenants(struct store_session *s, int64_t now_us, struct arena *arena, struct growing *list,
				   struct err *err)
{
	struct rows r;
	enum status status = rows_open(
	    &r, s, WAITING_TENANTS "SELECT tenant_id FROM oldest WHERE due_at <= $1 ORDER BY due_at, tenant_id",
	    VALUES(value_time(now_us)), err);
	if (status != STATUS_OK)
		return status;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct waiting_tenant *t = growing_add(list, arena, sizeof *t);
		t->id = (uint32_t)rows_i64(&r);
	}
	return rows_close(&r, status);
}

static enum status claim_of_tenant(struct store_session *s, struct claim *c, uint32_t tenant, size_t share,
				   struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open(&r, s,
		      "UPDATE send_queue SET state = 'leased', lease = $4, lease_until = $5, attempt = attempt + 1 "
		      "WHERE message_id IN (SELECT message_id FROM send_queue WHERE state = 'waiting' "
		      "AND tenant_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3) "
		      "RETURNING message_id, tenant_id, attempt, lease, provider, stream",
		      VALUES(value_i64(tenant), value_time(c->asked->now_us), value_i64((int64_t)share),
			     value_i64((int64_t)c->lease), value_time(c->asked->lease_until_us)),
		      err);
	if (status != STATUS_OK)
		return status;
	r.arena = c->arena;
	while ((status = rows_next(&r, err)) == STATUS_OK)
		read_entry(&r, growing_add(&c->entries, c->arena, sizeof(struct queue_entry)));
	return rows_close(&r, status);
}

/* One round over the tenants that are not known to be empty; says whether anybody got something. */
static enum status claim_round(struct store_session *s, struct claim *c, struct growing *tenants, bool *ret_any,
			       struct err *err)
{
	struct waiting_tenant *t = tenants->items;
	size_t before = c->entries.n, left = 0;
	for (size_t i = 0; i < tenants->n; i++)
		left += !t[i].is_empty;
	/* Fixed for the round: what one leaves over is for all others alike, in the next. */
	size_t share = left > 0 ? (still_wanted(c) + left - 1) / left : 0;
	for (size_t i = 0; i < tenants->n && still_wanted(c) > 0; i++) {
		if (t[i].is_empty)
			continue;
		size_t wanted = still_wanted(c);
		size_t had = c->entries.n;
		enum status status = claim_of_tenant(s, c, t[i].id, share < wanted ? share : wanted, err);
		if (status != STATUS_OK)
			return status;
		t[i].is_empty = c->entries.n - had < share;
	}
	*ret_any = c->entries.n > before;
	return STATUS_OK;
}

static enum status claim_by_tenant(struct store_session *s, struct claim *c, struct err *err)
{
	struct growing tenants = {0};
	bool any = true;
	enum status status = waiting_tenants(s, c->asked->now_us, c->arena, &tenants, err);
	while (status == STATUS_OK && any && still_wanted(c) > 0)
		status = claim_round(s, c, &tenants, &any, err);
	return status;
}

/* ---- All tenants in one statement */

/* `due` comes in the order in which tenants have waited, and the nested loop over it keeps that order, so the outer
 * LIMIT cuts off who has waited least. MATERIALIZED: PostgreSQL might otherwise run the locking part again and lock
 * more than is claimed. The share tells whether a tenant may have more. */
static const char claim_at_once[] = WAITING_TENANTS
    ", due AS MATERIALIZED (SELECT tenant_id, ($2::bigint + COUNT(*) OVER () - 1) / COUNT(*) OVER () AS share "
    "FROM oldest WHERE due_at <= $1 ORDER BY due_at, tenant_id), "
    "picked AS MATERIALIZED (SELECT q.message_id, due.share FROM due CROSS JOIN LATERAL (SELECT message_id FROM "
    "send_queue WHERE state = 'waiting' AND tenant_id = due.tenant_id AND due_at <= $1 ORDER BY due_at "
    "LIMIT due.share FOR UPDATE SKIP LOCKED) q LIMIT $2) "
    "UPDATE send_queue SET state = 'leased', lease = $3, lease_until = $4, attempt = attempt + 1 "
    "WHERE message_id = ANY (ARRAY (SELECT message_id FROM picked)) "
    "RETURNING message_id, tenant_id, attempt, lease, provider, stream, (SELECT MAX(share) FROM picked)";

/* *ret_more: somebody got a whole share, and less is claimed than was wanted. */
static enum status claim_round_at_once(struct store_session *s, struct claim *c, bool *ret_more, struct err *err)
{
	struct rows r;
	int64_t share = 0;
	uint32_t wanted = still_wanted(c);
	enum status status = rows_open(&r, s, claim_at_once,
				       VALUES(value_time(c->asked->now_us), value_i64(wanted),
					      value_i64((int64_t)c->lease), value_time(c->asked->lease_until_us)),
				       err);
	if (status != STATUS_OK)
		return status;
	r.arena = c->arena;
	size_t before = c->entries.n;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		read_entry(&r, growing_add(&c->entries, c->arena, sizeof(struct queue_entry)));
		share = rows_i64(&r);
	}
	/* A round that gave less than one share to all of them together has found everybody's end. */
	*ret_more = c->entries.n > before && still_wanted(c) > 0 && c->entries.n - before >= (size_t)share;
	return rows_close(&r, status);
}

static enum status claim_all_tenants(struct store_session *s, struct claim *c, struct err *err)
{
	bool more = still_wanted(c) > 0;
	enum status status = STATUS_OK;
	while (status == STATUS_OK && more)
		status = claim_round_at_once(s, c, &more, err);
	return status;
}

/* ---- */

static uint64_t new_lease(const struct node_claim *holder)
{
	uint32_t dice = 0;
	random_bytes(&dice, sizeof dice);
	/* Never 0, which is no lease. */
	return (uint64_t)leases_of_epoch(holder).first | (dice & DICE_MAX) | 1;
}

static enum status claim_all(struct store_session *s, struct claim *c, struct err *err)
{
	enum status status = free_expired(s, c->asked->now_us, err);
	if (status != STATUS_OK)
		return status;
	return session_has_arrays(s) ? claim_all_tenants(s, c, err) : claim_by_tenant(s, c, err);
}

enum status store_queue_claim(struct store_session *s, const struct queue_claim *claim, struct arena *arena,
			      struct queue_entry **ret, size_t *ret_count, struct err *err)
{
	bool own;
	struct claim c = {.asked = claim, .lease = new_lease(&claim->holder), .arena = arena};
	enum status status = session_atomic_begin(s, &own, err);
	if (status != STATUS_OK)
		return status;
	status = session_atomic_end(s, own, claim_all(s, &c, err), err);
	if (status != STATUS_OK)
		return status;
	*ret = c.entries.items;
	*ret_count = c.entries.n;
	return STATUS_OK;
}

enum status store_queue_next_due(struct store_session *s, int64_t *ret_due_us, struct err *err)
{
	struct rows r;
	/* A lease that runs out makes its row due, too. */
	enum status status = rows_open_one(
	    &r, s,
	    WAITING_TENANTS "SELECT MIN(d.due_at) FROM (SELECT due_at FROM oldest UNION ALL "
			    "SELECT MIN(lease_until) FROM send_queue WHERE lease IS NOT NULL AND state = 'leased') d",
	    VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	*ret_due_us = rows_time(&r);
	return rows_close(&r, STATUS_OK);
}

/* ---- Leases */

enum status store_queue_extend(struct store_session *s, uint64_t lease, int64_t lease_until_us, struct err *err)
{
	return session_run(s,
			   "UPDATE send_queue SET lease_until = $2 WHERE message_id IN (SELECT message_id FROM "
			   "send_queue WHERE lease = $1 ORDER BY message_id {for_update})",
			   VALUES(value_i64((int64_t)lease), value_time(lease_until_us)), err);
}

#define WAIT_AGAIN "UPDATE send_queue SET state = " WAITING_OR_PAUSED ", lease = NULL, lease_until = NULL "

enum status store_queue_release(struct store_session *s, uint64_t lease, struct err *err)
{
	return session_run(s, WAIT_AGAIN "WHERE lease = $1 AND state = 'leased'", VALUES(value_i64((int64_t)lease)),
			   err);
}

/* Who holds a lease is the only one to give it back: nobody else wants these locks, so they need no order. The
 * conditions are written as queue.c says at its head. */
static enum status give_back_at_once(struct store_session *s, const struct queue_entry *entries, size_t count,
				     struct err *err)
{
	struct arena *arena = arena_new();
	struct uuid *messages = arena_alloc_array(arena, count, sizeof *messages);
	int64_t *leases = arena_alloc_array(arena, count, sizeof *leases);
	for (size_t i = 0; i < count; i++) {
		messages[i] = entries[i].message;
		leases[i] = (int64_t)entries[i].lease;
	}
	enum status status =
	    session_run(s,
			WAIT_AGAIN "FROM unnest($1::uuid[], $2::bigint[]) AS e (message_id, lease) WHERE "
				   "send_queue.message_id = ANY ($1) AND send_queue.message_id = e.message_id AND "
				   "send_queue.lease IS NOT DISTINCT FROM e.lease AND state = 'leased'",
			VALUES(value_uuid_array(messages, count), value_i64_array(leases, count)), err);
	arena_free(&arena);
	return status;
}

enum status store_queue_give_back(struct store_session *s, const struct queue_entry *entries, size_t count,
				  struct err *err)
{
	enum status status = STATUS_OK;
	if (count && session_has_arrays(s))
		return give_back_at_once(s, entries, count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = session_run(s, WAIT_AGAIN "WHERE message_id = $1 AND lease = $2 AND state = 'leased'",
				     VALUES(value_uuid(entries[i].message), value_i64((int64_t)entries[i].lease)), err);
	return status;
}

/* ---- A clock that was set back */

/* Mail that was to leave at once was due when it was accepted, which is what tells it from mail with a time. Rows that
 * somebody has locked are being claimed. */
enum status store_queue_recall(struct store_session *s, const struct queue_recall *recall, struct err *err)
{
	struct value in[1 + QUEUE_WAITS] = {value_time(recall->now_us)};
	for (size_t i = 0; i < QUEUE_WAITS; i++)
		in[1 + i] = value_time(recall->now_us + recall->longest_wait_us[i]);
	return session_run(
	    s,
	    "UPDATE send_queue SET due_at = $1 WHERE message_id IN (SELECT q.message_id FROM send_queue q WHERE "
	    "q.state IN ('waiting', 'paused') AND q.due_at > CASE q.attempt WHEN 0 THEN $1 WHEN 1 THEN $2 WHEN 2 THEN "
	    "$3 WHEN 3 THEN $4 WHEN 4 THEN $5 WHEN 5 THEN $6 WHEN 6 THEN $7 WHEN 7 THEN $8 ELSE $9 END AND "
	    "(q.attempt > 0 OR EXISTS (SELECT 1 FROM messages m WHERE m.id = q.message_id AND m.send_at <= "
	    "m.created_at)) {skip_locked})",
	    (struct values){in, sizeof in / sizeof in[0]}, err);
}

/* ---- What a crash left */

enum status store_queue_orphans(struct store_session *s, const struct queue_look *look, struct arena *arena,
				struct queue_entry **ret, size_t *ret_count, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	struct lease_range node = leases_of_node(&look->holder), now = leases_of_epoch(&look->holder);
	enum status status =
	    rows_open(&r, s,
		      "SELECT message_id, tenant_id, attempt, lease, provider, stream FROM send_queue "
		      "WHERE lease IS NOT NULL AND state = 'sending' AND ({own_alone} OR lease_until <= $1 OR "
		      "(lease BETWEEN $3 AND $4 AND NOT lease BETWEEN $5 AND $6)) "
		      "ORDER BY intent_at, message_id LIMIT $2",
		      VALUES(value_time(look->now_us), value_i64(look->limit), value_i64(node.first),
			     value_i64(node.last), value_i64(now.first), value_i64(now.last)),
		      err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK)
		read_entry(&r, growing_add(&list, arena, sizeof(struct queue_entry)));
	status = rows_close(&r, status);
	if (status != STATUS_OK)
		return status;
	*ret = list.items;
	*ret_count = list.n;
	return STATUS_OK;
}

enum status store_queue_release_all(struct store_session *s, struct err *err)
{
	return session_run(s, WAIT_AGAIN "WHERE lease IS NOT NULL AND state = 'leased'", VALUES_NONE, err);
}

enum status store_queue_free_earlier(struct store_session *s, const struct node_claim *holder, struct err *err)
{
	struct lease_range node = leases_of_node(holder), now = leases_of_epoch(holder);
	return session_run(
	    s,
	    WAIT_AGAIN "WHERE message_id IN (SELECT message_id FROM send_queue WHERE lease BETWEEN $1 "
		       "AND $2 AND NOT lease BETWEEN $3 AND $4 AND state = 'leased' {skip_locked})",
	    VALUES(value_i64(node.first), value_i64(node.last), value_i64(now.first), value_i64(now.last)), err);
}

/* Reads the whole queue, which has no index on held rows: for once at the start. */
enum status store_queue_drop_ended(struct store_session *s, uint64_t *ret_count, struct err *err)
{
	return session_run_counted(
	    s,
	    "DELETE FROM send_queue WHERE state = 'held' AND message_id IN (SELECT m.id FROM messages m JOIN "
	    "send_queue q ON q.message_id = m.id WHERE q.state = 'held' AND m.state IN ('sent', 'delivered', "
	    "'bounced', 'complained', 'failed', 'suppressed', 'canceled'))",
	    VALUES_NONE, ret_count, err);
}
