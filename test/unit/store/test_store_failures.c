/* SPDX-License-Identifier: Apache-2.0 */
/* What the store says when its database is full, gone, or goes at the worst moment. */
#include "store_fixture.h"

#include "store/house/accounts.h"
#include "store/house/nodes.h"
#include "store/mail/links.h"
#include "store/mail/messages.h"
#include "store/people/contacts.h"
#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <unistd.h>

static struct contact contact_of(unsigned n, char name[16])
{
	(void)snprintf(name, 16, "c%u", n);
	return (struct contact){.id = slice_from_cstr(name), .email = TEXT("a@x")};
}

/* Every connection that is opened from now on may use so many pages. */
static int limit_pages(sqlite3 *db, char **error, const struct sqlite3_api_routines *api)
{
	(void)error;
	(void)api;
	return sqlite3_exec(db, "PRAGMA max_page_count = 80", NULL, NULL, NULL);
}

static enum status fill(struct fixture *f, struct store_session *s)
{
	char url[3000];
	memset(url, 'u', sizeof url);
	for (unsigned i = 0; i < 1000; i++) {
		char key[16] = {0};
		memcpy(key, &i, sizeof i);
		enum status status =
		    store_link_put(s, 3, slice_of(key, sizeof key), slice_of(url, sizeof url), noon_us, &f->err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static void test_a_full_disk_is_told_apart_and_loses_nothing_committed(void **state)
{
	struct fixture *f = *state;
	struct store_session *s = NULL;
	char name[16];
	struct contact got, c = contact_of(1, name);
	if (f->postgres)
		return; /* the server stops when its disk is full */
	assert_int_equal(sqlite3_auto_extension((void (*)(void))limit_pages), SQLITE_OK);
	OK(f, store_session_open(f->store, STORE_WRITE, &s, &f->err));
	OK(f, store_contact_use(s, 3, &c, noon_us, &f->err));
	OK(f, store_begin(s, &f->err));
	EXPECT(f, STATUS_FULL, fill(f, s));
	EXPECT(f, STATUS_FULL, store_commit(s, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM links"), "0");
	/* Room again: the same session goes on. */
	sqlite3_reset_auto_extension();
	OK(f, store_contact_find(s, 3, c.id, f->arena, &got, &f->err));
	OK(f, store_session_recover(s, &f->err));
	c.name = TEXT("renamed");
	OK(f, store_contact_use(s, 3, &c, noon_us, &f->err));
	store_session_close(&s);
	OK(f, store_contact_find(f->reader, 3, c.id, f->arena, &got, &f->err));
	EXPECT_TEXT(got.name, "renamed");
}

static void test_a_file_that_is_no_database_is_corrupt(void **state)
{
	struct fixture *f = *state;
	struct store *store = NULL;
	char url[1200];
	if (f->postgres)
		return;
	(void)snprintf(url, sizeof url, "sqlite:%s/text.db", f->directory);
	FILE *file = fopen(url + 7, "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		(void)fputs("this is not a database\n", file);
	(void)fclose(file);
	OK(f, store_open(url, &store, &f->err));
	EXPECT(f, STATUS_CORRUPT, store_check(store, &f->err));
	EXPECT(f, STATUS_CORRUPT, store_migrate(store, &f->err));
	store_close(&store);
}

static void test_a_store_that_cannot_be_reached_is_an_io_error(void **state)
{
	struct fixture *f = *state;
	struct store *store = NULL;
	struct store_session *s = NULL;
	const char *url = f->postgres ? "postgresql://x@/x?host=/nowhere" : "sqlite:/nowhere/x.db";
	OK(f, store_open(url, &store, &f->err));
	EXPECT(f, STATUS_IO, store_migrate(store, &f->err));
	EXPECT(f, f->postgres ? STATUS_IO : STATUS_NOT_FOUND, store_session_open(store, STORE_WRITE, &s, &f->err));
	assert_null(s);
	store_close(&store);
}

/* Ends the backends of both sessions, as a restart of the server would. */
static void kill_backends(struct fixture *f)
{
	fixture_sql(f,
		    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
		    "application_name = 'pugmark'");
	/* Until they are gone for certain. */
	while (
	    strcmp(fixture_query(f, "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'pugmark'"), "0"))
		;
}

static void test_a_connection_that_is_lost_in_a_transaction_commits_nothing(void **state)
{
	struct fixture *f = *state;
	char name[16];
	struct contact got, c = contact_of(1, name);
	struct contact_consent off = {.id = c.id, .opens = CONSENT_OFF, .clicks = CONSENT_OFF};
	if (!f->postgres)
		return;
	OK(f, store_contact_use(f->s, 3, &c, noon_us, &f->err));
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_contact_set_consent(f->s, 3, &off, noon_us, &f->err));
	kill_backends(f);
	EXPECT(f, STATUS_IO, store_contact_find(f->s, 3, c.id, f->arena, &got, &f->err));
	EXPECT(f, STATUS_IO, store_commit(f->s, &f->err));
	OK(f, store_session_recover(f->s, &f->err));
	OK(f, store_contact_find(f->s, 3, c.id, f->arena, &got, &f->err));
	assert_int_equal(got.opens, CONSENT_FULL);
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_contact_set_consent(f->s, 3, &off, noon_us, &f->err));
	OK(f, store_commit(f->s, &f->err));
	EXPECT(f, STATUS_IO, store_contact_find(f->reader, 3, c.id, f->arena, &got, &f->err));
	OK(f, store_session_recover(f->reader, &f->err));
	OK(f, store_contact_find(f->reader, 3, c.id, f->arena, &got, &f->err));
	assert_int_equal(got.opens, CONSENT_OFF);
	EXPECT(f, STATUS_IO, store_contact_use(f->reader, 3, &c, noon_us, &f->err));
}

static void test_many_queued_writes_survive_a_lost_connection_as_none(void **state)
{
	struct fixture *f = *state;
	if (!f->postgres)
		return;
	OK(f, store_begin(f->s, &f->err));
	kill_backends(f);
	enum status status = STATUS_OK;
	for (unsigned i = 0; status == STATUS_OK && i < 5000; i++) {
		char name[16];
		struct contact c = contact_of(i, name);
		status = store_contact_use(f->s, 3, &c, noon_us, &f->err);
	}
	EXPECT(f, STATUS_IO, status);
	EXPECT(f, STATUS_IO, store_commit(f->s, &f->err));
	OK(f, store_session_recover(f->s, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM contacts"), "0");
}

static void test_a_connection_that_is_lost_while_committing_is_uncertain(void **state)
{
	struct fixture *f = *state;
	struct journal_cursor at;
	struct node node = {.number = 1, .installation = id_of(1), .epoch = 1};
	struct node_claim claim = {1, 1};
	if (!f->postgres)
		return;
	OK(f, store_node_take(f->s, &node, &f->err));
	/* A deferred trigger runs inside COMMIT and ends its own backend there. */
	fixture_sql(f, "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
		       "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'");
	fixture_sql(f, "CREATE CONSTRAINT TRIGGER die AFTER UPDATE ON nodes DEFERRABLE INITIALLY DEFERRED "
		       "FOR EACH ROW EXECUTE FUNCTION die()");
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_cursor_advance(f->s, &claim, (struct cursor_step){0, 0, 5, 0}, &f->err));
	EXPECT(f, STATUS_UNCERTAIN, store_commit(f->s, &f->err));
	OK(f, store_session_recover(f->s, &f->err));
	OK(f, store_cursor_read(f->s, 1, &at, &f->err));
	assert_int_equal(at.sequence, 0);
}

/* ---- Two writers that wait for one another */

struct rival {
	struct fixture *f;
	struct store_session *s;
	struct uuid first, second;
	sem_t *has_first; /* posted */
	sem_t *go_on;     /* waited for */
	enum status outcome;
};

static enum status lock_both(const struct rival *r, struct arena *arena)
{
	struct message m;
	struct err err = {0};
	enum status status = store_begin(r->s, &err);
	if (status == STATUS_OK)
		status = store_message_find(r->s, 0, r->first, arena, &m, &err);
	(void)sem_post(r->has_first);
	(void)sem_wait(r->go_on);
	if (status == STATUS_OK)
		status = store_message_find(r->s, 0, r->second, arena, &m, &err);
	store_rollback(r->s);
	return status;
}

static void *run_rival(void *user)
{
	struct rival *r = user;
	struct arena *arena = arena_new();
	r->outcome = lock_both(r, arena);
	arena_free(&arena);
	return NULL;
}

static void test_a_deadlock_is_no_failure_of_the_store(void **state)
{
	struct fixture *f = *state;
	struct store_session *other = NULL;
	sem_t mine, theirs;
	pthread_t thread;
	if (!f->postgres)
		return;
	OK(f, store_session_open(f->store, STORE_WRITE, &other, &f->err));
	fixture_mail(f, 1);
	fixture_mail(f, 2);
	assert_int_equal(sem_init(&mine, 0, 0), 0);
	assert_int_equal(sem_init(&theirs, 0, 0), 0);
	struct rival a = {f, f->s, id_of(1), id_of(2), &mine, &theirs, STATUS_OK};
	struct rival b = {f, other, id_of(2), id_of(1), &theirs, &mine, STATUS_OK};
	assert_int_equal(pthread_create(&thread, NULL, run_rival, &b), 0);
	(void)run_rival(&a);
	assert_int_equal(pthread_join(thread, NULL), 0);
	/* PostgreSQL ends one of them, whichever looks first. */
	assert_true((a.outcome == STATUS_AGAIN) + (b.outcome == STATUS_AGAIN) == 1);
	assert_true((a.outcome == STATUS_OK) + (b.outcome == STATUS_OK) == 1);
	(void)sem_destroy(&mine);
	(void)sem_destroy(&theirs);
	store_session_close(&other);
}

static void test_json_that_the_database_refuses_is_bad_input(void **state)
{
	struct fixture *f = *state;
	struct message m = message_of(1);
	if (!f->postgres)
		return;
	m.metadata = TEXT("{\"a\":\"\\u0000\"}");
	EXPECT(f, STATUS_BAD_INPUT, store_message_add(f->s, &m, &f->err));
}

int main(void)
{
	const struct CMUnitTest store_failures[] = {
	    FIXTURE_TEST(test_a_full_disk_is_told_apart_and_loses_nothing_committed),
	    FIXTURE_TEST(test_a_file_that_is_no_database_is_corrupt),
	    FIXTURE_TEST(test_a_store_that_cannot_be_reached_is_an_io_error),
	    FIXTURE_TEST(test_a_connection_that_is_lost_in_a_transaction_commits_nothing),
	    FIXTURE_TEST(test_many_queued_writes_survive_a_lost_connection_as_none),
	    FIXTURE_TEST(test_a_connection_that_is_lost_while_committing_is_uncertain),
	    FIXTURE_TEST(test_a_deadlock_is_no_failure_of_the_store),
	    FIXTURE_TEST(test_json_that_the_database_refuses_is_bad_input),
	};
	return FIXTURE_RUN(store_failures);
}
