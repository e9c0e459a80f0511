/* SPDX-License-Identifier: Apache-2.0 */
/* States of a row: waiting -> leased -> sending -> (gone | waiting again | held -> waiting | gone); paused is waiting
 * that no claim sees. Every step names the state it starts from, so that a step that comes too late changes no row.
 *
 * A claim is fair in two stages. The tenants that have due mail are found by jumping along the index (one probe each,
 * whatever their backlog), then every tenant gets its share of what is still wanted, the tenant that has waited longest
 * first; what a tenant leaves over goes to the others in the next round. A ranking over all due rows would cost their
 * whole number on every claim.
 *
 * A fencing token is 63 random bits for all rows of one claim: it is only ever compared for equality, and a counter
 * would make deliverers on several machines wait for each other.
 */
#include "store/mail/queue.h"

#include "base/random.h"
#include "store/core/session.h"

static const struct none lease_lost = {STATUS_CONFLICT, "the lease is no longer ours"};

/* The state in which a row starts to wait: nobody may claim it while its tenant or provider is paused. */
#define WAITING_OR_PAUSED(tenant, provider)                                                                            \
	"CASE WHEN EXISTS (SELECT 1 FROM queue_pauses p WHERE p.tenant_id IN (0, " tenant                              \
	") AND p.provider IN ('', " provider ")) THEN 'paused' ELSE 'waiting' END"

enum status store_queue_add(struct store_session *s, const struct queue_item *item, struct err *err)
{
	return session_run_some(
	    s,
	    "INSERT INTO send_queue (message_id, tenant_id, provider, stream, state, due_at, attempt) "
	    "VALUES ($1, $2, $3, $4, " WAITING_OR_PAUSED("$2", "$3") ", $5, 0) ON CONFLICT DO NOTHING",
	    VALUES(value_uuid(item->message), value_i64(item->tenant), value_text(item->provider),
		   value_text(item->stream), value_time(item->due_us)),
	    (struct none){STATUS_CONFLICT, "the message is queued already"}, err);
}

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
	"oldest AS (SELECT w.tenant_id, (SELECT MIN(q.due_at) FROM send_queue q WHERE q.state = 'waiting' "            \
	"AND q.tenant_id = w.tenant_id) AS due_at FROM waiting w WHERE w.tenant_id IS NOT NULL) "

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

struct claim {
	const struct queue_claim *asked;
	uint64_t lease;
	struct arena *arena;
	struct growing entries;
};

static void read_entry(struct rows *r, struct queue_entry *e)
{
	e->message = rows_uuid(r);
	e->tenant = (uint32_t)rows_i64(r);
	e->attempt = (uint32_t)rows_i64(r);
	e->lease = (uint64_t)rows_i64(r);
	e->provider = rows_text(r);
	e->stream = rows_text(r);
}

static enum status claim_of_tenant(struct store_session *s, struct claim *c, uint32_t tenant, size_t share,
				   struct err *err)
{
	struct rows r;
	/* MATERIALIZED: PostgreSQL might otherwise run the locking part again and lock more than is claimed. */
	enum status status =
	    rows_open(&r, s,
		      "WITH picked AS MATERIALIZED (SELECT message_id FROM send_queue WHERE state = 'waiting' "
		      "AND tenant_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3 {skip_locked}) "
		      "UPDATE send_queue SET state = 'leased', lease = $4, lease_until = $5, attempt = attempt + 1 "
		      "WHERE message_id IN (SELECT message_id FROM picked) "
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
	size_t share = left > 0 ? (c->asked->limit - before + left - 1) / left : 0;
	for (size_t i = 0; i < tenants->n && c->entries.n < c->asked->limit; i++) {
		if (t[i].is_empty)
			continue;
		size_t wanted = c->asked->limit - c->entries.n;
		size_t had = c->entries.n;
		enum status status = claim_of_tenant(s, c, t[i].id, share < wanted ? share : wanted, err);
		if (status != STATUS_OK)
			return status;
		t[i].is_empty = c->entries.n - had < share;
	}
	*ret_any = c->entries.n > before;
	return STATUS_OK;
}

static uint64_t new_lease(void)
{
	uint64_t lease = 0;
	random_bytes(&lease, sizeof lease);
	return (lease & INT64_MAX) | 1;
}

static enum status claim_all(struct store_session *s, struct claim *c, struct err *err)
{
	struct growing tenants = {0};
	bool any = true;
	/* Claims whose worker died or was too slow, and never said that it would send, wait again. */
	enum status status =
	    session_run(s,
			"UPDATE send_queue SET state = " WAITING_OR_PAUSED(
			    "send_queue.tenant_id",
			    "send_queue.provider") ", "
						   "lease = NULL, lease_until = NULL "
						   "WHERE lease IS NOT NULL AND state = 'leased' AND lease_until <= $1",
			VALUES(value_time(c->asked->now_us)), err);
	if (status == STATUS_OK)
		status = waiting_tenants(s, c->asked->now_us, c->arena, &tenants, err);
	while (status == STATUS_OK && any && c->entries.n < c->asked->limit)
		status = claim_round(s, c, &tenants, &any, err);
	return status;
}

enum status store_queue_claim(struct store_session *s, const struct queue_claim *claim, struct arena *arena,
			      struct queue_entry **ret, size_t *ret_count, struct err *err)
{
	bool own;
	struct claim c = {.asked = claim, .lease = new_lease(), .arena = arena};
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

enum status store_queue_extend(struct store_session *s, const uint64_t *leases, size_t count, int64_t lease_until_us,
			       struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = session_run(s, "UPDATE send_queue SET lease_until = $2 WHERE lease = $1",
				     VALUES(value_i64((int64_t)leases[i]), value_time(lease_until_us)), err);
	return status;
}

enum status store_queue_intent(struct store_session *s, struct uuid message, uint64_t lease, uint32_t attempt,
			       int64_t now_us, struct err *err)
{
	return session_run_some(
	    s,
	    "UPDATE send_queue SET state = 'sending', intent_at = $4 "
	    "WHERE message_id = $1 AND lease = $2 AND attempt = $3 AND state = 'leased'",
	    VALUES(value_uuid(message), value_i64((int64_t)lease), value_i64(attempt), value_time(now_us)), lease_lost,
	    err);
}

enum status store_queue_finish(struct store_session *s, struct uuid message, uint64_t lease, struct err *err)
{
	return session_run_some(s, "DELETE FROM send_queue WHERE message_id = $1 AND lease = $2",
				VALUES(value_uuid(message), value_i64((int64_t)lease)), lease_lost, err);
}

enum status store_queue_retry(struct store_session *s, struct uuid message, uint64_t lease, int64_t due_us,
			      struct slice error, struct err *err)
{
	return session_run_some(
	    s,
	    "UPDATE send_queue SET state = " WAITING_OR_PAUSED(
		"send_queue.tenant_id", "send_queue.provider") ", due_at = $3, "
							       "error = $4, lease = NULL, lease_until = NULL, "
							       "intent_at = NULL WHERE message_id = $1 AND lease = $2",
	    VALUES(value_uuid(message), value_i64((int64_t)lease), value_time(due_us), value_text_or_null(error)),
	    lease_lost, err);
}

enum status store_queue_hold(struct store_session *s, struct uuid message, uint64_t lease, int64_t now_us,
			     struct err *err)
{
	return session_run_some(s,
				"UPDATE send_queue SET state = 'held', held_at = $3, lease = NULL, lease_until = NULL "
				"WHERE message_id = $1 AND lease = $2",
				VALUES(value_uuid(message), value_i64((int64_t)lease), value_time(now_us)), lease_lost,
				err);
}

enum status store_queue_orphans(struct store_session *s, const struct queue_look *look, struct arena *arena,
				struct queue_entry **ret, size_t *ret_count, struct err *err)
{
	struct rows r;
	struct growing list = {0};
	enum status status =
	    rows_open(&r, s,
		      "SELECT message_id, tenant_id, attempt, lease, provider, stream FROM send_queue "
		      "WHERE lease IS NOT NULL AND state = 'sending' AND ({own_alone} OR lease_until <= $1) "
		      "ORDER BY intent_at, message_id LIMIT $2",
		      VALUES(value_time(look->now_us), value_i64(look->limit)), err);
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
	return session_run(
	    s,
	    "UPDATE send_queue SET state = " WAITING_OR_PAUSED(
		"send_queue.tenant_id",
		"send_queue.provider") ", "
				       "lease = NULL, lease_until = NULL WHERE lease IS NOT NULL AND state = 'leased'",
	    VALUES_NONE, err);
}
