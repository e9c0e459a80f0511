/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/core/migrations.h"
#include <ftw.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The server of the group that runs; cmocka hands a group's state on only through the tests' own. */
static struct postgres_server *server;

static int start_postgres(void **state)
{
	(void)state;
	return server ? 0 : -1;
}

static int stop_postgres(void **state)
{
	(void)state;
	postgres_server_stop(&server);
	return 0;
}

int fixture_run(const char *name, const struct CMUnitTest *tests, size_t count)
{
	char group[128];
	(void)snprintf(group, sizeof group, "%s on sqlite", name);
	int failures = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
	server = postgres_server_start();
	if (!server)
		return failures;
	(void)snprintf(group, sizeof group, "%s on postgresql", name);
	return failures + _cmocka_run_group_tests(group, tests, count, start_postgres, stop_postgres);
}

void fixture_open_sessions(struct fixture *f)
{
	OK(f, store_session_open(f->store, STORE_WRITE, &f->s, &f->err));
	OK(f, store_session_open(f->store, STORE_READ, &f->reader, &f->err));
}

int fixture_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	f->postgres = server;
	f->arena = arena_new();
	if (server) {
		(void)snprintf(f->url, sizeof f->url, "%s", postgres_server_fresh_url(server));
	} else {
		(void)snprintf(f->directory, sizeof f->directory, "/tmp/pugmark-store-XXXXXX");
		if (!mkdtemp(f->directory))
			return -1;
		(void)snprintf(f->url, sizeof f->url, "sqlite:%s/store.db", f->directory);
	}
	*state = f;
	OK(f, store_open(f->url, &f->store, &f->err));
	OK(f, store_migrate(f->store, &f->err));
	fixture_open_sessions(f);
	return 0;
}

struct message message_of(unsigned n)
{
	return (struct message){.id = id_of(n),
				.tenant = 3,
				.created_us = noon_us,
				.send_at_us = noon_us,
				.stream = TEXT("bulk"),
				.provider = TEXT("smtp"),
				.from_email = TEXT("a@x"),
				.to_email = TEXT("c@y"),
				.contact_id = TEXT("c"),
				.position = -1};
}

void fixture_add_message(struct fixture *f, struct message message)
{
	OK(f, store_message_add(f->s, &message, &f->err));
}

void fixture_mail(struct fixture *f, unsigned n)
{
	struct message m = message_of(n);
	enum status status = store_message_add(f->s, &m, &f->err);
	if (status != STATUS_CONFLICT)
		OK(f, status);
}

struct event event_of(unsigned n, unsigned message, enum event_type type)
{
	return (struct event){.id = id_of(1000 + n),
			      .tenant = 3,
			      .type = type,
			      .occurred_us = noon_us + n,
			      .message = id_of(message),
			      .link_index = -1,
			      .sequence_position = -1};
}

struct event hit_of(unsigned n, enum event_type type, enum actor actor)
{
	struct event e = event_of(n, 1, type);
	e.occurred_us = noon_us + n * second_us;
	e.judged = true;
	e.actor = actor;
	e.bot_filtered = !actor_is_counted(actor);
	e.reasons = TEXT("browser");
	e.ip = TEXT("203.0.113.7");
	e.user_agent = TEXT("agent");
	if (type == EVENT_CLICK)
		e.link_index = (int32_t)n;
	return e;
}

struct event opened_by(unsigned n, unsigned message, struct slice agent, struct slice owner)
{
	struct event e = event_of(n, message, EVENT_OPEN);
	e.user_agent = agent;
	e.owner = owner;
	return e;
}

void fixture_add_event(struct fixture *f, struct event event)
{
	OK(f, store_event_add(f->s, &event, 1, &f->err));
}

void fixture_add_hits(struct fixture *f)
{
	struct event e[6] = {
	    hit_of(1, EVENT_OPEN, ACTOR_HUMAN),       hit_of(2, EVENT_OPEN, ACTOR_HUMAN),
	    hit_of(3, EVENT_OPEN, ACTOR_PROXY_HUMAN), hit_of(4, EVENT_OPEN, ACTOR_HUMAN),
	    hit_of(5, EVENT_CLICK, ACTOR_HUMAN),      hit_of(6, EVENT_CLICK, ACTOR_SCANNER),
	};
	struct event other = hit_of(7, EVENT_DELIVERED, ACTOR_UNKNOWN);
	other.judged = false;
	e[0].reasons = TEXT("browser consent:anonymous");
	e[1].is_duplicate = true;
	e[4].signals = 0x7fff;
	e[5].signals = 0x101;
	fixture_mail(f, 1);
	OK(f, store_event_add(f->s, e, 6, &f->err));
	fixture_add_event(f, other);
}

size_t fixture_events(struct fixture *f, struct event_filter filter, struct event **ret)
{
	size_t n = 0;
	filter.tenant = 3;
	if (!filter.limit)
		filter.limit = 100;
	OK(f, store_event_list(f->reader, &filter, f->arena, ret, &n, &f->err));
	return n;
}

void fixture_script(struct fixture *f, const char *sql)
{
	if (f->postgres) {
		fixture_sql(f, sql);
		return;
	}
	sqlite3 *db = NULL;
	char *words = NULL;
	if (sqlite3_open(f->url + strlen("sqlite:"), &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
		fail_msg("%s", words ? words : sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

void fixture_old_store(struct fixture *f, int version)
{
	const struct driver *driver = f->postgres ? &postgres_driver : &sqlite_driver;
	struct buf sql;
	store_session_close(&f->s);
	store_session_close(&f->reader);
	store_close(&f->store);
	if (f->postgres)
		(void)snprintf(f->url, sizeof f->url, "%s", postgres_server_fresh_url(f->postgres));
	else
		(void)snprintf(f->url, sizeof f->url, "sqlite:%s/old.db", f->directory);
	buf_init(&sql, 1 << 20);
	buf_append_cstr(&sql,
			"CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at ");
	session_expand(&sql, driver->words, "{time} NOT NULL);");
	for (int i = 0; i < version; i++)
		session_expand(&sql, driver->words, store_migrations[i].sql);
	buf_printf(&sql, "INSERT INTO schema_version (version, name, applied_at) SELECT %d, 'old', %s", version,
		   f->postgres ? "now()" : "0");
	fixture_script(f, buf_cstr(&sql));
	buf_done(&sql);
	OK(f, store_open(f->url, &f->store, &f->err));
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	(void)at;
	return remove(path);
}

int fixture_tear_down(void **state)
{
	struct fixture *f = *state;
	store_session_close(&f->s);
	store_session_close(&f->reader);
	store_close(&f->store);
	arena_free(&f->arena);
	if (f->directory[0])
		(void)nftw(f->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

void fixture_expect(const struct fixture *f, enum status got, enum status want, const char *file, int line)
{
	if (got == want)
		return;
	print_error("%s:%d: got %s, want %s; last words: %s\n", file, line, status_name(got), status_name(want),
		    f->err.text);
	_fail(file, line);
}

void fixture_expect_text(struct slice got, const char *want, const char *file, int line)
{
	if (slice_equal(got, slice_from_cstr(want)))
		return;
	print_error("%s:%d: got \"%.*s\", want \"%s\"\n", file, line, SLICE_FMT(got), want);
	_fail(file, line);
}

void fixture_sql(struct fixture *f, const char *sql)
{
	(void)fixture_query(f, sql);
}

static const char *query_postgres(struct fixture *f, const char *sql)
{
	PGconn *pg = PQconnectdb(f->url);
	PGresult *result = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail_msg("%s", PQerrorMessage(pg));
	const char *text = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
	char *copy = arena_cstr(f->arena, slice_from_cstr(text));
	PQclear(result);
	PQfinish(pg);
	return copy;
}

static const char *query_sqlite(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	const char *text = NULL;
	if (sqlite3_open_v2(f->url + 7, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	int code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(stmt, 0);
	else if (code != SQLITE_DONE)
		fail_msg("%s", sqlite3_errmsg(db));
	char *copy = arena_cstr(f->arena, slice_from_cstr(text));
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return copy;
}

const char *fixture_query(struct fixture *f, const char *sql)
{
	return f->postgres ? query_postgres(f, sql) : query_sqlite(f, sql);
}

struct uuid id_of(unsigned n)
{
	uint8_t random[10] = {0};
	for (int i = 0; i < 4; i++)
		random[i] = (uint8_t)(n * 2654435761u >> (8 * i));
	return uuid_v7(noon_us + (int64_t)n * 1000, random);
}
