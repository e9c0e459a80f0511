/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_driver: the embedded store.
 *
 * WAL with synchronous=FULL: a commit is on disk when it returns. wal_autocheckpoint is off on every connection and
 * readers cannot checkpoint on close either, so that the writing connection alone ever moves the WAL back: SQLite 3.7.0
 * to 3.51.2 (Debian 12 has 3.40.1) can lose commits when two connections write or checkpoint at once while the WAL is
 * reset (fixed in 3.51.3). Readers open the file read-only.
 *
 * secure_delete: what is deleted or overwritten is zeros in the file, not merely free, so that an erasure is one.
 *
 * Uuids are BLOB(16), times INTEGER microseconds, JSON and text TEXT, booleans 0 and 1. In SQLite $1 is a *named*
 * parameter, numbered by first appearance; the numbers are looked up once, when a statement is prepared.
 * Foreign keys are not used by the schema (see doc/schema.md) and left off.
 */
#include "store/core/driver.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

enum {
	BUSY_TIMEOUT_MS = 10000,
	WRITER_CACHE_KIB = 65536, /* what hits touch at random (counters, events_of_message) stays in memory */
	READER_CACHE_KIB = 1024,
	VACUUM_BYTES_MAX = 64 << 20,
	COPY_PAGES = 2048, /* 8 MiB: a step is some milliseconds */
};

struct connection {
	sqlite3 *db;
	int wal_pages; /* in the WAL after our last commit */
};

struct statement {
	sqlite3_stmt *stmt;
	size_t parameters;
	int index[]; /* of $1, $2… */
};

static const struct driver_word words[] = {
    {"uuid", "BLOB"},
    {"time", "INTEGER"},
    {"json", "TEXT"},
    {"bool", "INTEGER"},
    {"bytes", "BLOB"},
    {"uuid_bytes", ""},
    /* AUTOINCREMENT: a number that was given is never given again. */
    {"serial_key", "INTEGER PRIMARY KEY AUTOINCREMENT"},
    /* The rowid itself: no index beside the table. */
    {"big_key", "INTEGER PRIMARY KEY"},
    /* For small rows that are found by their key: one B-tree instead of two. */
    {"clustered", "WITHOUT ROWID"},
    /* Rows of these are never deleted while something names them, so a number may be given again. */
    {"identity", "INTEGER PRIMARY KEY"},
    {"event_key", "(tenant_id, position)"},
    {"event_table", "WITHOUT ROWID"},
    {"updated_often", ""},
    {"occurred_hour", "occurred_at / 3600000000"},
    {"skip_locked", ""},
    {"for_update", ""},
    /* Nobody else can be at work: at the start every lease is from before. */
    {"own_alone", "TRUE"},
    {"now", "(CAST(strftime('%s', 'now') AS INTEGER) * 1000000)"},
    {"catalog", "(SELECT name FROM sqlite_master WHERE type = 'table')"},
    {"greatest", "MAX"},
    {"version", "PRAGMA data_version"},
    {"sqlite_only", ""},
    {"postgres_only", "/*"},
    {"end_sqlite", ""},
    {"end_postgres", "*/"},
    {"", "{}"},
    {NULL, NULL},
};

static enum status class_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT: return STATUS_CONFLICT;
	case SQLITE_FULL: return STATUS_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return STATUS_CORRUPT;
	case SQLITE_TOOBIG: return STATUS_TOO_BIG;
	case SQLITE_ERROR:
	case SQLITE_MISMATCH:
	case SQLITE_MISUSE:
	case SQLITE_RANGE: return STATUS_FAULT;
	default: return STATUS_IO;
	}
}

static enum status failed(const struct connection *c, struct err *err)
{
	int code = sqlite3_extended_errcode(c->db);
	int os_errno = sqlite3_system_errno(c->db);
	/* A full disk can also come as an I/O error (ENOSPC on the WAL or the -shm file). */
	bool no_space = (code & 0xff) != SQLITE_CONSTRAINT && (os_errno == ENOSPC || os_errno == EDQUOT);
	enum status status = err_set(err, no_space ? STATUS_FULL : class_of(code), "sqlite: %s", sqlite3_errmsg(c->db));
	if (err)
		err->os_errno = os_errno;
	return status;
}

static enum status script(void *self, const char *sql, struct err *err)
{
	struct connection *c = self;
	return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK ? STATUS_OK : failed(c, err);
}

static int note_wal_pages(void *self, sqlite3 *db, const char *name, int pages)
{
	struct connection *c = self;
	(void)db;
	(void)name;
	c->wal_pages = pages;
	return SQLITE_OK;
}

static enum status configure(struct connection *c, enum driver_access access, struct err *err)
{
	char sql[400];
	bool reads = access == DRIVER_READ;
	(void)snprintf(sql, sizeof sql,
		       "PRAGMA cache_size=-%d; PRAGMA mmap_size=0; PRAGMA synchronous=FULL; %s"
		       "PRAGMA wal_autocheckpoint=0; PRAGMA trusted_schema=OFF;",
		       reads ? READER_CACHE_KIB : WRITER_CACHE_KIB,
		       reads ? ""
			     : "PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=67108864; PRAGMA secure_delete=ON;");
	enum status status = script(c, sql, err);
	if (reads)
		(void)sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	/* After the pragma, which would take the hook away. */
	(void)sqlite3_wal_hook(c->db, note_wal_pages, c);
	return status;
}

static void disconnect(void *self)
{
	struct connection *c = self;
	/* Statements are all forgotten by now; close cannot fail. */
	(void)sqlite3_close_v2(c->db);
	mem_free(c);
}

/* It holds password hashes and recipients: readable for its owner only. SQLite gives -wal and -shm the same mode. */
static enum status create_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set_errno(err, errno, "cannot create %s", path);
	(void)close(fd);
	return STATUS_OK;
}

static enum status connect_to(const char *target, enum driver_access access, void **ret_self, struct err *err)
{
	enum status status = STATUS_OK;
	if (access == DRIVER_CREATE)
		status = create_file(target, err);
	else if (faccessat(AT_FDCWD, target, F_OK, 0) != 0 && errno == ENOENT)
		status = err_set(err, STATUS_NOT_FOUND, "there is no store at %s", target);
	if (status != STATUS_OK)
		return status;
	struct connection *c = MEM_NEW(struct connection);
	int flags = access == DRIVER_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	if (sqlite3_open_v2(target, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		status = failed(c, err);
	} else {
		(void)sqlite3_extended_result_codes(c->db, 1);
		(void)sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
		status = configure(c, access, err);
	}
	if (status != STATUS_OK)
		disconnect(c);
	else
		*ret_self = c;
	return status;
}

static void name(void *self, struct buf *b)
{
	(void)self;
	buf_printf(b, "sqlite %s", sqlite3_libversion());
}

static enum status prepare(void *self, const char *sql, bool once, void **ret_statement, struct err *err)
{
	struct connection *c = self;
	sqlite3_stmt *stmt = NULL;
	if (sqlite3_prepare_v3(c->db, sql, -1, once ? 0 : SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
		return failed(c, err);
	size_t parameters = (size_t)sqlite3_bind_parameter_count(stmt);
	BUG_IF(parameters > VALUES_MAX);
	struct statement *s = mem_alloc(sizeof *s + parameters * sizeof s->index[0]);
	s->stmt = stmt;
	s->parameters = parameters;
	for (size_t i = 0; i < s->parameters; i++) {
		char text[24];
		(void)snprintf(text, sizeof text, "$%zu", i + 1);
		s->index[i] = sqlite3_bind_parameter_index(s->stmt, text);
		BUG_IF(s->index[i] == 0);
	}
	*ret_statement = s;
	return STATUS_OK;
}

static void forget(void *self, void *statement)
{
	struct statement *s = statement;
	(void)self;
	(void)sqlite3_finalize(s->stmt);
	mem_free(s);
}

static int bind_one(sqlite3_stmt *stmt, int index, const struct value *v, sqlite3_destructor_type keep)
{
	if (v->is_null)
		return sqlite3_bind_null(stmt, index);
	switch (v->type) {
	case VALUE_I64:
	case VALUE_BOOL:
	case VALUE_TIME: return sqlite3_bind_int64(stmt, index, v->i64);
	case VALUE_UUID: return sqlite3_bind_blob64(stmt, index, v->uuid.bytes, sizeof v->uuid.bytes, keep);
	case VALUE_BYTES: return sqlite3_bind_blob64(stmt, index, v->bytes.p ? v->bytes.p : "", v->bytes.n, keep);
	case VALUE_TEXT:
	case VALUE_JSON: break;
	default: bug(__FILE__, __LINE__, "a list where has_arrays is false");
	}
	return sqlite3_bind_text64(stmt, index, v->bytes.p ? v->bytes.p : "", v->bytes.n, keep, SQLITE_UTF8);
}

/* `keep`: SQLITE_STATIC when the values outlive the statement's run. */
static enum status bind(struct connection *c, struct statement *s, struct values in, sqlite3_destructor_type keep,
			struct err *err)
{
	BUG_IF(in.n != s->parameters);
	for (size_t i = 0; i < in.n; i++)
		if (bind_one(s->stmt, s->index[i], &in.at[i], keep) != SQLITE_OK)
			return failed(c, err);
	return STATUS_OK;
}

static enum status step(void *self, void *statement, struct err *err)
{
	struct statement *s = statement;
	switch (sqlite3_step(s->stmt)) {
	case SQLITE_ROW: return STATUS_OK;
	case SQLITE_DONE: return STATUS_END;
	default: return failed(self, err);
	}
}

static void finish(void *self, void *statement)
{
	struct statement *s = statement;
	(void)self;
	/* A statement that is not reset keeps its read transaction, and with it the WAL from being reset. */
	(void)sqlite3_reset(s->stmt);
}

static enum status run(void *self, void *statement, struct values in, uint64_t *ret_changed, struct err *err)
{
	struct connection *c = self;
	struct statement *s = statement;
	enum status status = bind(c, s, in, SQLITE_STATIC, err);
	while (status == STATUS_OK)
		status = step(c, s, err);
	(void)sqlite3_reset(s->stmt);
	if (status != STATUS_END)
		return status;
	if (ret_changed)
		*ret_changed = (uint64_t)sqlite3_changes64(c->db);
	return STATUS_OK;
}

static enum status query(void *self, void *statement, struct values in, struct err *err)
{
	return bind(self, statement, in, SQLITE_TRANSIENT, err);
}

static void column(void *statement, int i, enum value_type type, struct value *ret)
{
	sqlite3_stmt *stmt = ((struct statement *)statement)->stmt;
	*ret = (struct value){.type = type, .is_null = sqlite3_column_type(stmt, i) == SQLITE_NULL};
	if (ret->is_null)
		return;
	switch (type) {
	case VALUE_I64:
	case VALUE_BOOL:
	case VALUE_TIME: ret->i64 = sqlite3_column_int64(stmt, i); return;
	case VALUE_TEXT:
	case VALUE_JSON:
		ret->bytes.p = (const char *)sqlite3_column_text(stmt, i);
		ret->bytes.n = (size_t)sqlite3_column_bytes(stmt, i);
		return;
	case VALUE_UUID:
	case VALUE_BYTES:
		ret->bytes.p = sqlite3_column_blob(stmt, i);
		ret->bytes.n = (size_t)sqlite3_column_bytes(stmt, i);
		break;
	default: return; /* no field is a list */
	}
	if (type == VALUE_UUID && ret->bytes.n == sizeof ret->uuid.bytes)
		memcpy(ret->uuid.bytes, ret->bytes.p, sizeof ret->uuid.bytes);
}

static enum status begin(void *self, struct err *err)
{
	struct connection *c = self;
	/* IMMEDIATE: a writer learns that another one is at work here, not in the middle. */
	return script(c, sqlite3_db_readonly(c->db, "main") == 1 ? "BEGIN" : "BEGIN IMMEDIATE", err);
}

static void rollback(void *self)
{
	struct connection *c = self;
	/* After a full disk or an I/O error SQLite may have rolled back by itself. */
	if (!sqlite3_get_autocommit(c->db))
		(void)script(c, "ROLLBACK", NULL);
}

static enum status commit(void *self, struct err *err)
{
	struct connection *c = self;
	if (sqlite3_get_autocommit(c->db))
		return err_set(err, STATUS_IO, "sqlite: the transaction is gone");
	enum status status = script(c, "COMMIT", err);
	if (status != STATUS_OK)
		rollback(c);
	return status;
}

static enum status settle(void *self, struct err *err)
{
	(void)self;
	(void)err;
	return STATUS_OK; /* every statement is done when run returns */
}

static int64_t number_of(struct connection *c, const char *pragma)
{
	sqlite3_stmt *stmt = NULL;
	int64_t number = -1;
	if (sqlite3_prepare_v2(c->db, pragma, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		number = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return number;
}

/* secure_delete does not reach what a page that was split has left in its gap; only writing the file anew does, which
 * is done while it takes less than a second or so. */
static enum status write_anew(struct connection *c, struct err *err)
{
	int64_t bytes = number_of(c, "PRAGMA page_count") * number_of(c, "PRAGMA page_size");
	return bytes <= VACUUM_BYTES_MAX ? script(c, "VACUUM", err) : STATUS_OK;
}

/* The log is cut to nothing, so that what was erased is not read from its old pages. Nobody is waited for. */
static enum status scrub(struct connection *c, struct err *err)
{
	enum status status = write_anew(c, err);
	if (status != STATUS_OK)
		return status;
	(void)sqlite3_busy_timeout(c->db, 0);
	int code = sqlite3_wal_checkpoint_v2(c->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
	if ((code & 0xff) == SQLITE_BUSY)
		return STATUS_AGAIN;
	if (code != SQLITE_OK)
		return failed(c, err);
	c->wal_pages = 0;
	return STATUS_OK;
}

static enum status checkpoint(void *self, int pages, struct err *err)
{
	struct connection *c = self;
	if (pages == CHECKPOINT_SCRUB)
		return scrub(c, err);
	if (c->wal_pages <= pages)
		return STATUS_OK;
	int code = sqlite3_wal_checkpoint_v2(c->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	/* Busy: readers hold old pages; what could be moved was. The next call goes on. */
	if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
		return failed(c, err);
	c->wal_pages = 0; /* until the next commit tells */
	return STATUS_OK;
}

/* ---- A copy */

/* In steps, for whoever looks on. Others may commit between them: the transaction that is open here keeps the pages as
 * they are, so that nothing begins anew. */
static enum status copy_pages(sqlite3_backup *backup, const struct store_copy_watch *watch)
{
	for (;;) {
		int code = sqlite3_backup_step(backup, COPY_PAGES);
		uint64_t all = (uint64_t)sqlite3_backup_pagecount(backup);
		if (code == SQLITE_DONE)
			return STATUS_OK;
		if (code != SQLITE_OK)
			return class_of(code);
		if (watch->step && !watch->step(watch->user, all - (uint64_t)sqlite3_backup_remaining(backup), all))
			return STATUS_AGAIN;
	}
}

/* Nothing of it needs to survive a crash before the caller has synced the file, and nobody else has it open. */
static enum status copy_into(struct connection *from, sqlite3 *to, const struct store_copy_watch *watch,
			     struct err *err)
{
	struct connection target = {.db = to};
	enum status status = script(&target, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", err);
	sqlite3_backup *backup = status == STATUS_OK ? sqlite3_backup_init(to, "main", from->db, "main") : NULL;
	if (status == STATUS_OK && !backup)
		return failed(&target, err);
	if (backup)
		status = copy_pages(backup, watch);
	if (backup && sqlite3_backup_finish(backup) != SQLITE_OK)
		return failed(&target, err); /* it has the words of a step that failed, too */
	return status == STATUS_AGAIN ? err_set(err, status, "given up") : status;
}

static enum status copy(void *self, const char *path, const struct store_copy_watch *watch, struct err *err)
{
	sqlite3 *to = NULL;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	enum status status = create_file(path, err);
	if (status != STATUS_OK)
		return status;
	if (sqlite3_open_v2(path, &to, flags, NULL) != SQLITE_OK)
		status = err_set(err, STATUS_IO, "sqlite: %s cannot be opened", path);
	else
		status = copy_into(self, to, watch, err);
	(void)sqlite3_close_v2(to); /* nothing is open in it any more */
	return status;
}

static enum status recover(void *self, struct err *err)
{
	rollback(self);
	return script(self, "SELECT 1 FROM sqlite_master LIMIT 1", err);
}

const struct driver sqlite_driver = {
    .is_shared = false,
    .has_arrays = false, /* there are no round trips to save: a prepared statement a row is as quick */
    .words = words,
    .schema_lock = NULL,
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
    .copy = copy,
};
