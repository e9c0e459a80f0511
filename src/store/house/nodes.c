/* SPDX-License-Identifier: Apache-2.0 */
/* One row a node, changed by compare-and-swap on its epoch: nothing here waits for a lock longer than one statement of
 * another start takes, and no clock but the store's own is compared with another. The cursor is in the same row
 * (cursor.c), so that one UPDATE asks for both. */
#include "store/house/nodes.h"

#include "store/core/migrations.h"
#include "store/core/session.h"

#define NODE_COLUMNS                                                                                                   \
	"number, installation, epoch, applied, durable, place, roles, version, schema_known, started_at, seen_at"

static void read_node(struct rows *r, struct node *ret)
{
	ret->number = (uint16_t)rows_i64(r);
	ret->installation = rows_uuid(r);
	ret->epoch = (uint64_t)rows_i64(r);
	ret->applied = (uint64_t)rows_i64(r);
	ret->durable = (uint64_t)rows_i64(r);
	ret->place = rows_text(r);
	ret->roles = rows_text(r);
	ret->version = rows_text(r);
	ret->schema_known = (uint32_t)rows_i64(r);
	ret->started_us = rows_time(r);
	ret->seen_us = rows_time(r);
}

static enum status find_node(struct store_session *s, const char *sql, struct values in, struct arena *arena,
			     struct node *ret, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, sql, in, err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	read_node(&r, ret);
	return rows_close(&r, STATUS_OK);
}

enum status store_node_find(struct store_session *s, uint16_t number, struct arena *arena, struct node *ret,
			    struct err *err)
{
	enum status status = find_node(s, "SELECT " NODE_COLUMNS " FROM nodes WHERE number = $1",
				       VALUES(value_i64(number)), arena, ret, err);
	return status == STATUS_NOT_FOUND ? err_set(err, status, "there is no node %u", number) : status;
}

enum status store_node_of(struct store_session *s, struct uuid installation, struct arena *arena, struct node *ret,
			  struct err *err)
{
	enum status status = find_node(s, "SELECT " NODE_COLUMNS " FROM nodes WHERE installation = $1",
				       VALUES(value_uuid(installation)), arena, ret, err);
	return status == STATUS_NOT_FOUND ? err_set(err, status, "this installation has no node") : status;
}

/* ---- Numbers */

static enum status find_number(struct store_session *s, const char *sql, struct values in, uint16_t *ret,
			       struct err *err)
{
	int64_t value = 0;
	enum status status = rows_read_i64(s, sql, in, &value, err);
	if (status == STATUS_OK)
		*ret = (uint16_t)value;
	return status;
}

/* The smallest and not the next: numbers that journals once drew for themselves lie anywhere up to the largest. Two
 * starts may find the same one; the INSERT tells them apart. */
static enum status give_number(struct store_session *s, struct uuid installation, uint16_t *ret, struct err *err)
{
	uint16_t number;
	uint64_t made = 0;
	while (!made) {
		enum status status =
		    find_number(s,
				"SELECT MIN(c.n) FROM (SELECT 1 AS n UNION ALL SELECT number + 1 FROM nodes) c "
				"WHERE c.n <= 65535 AND NOT EXISTS (SELECT 1 FROM nodes o WHERE o.number = c.n)",
				VALUES_NONE, &number, err);
		if (status == STATUS_OK && number == 0)
			status = err_set(err, STATUS_CONFLICT, "all %d numbers of nodes are taken", NODE_NUMBER_MAX);
		if (status == STATUS_OK)
			status = session_run_counted(
			    s,
			    "INSERT INTO nodes (number, installation, epoch, applied, durable, place, roles, version, "
			    "schema_known) VALUES ($1, $2, 0, 0, 0, '', '', '', 0) ON CONFLICT DO NOTHING",
			    VALUES(value_i64(number), value_uuid(installation)), &made, err);
		if (status != STATUS_OK)
			return status;
	}
	*ret = number;
	return STATUS_OK;
}

enum status store_node_new(struct store_session *s, struct uuid installation, uint16_t *ret_number, struct err *err)
{
	struct rows r;
	enum status status = rows_open_one(&r, s, "SELECT number, applied + durable FROM nodes WHERE installation = $1",
					   VALUES(value_uuid(installation)), err);
	if (status == STATUS_NOT_FOUND)
		return give_number(s, installation, ret_number, err);
	if (status != STATUS_OK)
		return status;
	uint16_t number = (uint16_t)rows_i64(&r);
	bool is_used = rows_i64(&r) > 0;
	status = rows_close(&r, STATUS_OK);
	if (status == STATUS_OK && is_used)
		return err_set(err, STATUS_CONFLICT, "node %u was this installation's and had another journal", number);
	/* A start that failed between number and journal has the first one still. */
	if (status == STATUS_OK)
		*ret_number = number;
	return status;
}

/* ---- Epochs */

enum status store_node_take(struct store_session *s, const struct node *n, struct err *err)
{
	static const struct none refused = {STATUS_CONFLICT, "another process holds this node"};
	/* An unclaimed row has no installation and takes the first that comes. */
	return session_run_some(
	    s,
	    "INSERT INTO nodes (number, installation, epoch, applied, durable, place, roles, version, schema_known, "
	    "started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, {now}, {now}) "
	    "ON CONFLICT (number) DO UPDATE SET installation = excluded.installation, epoch = excluded.epoch, "
	    "durable = excluded.durable, place = excluded.place, roles = excluded.roles, version = excluded.version, "
	    "schema_known = excluded.schema_known, started_at = excluded.started_at, seen_at = excluded.seen_at "
	    "WHERE nodes.epoch < excluded.epoch AND "
	    "(nodes.installation IS NULL OR nodes.installation = excluded.installation)",
	    VALUES(value_i64(n->number), value_uuid(n->installation), value_i64((int64_t)n->epoch),
		   value_i64((int64_t)n->applied), value_i64((int64_t)n->durable), value_text(n->place),
		   value_text(n->roles), value_text(n->version), value_i64((int64_t)store_migrations_count)),
	    refused, err);
}

enum status store_node_seen(struct store_session *s, const struct node_claim *claim, uint64_t durable, struct err *err)
{
	static const struct none lost = {STATUS_CONFLICT, "another process holds this node"};
	return session_run_some(
	    s, "UPDATE nodes SET durable = $3, seen_at = {now} WHERE number = $1 AND epoch = $2",
	    VALUES(value_i64(claim->number), value_i64((int64_t)claim->epoch), value_i64((int64_t)durable)), lost, err);
}

enum status store_node_left(struct store_session *s, const struct node_claim *claim, struct err *err)
{
	return session_run(s, "UPDATE nodes SET seen_at = NULL WHERE number = $1 AND epoch = $2",
			   VALUES(value_i64(claim->number), value_i64((int64_t)claim->epoch)), err);
}

/* ---- Who else is there */

enum status store_node_others(struct store_session *s, uint16_t number, struct node_others *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s,
			  "SELECT COUNT(CASE WHEN number <> $1 THEN seen_at END), "
			  "CAST(COALESCE(SUM(CASE WHEN number <> $1 THEN epoch + applied END), 0) AS BIGINT), "
			  "CAST(COALESCE(SUM(epoch), 0) AS BIGINT) FROM nodes",
			  VALUES(value_i64(number)), err);
	if (status != STATUS_OK)
		return status;
	ret->are_present = rows_i64(&r) > 0;
	ret->have_been = rows_i64(&r) > 0;
	ret->takes = (uint64_t)rows_i64(&r);
	return rows_close(&r, STATUS_OK);
}

/* The table and not its rows: a node that is new has no row that could be locked. SHARE goes against every INSERT and
 * UPDATE, those of older programs too, and not against reading. */
enum status store_node_keep_others_out(struct store_session *s, struct err *err)
{
	return session_is_shared(s) ? session_run(s, "LOCK TABLE nodes IN SHARE MODE", VALUES_NONE, err) : STATUS_OK;
}

/* ---- Keys of links */

/* Ten times as long as a server that is well is silent; one that is longer so is told of the key when it starts. */
static const int64_t SILENCE_US = 60 * INT64_C(1000000);

enum status store_node_tell_key(struct store_session *s, const struct node_claim *claim, uint8_t key, struct err *err)
{
	return session_run(s, "UPDATE nodes SET link_key = $3 WHERE number = $1 AND epoch = $2",
			   VALUES(value_i64(claim->number), value_i64((int64_t)claim->epoch), value_i64(key)), err);
}

enum status store_node_told_key(struct store_session *s, uint16_t number, uint8_t *ret, struct err *err)
{
	int64_t key = 0;
	enum status status =
	    rows_read_i64(s, "SELECT MAX(link_key) FROM nodes WHERE number = $1", VALUES(value_i64(number)), &key, err);
	if (status == STATUS_OK)
		*ret = (uint8_t)key;
	return status;
}

enum status store_node_alive(struct store_session *s, uint16_t *ret, struct err *err)
{
	int64_t now_us = 0;
	enum status status = rows_read_time(s, "SELECT {now}", VALUES_NONE, &now_us, err);
	if (status != STATUS_OK)
		return status;
	return find_number(s, "SELECT MIN(number) FROM nodes WHERE seen_at > $1",
			   VALUES(value_time(now_us - 2 * SILENCE_US)), ret, err);
}

enum status store_node_without_key(struct store_session *s, uint16_t number, uint8_t key, uint16_t *ret,
				   struct err *err)
{
	int64_t now_us = 0;
	enum status status = rows_read_time(s, "SELECT {now}", VALUES_NONE, &now_us, err);
	if (status != STATUS_OK)
		return status;
	return find_number(s,
			   "SELECT MIN(number) FROM nodes WHERE number <> $1 AND seen_at > $3 AND "
			   "(link_key IS NULL OR link_key < $2)",
			   VALUES(value_i64(number), value_i64(key), value_time(now_us - SILENCE_US)), ret, err);
}
