/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a session are sent as SET and not in the connection's options, which pgbouncer refuses. */
#include "store/postgres/postgres_connection.h"

#include "base/mem.h"
#include <stdio.h>

enum {
	PACKED_MAX = 64 * 1024 * 1024,
	GRACE_MS = 2000, /* the server ends a statement; this much later we give it up */
	PROBE_MS = 3000, /* for what a server that is well answers at once */
	SQL_MAX = 1024,
};

/* How long things may take. A person or a mail client waits for what is read; for what is written everybody waits, so
 * the writer asks for little at a time. A lock that is held for longer than that is another's fault, and the wait must
 * end before people give up. The transaction of a machine that froze is ended before the others have tried so often
 * that they take the store for gone (writer_round.c). */
struct limits {
	uint32_t statement_ms, lock_ms, idle_in_transaction_ms;
};
static const struct limits limits[] = {
    [DRIVER_READ] = {15000, 2000, 60000},
    [DRIVER_WRITE] = {20000, 5000, 10000},
    [DRIVER_CREATE] = {4 * 3600 * 1000, 60000, 60000}, /* migrations rewrite tables */
};

/* ---- What became of it */

/* The first line; libpq's texts end in a newline and may have more of them. */
enum status postgres_say(struct err *err, enum status status, const char *text)
{
	struct slice rest = slice_from_cstr(text);
	struct slice line = slice_cut(&rest, '\n');
	return err_set(err, status, "postgresql: %.*s", SLICE_FMT(line));
}

/* SQLSTATE, appendix A of PostgreSQL's manual. */
static enum status class_of(const char *state)
{
	static const struct {
		const char *prefix;
		enum status status;
	} classes[] = {
	    {"23505", STATUS_CONFLICT}, /* unique_violation */
	    {"22", STATUS_BAD_INPUT},   /* data exception */
	    {"53100", STATUS_FULL},     /* disk_full */
	    {"40001", STATUS_AGAIN},    /* serialization_failure */
	    {"40P01", STATUS_AGAIN},    /* deadlock_detected */
	    {"55P03", STATUS_AGAIN},    /* lock_not_available: lock_timeout */
	    {"57014", STATUS_TIMEOUT},  /* query_canceled: statement_timeout */
	    {"42", STATUS_FAULT},       /* syntax error or access rule violation */
	    {"0A", STATUS_FAULT},       /* feature_not_supported */
	    {"23", STATUS_FAULT},       /* other constraints than unique ones */
	    {"XX000", STATUS_FAULT},    /* internal_error */
	    {"XX001", STATUS_CORRUPT},  /* data_corrupted */
	    {"XX002", STATUS_CORRUPT},  /* index_corrupted */
	};
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (slice_starts_with(slice_from_cstr(state), slice_from_cstr(classes[i].prefix)))
			return classes[i].status;
	return STATUS_IO;
}

bool postgres_is_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

enum status postgres_failed(struct postgres_connection *c, const PGresult *result, struct err *err)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	return text ? postgres_say(err, state ? class_of(state) : STATUS_IO, text)
		    : postgres_say_lost(c, STATUS_IO, err);
}

enum status postgres_say_lost(const struct postgres_connection *c, enum status status, struct err *err)
{
	if (!c->line.is_cut)
		return postgres_say(err, status, PQerrorMessage(c->line.pg));
	return err_set(err, status, "postgresql: no answer in %u seconds", c->line.patience_ms / 1000);
}

enum status postgres_outcome(struct postgres_connection *c, PGresult *result, struct err *err)
{
	enum status status = postgres_is_good(result) ? STATUS_OK : postgres_failed(c, result, err);
	PQclear(result);
	return status;
}

enum status postgres_settle(void *self, struct err *err)
{
	struct postgres_connection *c = self;
	enum status status = STATUS_OK;
	if (c->queued == 0)
		return STATUS_OK;
	c->queued = c->queued_bytes = 0;
	if (!PQpipelineSync(c->line.pg))
		status = postgres_say_lost(c, STATUS_IO, err);
	for (bool synced = false; !synced;) {
		PGresult *result = postgres_next_result(&c->line);
		/* NULL stands between the results of two statements. */
		if (!result && PQstatus(c->line.pg) == CONNECTION_BAD)
			return status != STATUS_OK ? status : postgres_say_lost(c, STATUS_IO, err);
		ExecStatusType kind = PQresultStatus(result);
		synced = result && kind == PGRES_PIPELINE_SYNC;
		/* The first failure aborts the rest of the pipeline: what follows it only says so. */
		if (result && !synced && status == STATUS_OK && !postgres_is_good(result))
			status = postgres_failed(c, result, err);
		PQclear(result);
	}
	if (!PQexitPipelineMode(c->line.pg) && status == STATUS_OK)
		status = postgres_say_lost(c, STATUS_IO, err);
	return status;
}

PGresult *postgres_answer(struct postgres_connection *c, int is_sent)
{
	return is_sent ? postgres_last_result(&c->line) : NULL;
}

PGresult *postgres_ask(struct postgres_connection *c, const char *sql)
{
	return postgres_answer(c, PQsendQuery(c->line.pg, sql));
}

enum status postgres_script(void *self, const char *sql, struct err *err)
{
	struct postgres_connection *c = self;
	enum status status = postgres_settle(c, err);
	return status == STATUS_OK ? postgres_outcome(c, postgres_ask(c, sql), err) : status;
}

/* ---- A session */

/* Libraries do not print. */
static void drop_notice(void *self, const char *message)
{
	(void)self;
	(void)message;
}

/* A machine that freezes or loses its power in the middle of a transaction leaves its locks with the server, and all
 * others wait for them: for hours, until the server's TCP notices. So it is told to end a transaction in which nothing
 * comes for so long (no step of ours takes longer), and to look after a connection that is silent. */
#define PATIENCE                                                                                                       \
	"SET lock_timeout = %u; SET idle_in_transaction_session_timeout = %u; SET statement_timeout = %u; "            \
	"SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "                \
	"SET tcp_user_timeout = 20000; "
/* Every statement of a writer asks for some rows by an index, and the planner does not know it. In a new store, or
 * right after a large import, it has no statistics yet (autovacuum looks once a minute), takes the tables for nearly
 * empty and keeps for the session what it then chose: to read all of the table each time. 20,000 new agents a second
 * grew the dictionary so fast that the same bench applied 26,000 hits/s or 2,000, as it happened
 * (bench/two_servers.mjs). */
#define WRITER_PLANS                                                                                                   \
	"SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; "             \
	"SET max_parallel_workers_per_gather = 0; "
/* A standby, and a server that a failover has made read-only, take sessions and refuse each write; by a name or an
 * address that has moved since we would come to it again and again. So a writer asks before it believes in a session.
 */
#define WRITER_ASKS "SHOW transaction_read_only"
#define READER_ASKS "SELECT 1"
#define READER_PLANS "SET default_transaction_read_only = on; "

static bool is_writer(const struct postgres_connection *c)
{
	return c->access != DRIVER_READ;
}

/* `sql` ends with what is asked. */
static enum status ask_whether_usable(struct postgres_connection *c, const char *sql, struct err *err)
{
	uint32_t patience_ms = c->line.patience_ms;
	c->line.patience_ms = patience_ms < PROBE_MS ? patience_ms : PROBE_MS;
	PGresult *result = postgres_ask(c, sql);
	bool is_read_only = is_writer(c) && PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "off") != 0;
	enum status status = postgres_outcome(c, result, err);
	c->line.patience_ms = patience_ms;
	if (status == STATUS_OK && is_read_only)
		return err_set(err, STATUS_IO, "postgresql: the server takes no writes: a standby, or read-only");
	return status;
}

/* A new connection. Its encoding and limits are ours, whatever the URL says. */
static enum status configure(struct postgres_connection *c, struct err *err)
{
	char sql[SQL_MAX];
	const struct limits *limit = &limits[c->access];
	c->generation++;
	c->in_transaction = false;
	c->queued = c->queued_bytes = 0;
	c->line.is_cut = false;
	c->line.patience_ms = c->statement_ms + GRACE_MS;
	(void)PQsetNoticeProcessor(c->line.pg, drop_notice, NULL);
	if (PQstatus(c->line.pg) != CONNECTION_OK || PQsetnonblocking(c->line.pg, 1) != 0)
		return postgres_say(err, STATUS_IO, PQerrorMessage(c->line.pg));
	(void)snprintf(sql, sizeof sql,
		       is_writer(c) ? PATIENCE WRITER_PLANS WRITER_ASKS : PATIENCE READER_PLANS READER_ASKS,
		       limit->lock_ms, limit->idle_in_transaction_ms, c->statement_ms);
	return ask_whether_usable(c, sql, err);
}

void postgres_close(void *self)
{
	struct postgres_connection *c = self;
	PQfinish(c->line.pg);
	buf_done(&c->bound.packed);
	mem_free(c->target);
	mem_free(c);
}

/* Later ones win: what the operator wrote in the URL stands above our defaults. A reader may be sent to a standby by
 * the URL and not by chance; a writer has no use for a server that takes no writes, whatever the URL says. */
static PGconn *connect_anew(const struct postgres_connection *c)
{
	static const char *const keys[] = {"connect_timeout",
					   "tcp_user_timeout",
					   "keepalives_idle",
					   "keepalives_interval",
					   "keepalives_count",
					   "application_name",
					   "target_session_attrs",
					   "dbname",
					   "client_encoding",
					   "target_session_attrs",
					   NULL};
	const char *const settings[] = {"3",       "10000",   "10",      "5",    "3",
					"pugmark", "primary", c->target, "UTF8", is_writer(c) ? "read-write" : NULL,
					NULL};
	return PQconnectdbParams(keys, settings, 1);
}

enum status postgres_open(const char *target, enum driver_access access, void **ret_self, struct err *err)
{
	struct postgres_connection *c = MEM_NEW(struct postgres_connection);
	c->access = access;
	c->statement_ms = limits[access].statement_ms;
	c->target = mem_copy(slice_from_cstr(target));
	buf_init(&c->bound.packed, PACKED_MAX);
	c->line.pg = connect_anew(c);
	enum status status = configure(c, err);
	if (status != STATUS_OK)
		postgres_close(c);
	else
		*ret_self = c;
	return status;
}

static bool is_usable(struct postgres_connection *c)
{
	return PQstatus(c->line.pg) == CONNECTION_OK && postgres_settle(c, NULL) == STATUS_OK &&
	       ask_whether_usable(c, is_writer(c) ? WRITER_ASKS : READER_ASKS, NULL) == STATUS_OK;
}

/* PQreset begins with the first host of the URL again. */
enum status postgres_recover(void *self, struct err *err)
{
	struct postgres_connection *c = self;
	if (is_usable(c))
		return STATUS_OK;
	PQreset(c->line.pg);
	return configure(c, err);
}

enum status postgres_patience(void *self, uint32_t statement_ms, struct err *err)
{
	char sql[SQL_MAX];
	struct postgres_connection *c = self;
	c->statement_ms = statement_ms;
	c->line.patience_ms = statement_ms + GRACE_MS;
	(void)snprintf(sql, sizeof sql, "SET statement_timeout = %u", statement_ms);
	return postgres_script(c, sql, err);
}
