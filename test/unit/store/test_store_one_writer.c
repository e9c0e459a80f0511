/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite 3.7.0 to 3.51.2 can lose commits when two connections write or checkpoint at once while the log is reset. So
 * only one connection may ever move the log back, and here others try their best to. tools/check-writers holds the
 * sources to it. */
#include "store_fixture.h"

#include "../../harness/exam.h"
#include "store/mail/messages.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { READERS = 2, COMMITS = 150, CHECKPOINT_EVERY = 10, CHECKPOINT_ALWAYS = 0, CHECKPOINT_AT_ANY_SIZE = -2 };

static const char *path_of(const struct fixture *f)
{
	return f->url + strlen("sqlite:");
}

static long wal_bytes(const struct fixture *f)
{
	char path[1300];
	long size;
	FILE *file;

	(void)snprintf(path, sizeof path, "%s-wal", path_of(f));
	file = fopen(path, "rb");
	if (!file)
		return 0;
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	(void)fclose(file);
	return size;
}

static void test_a_reader_that_is_the_last_to_close_leaves_the_log_alone(void **state)
{
	struct fixture *f = *state;
	long before;

	for (unsigned n = 1; n <= 40; n++)
		fixture_add_message(f, message_of(n));
	before = wal_bytes(f);
	assert_true(before > 0);
	store_session_close(&f->s);
	assert_int_equal(wal_bytes(f), before);
	store_session_close(&f->reader);
	assert_int_equal(wal_bytes(f), before);
	fixture_open_sessions(f);
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM messages"), "40");
}

/* ---- A storm */

struct storm {
	struct store *store;
	atomic_bool is_over;
	atomic_uint tries;
};

/* Opens, reads, tries to write the log back, closes. */
static void *read_and_meddle(void *arg)
{
	struct storm *storm = arg;

	while (!atomic_load(&storm->is_over)) {
		struct store_session *reader = NULL;
		struct message message;
		struct err err = {0};
		struct arena *arena = arena_new();

		if (store_session_open(storm->store, STORE_READ, &reader, &err) != STATUS_OK)
			abort(); /* no assertion of another thread's reaches the test */
		if (store_message_find(reader, 3, id_of(1), arena, &message, &err) != STATUS_OK)
			abort();
		if (store_begin(reader, &err) == STATUS_OK)
			store_rollback(reader);
		(void)!store_checkpoint(reader, CHECKPOINT_AT_ANY_SIZE, &err);
		store_session_close(&reader);
		arena_free(&arena);
		atomic_fetch_add(&storm->tries, 1);
	}
	return NULL;
}

static const char *integrity_of(const struct fixture *f)
{
	static char answer[200];
	sqlite3 *db;
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_open_v2(path_of(f), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	(void)snprintf(answer, sizeof answer, "%s", (const char *)sqlite3_column_text(stmt, 0));
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return answer;
}

static void write_all(struct fixture *f, unsigned commits)
{
	for (unsigned n = 2; n < 2 + commits; n++) {
		OK(f, store_begin(f->s, &f->err));
		fixture_add_message(f, message_of(n));
		OK(f, store_commit(f->s, &f->err));
		if (n % CHECKPOINT_EVERY == 0)
			OK(f, store_checkpoint(f->s, CHECKPOINT_ALWAYS, &f->err));
	}
}

static void test_no_commit_is_lost_while_readers_come_and_go_and_meddle(void **state)
{
	struct fixture *f = *state;
	const unsigned commits = (unsigned)exam_rounds(COMMITS);
	struct storm storm = {.store = f->store};
	pthread_t readers[READERS];
	char want[24];

	fixture_add_message(f, message_of(1));
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_and_meddle, &storm), 0);
	while (atomic_load(&storm.tries) < READERS)
		(void)sched_yield();
	write_all(f, commits);
	atomic_store(&storm.is_over, true);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	print_message("%u commits beside %u readers that meddled\n", commits, atomic_load(&storm.tries));
	(void)snprintf(want, sizeof want, "%u", commits + 1);
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM messages"), want);
	assert_string_equal(integrity_of(f), "ok");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(test_a_reader_that_is_the_last_to_close_leaves_the_log_alone),
	    FIXTURE_TEST(test_no_commit_is_lost_while_readers_come_and_go_and_meddle),
	};

	/* PostgreSQL has nothing of the kind. */
	return _cmocka_run_group_tests("one writer", tests, sizeof tests / sizeof tests[0], NULL, NULL);
}
