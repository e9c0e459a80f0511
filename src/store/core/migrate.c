/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a store up to this program's schema. Steps are numbered, go forward only, and commit one by one together with
 * their row in schema_version; a step that fails leaves the store at the one before. */
#include "store/core/migrations.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/core/session.h"
#include "store/core/session_private.h"

enum { SCRIPT_MAX = 1024 * 1024 };

/* NO_STORE: the table of versions is not there. */
enum { NO_STORE = -1 };
static enum status read_version(struct store_session *s, int *ret, struct err *err)
{
	struct rows r;
	enum status status =
	    rows_open_one(&r, s, "SELECT COUNT(*) FROM {catalog} c WHERE c.name = 'schema_version'", VALUES_NONE, err);
	if (status != STATUS_OK)
		return status;
	bool exists = rows_i64(&r) > 0;
	(void)rows_close(&r, STATUS_OK);
	int version = NO_STORE;
	if (exists) {
		status = rows_open_one(&r, s, "SELECT MAX(version) FROM schema_version", VALUES_NONE, err);
		if (status != STATUS_OK)
			return status;
		version = (int)rows_i64(&r);
		(void)rows_close(&r, STATUS_OK);
	}
	*ret = version;
	return STATUS_OK;
}

static enum status refuse_newer(int version, struct err *err)
{
	if (version <= (int)store_migrations_count)
		return STATUS_OK;
	return err_set(
	    err, STATUS_CONFLICT,
	    "the store has schema version %d and was written by a newer program; this one is older and knows "
	    "versions up to %zu",
	    version, store_migrations_count);
}

static enum status run_script(struct store_session *s, const char *sql, struct err *err)
{
	struct buf text;
	buf_init(&text, SCRIPT_MAX);
	session_expand(&text, s->driver->words, sql);
	BUG_IF(buf_failed(&text));
	enum status status = s->driver->script(s->connection, buf_cstr(&text), err);
	buf_done(&text);
	return status;
}

static enum status take_step(struct store_session *s, const struct migration *step, struct err *err)
{
	enum status status = run_script(s, step->sql, err);
	if (status != STATUS_OK)
		return status;
	return session_run(s, "INSERT INTO schema_version (version, name, applied_at) VALUES ($1, $2, $3)",
			   VALUES(value_i64(step->version), value_text(slice_from_cstr(step->name)),
				  value_time(clock_now_us(clock_system()))),
			   err);
}

/* One step in one transaction; the version is read inside of it, because another program may be migrating too. */
static enum status migrate_once(struct store_session *s, bool *ret_done, struct err *err)
{
	int version = 0;
	enum status status = store_begin(s, err);
	if (status != STATUS_OK)
		return status;
	if (s->driver->schema_lock)
		status = run_script(s, s->driver->schema_lock, err);
	if (status == STATUS_OK)
		status = run_script(s,
				    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, "
				    "name TEXT NOT NULL, applied_at {time} NOT NULL)",
				    err);
	if (status == STATUS_OK)
		status = read_version(s, &version, err);
	if (status == STATUS_OK)
		status = refuse_newer(version, err);
	bool done = version == (int)store_migrations_count;
	if (status == STATUS_OK && !done)
		status = take_step(s, &store_migrations[version], err);
	status = session_atomic_end(s, true, status, err);
	if (status == STATUS_OK)
		*ret_done = done;
	return status;
}

static void learn_engine(struct store_session *s)
{
	struct buf name;
	buf_init_fixed(&name, s->store->engine, sizeof s->store->engine);
	s->driver->name(s->connection, &name);
}

enum status store_migrate(struct store *store, struct err *err)
{
	struct store_session *s = NULL;
	enum status status = session_connect(store, DRIVER_CREATE, &s, err);
	if (status != STATUS_OK)
		return status;
	learn_engine(s);
	bool done = false;
	while (status == STATUS_OK && !done)
		status = migrate_once(s, &done, err);
	store_session_close(&s);
	return status;
}

enum status store_check(struct store *store, struct err *err)
{
	struct store_session *s = NULL;
	int version = 0;
	enum status status = session_connect(store, DRIVER_READ, &s, err);
	if (status != STATUS_OK)
		return status;
	learn_engine(s);
	status = read_version(s, &version, err);
	store_session_close(&s);
	if (status != STATUS_OK)
		return status;
	if (version == NO_STORE)
		return err_set(err, STATUS_NOT_FOUND, "there is no store yet");
	status = refuse_newer(version, err);
	if (status == STATUS_OK && version < (int)store_migrations_count)
		return err_set(err, STATUS_AGAIN, "the store has schema version %d, this program needs %zu: migrate it",
			       version, store_migrations_count);
	return status;
}
