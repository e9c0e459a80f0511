/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_driver: the shared store, through libpq with prepared statements and binary values.
 *
 * Writes whose outcome nobody waits for are only queued in libpq's pipeline, so that a batch of thousands costs a few
 * round trips; settle() sends a synchronisation point, reads all outcomes and keeps the first failure. Everything that
 * needs an answer settles first, so the order of statements is the order of calls. libpq reads while it cannot write,
 * and at most PIPELINE_MAX statements are open, so neither side can fill up and wait for the other for ever.
 *
 * A statement is prepared on the server at its first run, when the types of its values are known, and again after the
 * connection was lost (generation). Readers are read-only by a setting of their connection; their transactions see one
 * snapshot, as on SQLite.
 */
#include "store/core/driver.h"

#include "base/mem.h"
#include "store/postgres/postgres_values.h"
#include <stdio.h>

enum { PIPELINE_MAX = 1000, PACKED_MAX = 64 * 1024 * 1024 };

struct connection {
	PGconn *pg;
	char *target;
	bool reads;
	bool in_transaction;
	unsigned generation;  /* of the connection: statements of an older one are not prepared */
	unsigned next_number; /* names of statements */
	size_t queued;        /* in the pipeline; 0: not in pipeline mode */
	struct bound bound;
};

struct statement {
	char *sql;
	bool once; /* sent with its text; no name on the server */
	unsigned generation, number;
	PGresult *result;
	int row; /* the next to step onto is row + 1 */
};

static const struct driver_word words[] = {
    {"uuid", "UUID"},
    {"time", "TIMESTAMPTZ"},
    {"json", "JSONB"},
    {"bool", "BOOLEAN"},
    {"bytes", "BYTEA"},
    {"serial_key", "INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY"},
    {"big_key", "BIGINT PRIMARY KEY"},
    {"clustered", ""},
    /* Room in the page for the next version of a row: updates then touch no index (HOT). */
    {"updated_often", "WITH (fillfactor = 80)"},
    {"occurred_hour", "CAST(FLOOR(EXTRACT(EPOCH FROM occurred_at) / 3600) AS INTEGER)"},
    {"skip_locked", "FOR UPDATE SKIP LOCKED"},
    {"for_update", "FOR UPDATE"},
    {"own_alone", "FALSE"},
    {"catalog", "(SELECT tablename AS name FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false)))"},
    {NULL, NULL},
};

/* The first line; libpq's texts end in a newline and may have more of them. */
static enum status say(struct err *err, enum status status, const char *text)
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
	    {"XX001", STATUS_CORRUPT},  /* data_corrupted */
	    {"XX002", STATUS_CORRUPT},  /* index_corrupted */
	};
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (slice_starts_with(slice_from_cstr(state), slice_from_cstr(classes[i].prefix)))
			return classes[i].status;
	return STATUS_IO;
}

static bool is_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static enum status failed(struct connection *c, const PGresult *result, struct err *err)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	return say(err, state ? class_of(state) : STATUS_IO, text ? text : PQerrorMessage(c->pg));
}

/* Takes the result. */
static enum status outcome(struct connection *c, PGresult *result, struct err *err)
{
	enum status status = is_good(result) ? STATUS_OK : failed(c, result, err);
	PQclear(result);
	return status;
}

static enum status settle(void *self, struct err *err)
{
	struct connection *c = self;
	enum status status = STATUS_OK;
	if (c->queued == 0)
		return STATUS_OK;
	c->queued = 0;
	if (!PQpipelineSync(c->pg))
		status = say(err, STATUS_IO, PQerrorMessage(c->pg));
	for (bool synced = false; !synced;) {
		PGresult *result = PQgetResult(c->pg);
		/* NULL stands between the results of two statements. */
		if (!result && PQstatus(c->pg) == CONNECTION_BAD)
			return status != STATUS_OK ? status : say(err, STATUS_IO, PQerrorMessage(c->pg));
		ExecStatusType kind = PQresultStatus(result);
		synced = result && kind == PGRES_PIPELINE_SYNC;
		/* The first failure aborts the rest of the pipeline: what follows it only says so. */
		if (result && !synced && status == STATUS_OK && !is_good(result))
			status = failed(c, result, err);
		PQclear(result);
	}
	if (!PQexitPipelineMode(c->pg) && status == STATUS_OK)
		status = say(err, STATUS_IO, PQerrorMessage(c->pg));
	return status;
}

static enum status script(void *self, const char *sql, struct err *err)
{
	struct connection *c = self;
	enum status status = settle(c, err);
	return status == STATUS_OK ? outcome(c, PQexec(c->pg, sql), err) : status;
}

/* Libraries do not print. */
static void drop_notice(void *self, const char *message)
{
	(void)self;
	(void)message;
}

static enum status configure(struct connection *c, struct err *err)
{
	c->generation++;
	c->in_transaction = false;
	c->queued = 0;
	(void)PQsetNoticeProcessor(c->pg, drop_notice, NULL);
	if (PQstatus(c->pg) != CONNECTION_OK)
		return say(err, STATUS_IO, PQerrorMessage(c->pg));
	return script(c, c->reads ? "SET default_transaction_read_only = on" : "SET lock_timeout = '30s'", err);
}

static void disconnect(void *self)
{
	struct connection *c = self;
	PQfinish(c->pg);
	buf_done(&c->bound.packed);
	mem_free(c->target);
	mem_free(c);
}

static enum status connect_to(const char *target, enum driver_access access, void **ret_self, struct err *err)
{
	/* Later ones win: what the operator wrote in the URL stands above our defaults, but the encoding is ours. */
	static const char *const keys[] = {"connect_timeout", "tcp_user_timeout", "application_name",
					   "dbname",          "client_encoding",  NULL};
	const char *const settings[] = {"10", "30000", "pugmark", target, "UTF8", NULL};
	struct connection *c = MEM_NEW(struct connection);
	c->reads = access == DRIVER_READ;
	c->target = mem_copy(slice_from_cstr(target));
	buf_init(&c->bound.packed, PACKED_MAX);
	c->pg = PQconnectdbParams(keys, settings, 1);
	enum status status = configure(c, err);
	if (status != STATUS_OK)
		disconnect(c);
	else
		*ret_self = c;
	return status;
}

static void name(void *self, struct buf *b)
{
	const struct connection *c = self;
	int version = c ? PQserverVersion(c->pg) : PQlibVersion();
	buf_printf(b, "postgresql %d.%d", version / 10000, version % 10000);
}

static enum status recover(void *self, struct err *err)
{
	struct connection *c = self;
	if (PQstatus(c->pg) == CONNECTION_OK && settle(c, NULL) == STATUS_OK &&
	    script(c, "SELECT 1", NULL) == STATUS_OK)
		return STATUS_OK;
	PQreset(c->pg);
	return configure(c, err);
}

static enum status prepare(void *self, const char *sql, bool once, void **ret_statement, struct err *err)
{
	(void)self;
	(void)err;
	struct statement *s = MEM_NEW(struct statement);
	s->sql = mem_copy(slice_from_cstr(sql));
	s->once = once;
	*ret_statement = s;
	return STATUS_OK;
}

static void statement_name(const struct statement *s, char text[24])
{
	(void)snprintf(text, 24, "pugmark_%u", s->number);
}

static enum status prepare_on_server(struct connection *c, struct statement *s, struct values in, struct err *err)
{
	char text[24];
	enum status status = settle(c, err);
	if (status != STATUS_OK)
		return status;
	s->number = c->next_number++;
	statement_name(s, text);
	status = outcome(c, PQprepare(c->pg, text, s->sql, (int)in.n, c->bound.types), err);
	if (status == STATUS_OK)
		s->generation = c->generation;
	return status;
}

static void finish(void *self, void *statement)
{
	struct statement *s = statement;
	(void)self;
	PQclear(s->result);
	s->result = NULL;
}

static void forget(void *self, void *statement)
{
	struct statement *s = statement;
	/* Named ones are forgotten when the connection is about to close: the server drops them then. */
	finish(self, s);
	mem_free(s->sql);
	mem_free(s);
}

/* Ready to be sent: prepared and bound. */
static enum status make_ready(struct connection *c, struct statement *s, struct values in, struct err *err)
{
	enum status status = postgres_bind(&c->bound, in, err);
	if (status == STATUS_OK && !s->once && s->generation != c->generation)
		status = prepare_on_server(c, s, in, err);
	return status;
}

static enum status queue_up(struct connection *c, struct statement *s, struct values in, struct err *err)
{
	char text[24];
	if (c->queued == 0 && !PQenterPipelineMode(c->pg))
		return say(err, STATUS_IO, PQerrorMessage(c->pg));
	c->queued++;
	statement_name(s, text);
	if (!PQsendQueryPrepared(c->pg, text, (int)in.n, c->bound.at, c->bound.lengths, c->bound.formats, 1))
		return say(err, STATUS_IO, PQerrorMessage(c->pg));
	return c->queued < PIPELINE_MAX ? STATUS_OK : settle(c, err);
}

static PGresult *execute(struct connection *c, struct statement *s, struct values in)
{
	char text[24];
	if (s->once)
		return PQexecParams(c->pg, s->sql, (int)in.n, c->bound.types, c->bound.at, c->bound.lengths,
				    c->bound.formats, 1);
	statement_name(s, text);
	return PQexecPrepared(c->pg, text, (int)in.n, c->bound.at, c->bound.lengths, c->bound.formats, 1);
}

static uint64_t changed_rows(PGresult *result)
{
	uint64_t changed = 0;
	(void)slice_to_u64(slice_from_cstr(PQcmdTuples(result)), UINT64_MAX, &changed);
	return changed;
}

static enum status run(void *self, void *statement, struct values in, uint64_t *ret_changed, struct err *err)
{
	struct connection *c = self;
	enum status status = make_ready(c, statement, in, err);
	if (status != STATUS_OK)
		return status;
	if (!ret_changed && c->in_transaction && !((struct statement *)statement)->once)
		return queue_up(c, statement, in, err);
	status = settle(c, err);
	if (status != STATUS_OK)
		return status;
	PGresult *result = execute(c, statement, in);
	uint64_t changed = changed_rows(result);
	status = outcome(c, result, err);
	if (status == STATUS_OK && ret_changed)
		*ret_changed = changed;
	return status;
}

static enum status query(void *self, void *statement, struct values in, struct err *err)
{
	struct connection *c = self;
	struct statement *s = statement;
	finish(c, s);
	enum status status = settle(c, err);
	if (status == STATUS_OK)
		status = make_ready(c, s, in, err);
	if (status != STATUS_OK)
		return status;
	s->result = execute(c, s, in);
	s->row = -1;
	return is_good(s->result) ? STATUS_OK : failed(c, s->result, err);
}

static enum status step(void *self, void *statement, struct err *err)
{
	struct statement *s = statement;
	(void)self;
	(void)err;
	if (s->row + 1 >= PQntuples(s->result))
		return STATUS_END;
	s->row++;
	return STATUS_OK;
}

static void column(void *statement, int i, enum value_type type, struct value *ret)
{
	const struct statement *s = statement;
	*ret = (struct value){.type = type};
	postgres_column(s->result, s->row, i, ret);
}

static enum status begin(void *self, struct err *err)
{
	struct connection *c = self;
	enum status status = script(c, c->reads ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN", err);
	c->in_transaction = status == STATUS_OK;
	return status;
}

static void rollback(void *self)
{
	struct connection *c = self;
	(void)settle(c, NULL);
	if (PQtransactionStatus(c->pg) != PQTRANS_IDLE && PQstatus(c->pg) == CONNECTION_OK)
		(void)script(c, "ROLLBACK", NULL);
	c->in_transaction = false;
}

static enum status commit(void *self, struct err *err)
{
	struct connection *c = self;
	enum status status = settle(c, err);
	/* A connection that is known to be gone before COMMIT was sent cannot have committed. */
	if (status == STATUS_OK && (!PQconsumeInput(c->pg) || PQstatus(c->pg) != CONNECTION_OK))
		status = say(err, STATUS_IO, PQerrorMessage(c->pg));
	if (status != STATUS_OK) {
		rollback(c);
		return status;
	}
	c->in_transaction = false;
	PGresult *result = PQexec(c->pg, "COMMIT");
	bool done = is_good(result) && strcmp(PQcmdStatus(result), "COMMIT") == 0;
	if (!done && PQstatus(c->pg) != CONNECTION_OK)
		status = say(err, STATUS_UNCERTAIN, "the connection broke while committing");
	else if (!done)
		/* COMMIT of a failed transaction answers ROLLBACK, without an error. */
		status = is_good(result) ? say(err, STATUS_IO, "the transaction had failed and was rolled back")
					 : failed(c, result, err);
	PQclear(result);
	return status;
}

static enum status checkpoint(void *self, int pages, struct err *err)
{
	(void)self;
	(void)pages;
	(void)err;
	return STATUS_OK; /* the server's own business */
}

const struct driver postgres_driver = {
    .is_shared = true,
    .has_arrays = true,
    .insert_rows = 16, /* the server spends more on a statement than on a row */
    .words = words,
    /* Any number that no other program uses: "pugmark" in ASCII. */
    .schema_lock = "SELECT pg_advisory_xact_lock(31654284468777579)",
    .connect = connect_to,
    .disconnect = disconnect,
    .recover = recover,
    .name = name,
    .script = script,
    .prepare = prepare,
    .forget = forget,
    .run = run,
    .query = query,
    .step = step,
    .column = column,
    .finish = finish,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .settle = settle,
    .checkpoint = checkpoint,
};
