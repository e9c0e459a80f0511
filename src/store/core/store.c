/* SPDX-License-Identifier: Apache-2.0 */
/* The store itself, its sessions and their transactions. What a session does with SQL is in session.c. */
#include "store/core/store.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/core/session.h"
#include "store/core/session_private.h"

enum status store_open(const char *url, struct store **ret, struct err *err)
{
	struct slice text = slice_from_cstr(url);
	const struct driver *driver = NULL;
	const char *target = url;
	if (slice_starts_with(text, SLICE("sqlite:"))) {
		driver = &sqlite_driver;
		target = url + SLICE("sqlite:").n;
	} else if (slice_starts_with(text, SLICE("postgresql://")) || slice_starts_with(text, SLICE("postgres://"))) {
		driver = &postgres_driver;
	}
	/* The URL may hold a password: it is not repeated in the words. */
	if (!driver || target[0] == '\0')
		return err_set(err, STATUS_BAD_INPUT, "store.url must be sqlite:PATH or postgresql://…");
	struct store *store = MEM_NEW(struct store);
	store->driver = driver;
	store->target = mem_copy(slice_from_cstr(target));
	struct buf name;
	buf_init_fixed(&name, store->engine, sizeof store->engine);
	driver->name(NULL, &name);
	*ret = store;
	return STATUS_OK;
}

void store_close(struct store **store)
{
	if (!*store)
		return;
	mem_free((*store)->target);
	mem_free(*store);
	*store = NULL;
}

bool store_is_shared(const struct store *store)
{
	return store->driver->is_shared;
}

struct slice store_engine_name(const struct store *store)
{
	return slice_from_cstr(store->engine);
}

enum status session_connect(struct store *store, enum driver_access access, struct store_session **ret, struct err *err)
{
	void *connection = NULL;
	enum status status = store->driver->connect(store->target, access, &connection, err);
	if (status != STATUS_OK)
		return status;
	struct store_session *s = MEM_NEW(struct store_session);
	s->store = store;
	s->driver = store->driver;
	s->connection = connection;
	s->statements = map_new();
	s->scratch = arena_new();
	*ret = s;
	return STATUS_OK;
}

enum status store_session_open(struct store *store, enum store_access access, struct store_session **ret,
			       struct err *err)
{
	return session_connect(store, access == STORE_WRITE ? DRIVER_WRITE : DRIVER_READ, ret, err);
}

void store_session_close(struct store_session **session)
{
	struct store_session *s = *session;
	if (!s)
		return;
	store_rollback(s);
	size_t cursor = 0;
	struct slice key;
	void *statement;
	while (map_next(s->statements, &cursor, &key, &statement))
		s->driver->forget(s->connection, statement);
	map_free(&s->statements);
	s->driver->disconnect(s->connection);
	for (size_t i = 0; i < SESSION_MEMORY_COUNT; i++)
		if (s->memory[i].p)
			s->memory[i].free(s->memory[i].p);
	arena_free(&s->scratch);
	mem_free(s);
	*session = NULL;
}

enum status store_session_recover(struct store_session *session, struct err *err)
{
	store_rollback(session);
	return session->driver->recover(session->connection, err);
}

enum status store_session_set_patience(struct store_session *session, uint32_t seconds, struct err *err)
{
	enum { MS = 1000 };
	const struct driver *driver = session->driver;
	return driver->patience ? driver->patience(session->connection, seconds * MS, err) : STATUS_OK;
}

enum status store_begin(struct store_session *s, struct err *err)
{
	BUG_IF(s->in_transaction);
	enum status status = s->driver->begin(s->connection, err);
	s->in_transaction = status == STATUS_OK;
	s->part++;
	return status;
}

static void say_last_words(struct store_session *s)
{
	struct err own = {0};
	session_last_words *words = s->before_commit;
	if (words && s->dead.status == STATUS_OK)
		(void)session_note(s, words(s, &own), &own);
	s->before_commit = NULL;
}

enum status store_commit(struct store_session *s, struct err *err)
{
	BUG_IF(!s->in_transaction || s->in_savepoint);
	say_last_words(s);
	struct err dead = s->dead;
	if (dead.status != STATUS_OK) {
		store_rollback(s);
		return err_set(err, dead.status, "%s", dead.text);
	}
	s->in_transaction = false;
	enum status status = s->driver->commit(s->connection, err);
	if (status != STATUS_OK)
		session_note_undone(s);
	return status;
}

void store_rollback(struct store_session *s)
{
	if (s->in_transaction) {
		s->driver->rollback(s->connection);
		session_note_undone(s);
	}
	s->in_transaction = s->in_savepoint = false;
	s->before_commit = NULL;
	s->dead = (struct err){0};
}

bool store_transaction_lives(const struct store_session *s)
{
	return s->in_transaction && s->dead.status == STATUS_OK;
}

static enum status savepoint_script(struct store_session *s, const char *sql, struct err *err)
{
	struct err own = {0};
	enum status status = s->driver->script(s->connection, sql, &own);
	if (err && status != STATUS_OK)
		*err = own;
	return session_note(s, status, &own);
}

enum status store_savepoint(struct store_session *s, struct err *err)
{
	BUG_IF(!s->in_transaction || s->in_savepoint);
	/* What was sent before must not fail later, on the account of the part. */
	enum status status = session_settle(s, err);
	if (status == STATUS_OK)
		status = savepoint_script(s, "SAVEPOINT part", err);
	s->in_savepoint = status == STATUS_OK;
	return status;
}

enum status store_savepoint_keep(struct store_session *s, struct err *err)
{
	BUG_IF(!s->in_savepoint);
	enum status status = session_settle(s, err);
	if (status != STATUS_OK)
		return status;
	s->in_savepoint = false;
	return savepoint_script(s, "RELEASE SAVEPOINT part", err);
}

enum status store_savepoint_undo(struct store_session *s, struct err *err)
{
	BUG_IF(!s->in_savepoint);
	s->in_savepoint = false;
	session_note_undone(s);
	/* Whatever failed since the savepoint is taken back with it. */
	struct err ignored = {0};
	(void)s->driver->settle(s->connection, &ignored);
	s->dead = (struct err){0};
	return savepoint_script(s, "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part", err);
}

enum status store_version(struct store_session *session, int64_t *ret, struct err *err)
{
	return rows_read_i64(session, "{version}", VALUES_NONE, ret, err);
}

enum status store_checkpoint(struct store_session *session, int pages, struct err *err)
{
	BUG_IF(session->in_transaction);
	if (!session->wants_scrub)
		return session->driver->checkpoint(session->connection, pages, err);
	enum status status = session->driver->checkpoint(session->connection, CHECKPOINT_SCRUB, err);
	session->wants_scrub = status == STATUS_AGAIN;
	return status == STATUS_AGAIN ? STATUS_OK : status;
}
