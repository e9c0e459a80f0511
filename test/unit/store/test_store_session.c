/* SPDX-License-Identifier: Apache-2.0 */
/* Stores, sessions, transactions, the journal cursor, idempotency keys. */
#include "store_fixture.h"

#include "store/events/hits.h"
#include "store/events/settling.h"
#include "store/house/accounts.h"
#include "store/house/catalog.h"
#include "store/house/nodes.h"
#include "store/mail/messages.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static uint32_t add_tenant(struct fixture *f, const char *name)
{
	uint32_t id = 0;
	struct tenant t = {.name = slice_from_cstr(name), .created_us = noon_us};
	OK(f, store_tenant_add(f->s, &t, &id, &f->err));
	return id;
}

static size_t count_tenants(struct fixture *f, struct store_session *s)
{
	struct tenant *list = NULL;
	size_t n = 0;
	OK(f, store_tenant_list(s, f->arena, &list, &n, &f->err));
	return n;
}

static void test_open_refuses_other_urls(void **state)
{
	struct fixture *f = *state;
	struct store *store = NULL;
	static const char *const urls[] = {"", "mysql://x", "sqlite:", "/var/lib/x.db", "postgresql:x"};
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
		EXPECT(f, STATUS_BAD_INPUT, store_open(urls[i], &store, &f->err));
	assert_null(store);
}

static void test_a_migrated_store_is_current(void **state)
{
	struct fixture *f = *state;
	OK(f, store_check(f->store, &f->err));
	OK(f, store_migrate(f->store, &f->err));
	OK(f, store_check(f->store, &f->err));
	assert_int_equal(store_is_shared(f->store), f->postgres != NULL);
	const char *engine = f->postgres ? "postgresql " : "sqlite 3.";
	assert_true(slice_starts_with(store_engine_name(f->store), slice_from_cstr(engine)));
}

static void test_check_does_not_find_a_store_that_was_never_made(void **state)
{
	struct fixture *f = *state;
	struct store *store = NULL;
	char url[1200];
	if (f->postgres)
		(void)snprintf(url, sizeof url, "%s", postgres_server_fresh_url(f->postgres));
	else
		(void)snprintf(url, sizeof url, "sqlite:%s/other.db", f->directory);
	OK(f, store_open(url, &store, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_check(store, &f->err));
	OK(f, store_migrate(store, &f->err));
	OK(f, store_check(store, &f->err));
	store_close(&store);
}

static void test_an_older_store_wants_migration(void **state)
{
	struct fixture *f = *state;
	fixture_sql(f, "DELETE FROM schema_version");
	EXPECT(f, STATUS_AGAIN, store_check(f->store, &f->err));
}

static void expect_settling_was_carried_over(struct fixture *f, struct uuid message)
{
	struct timer_list due = {0};
	struct timer_take all = {TIMER_SETTLE, noon_us, 10};
	struct uuid got;
	OK(f, store_timer_take(f->s, &all, f->arena, &due, &f->err));
	assert_int_equal(due.n, 1);
	assert_true(due.at->due_us == noon_us && settling_message_of(due.at, &got) && uuid_equal(got, message));
}

/* Of the fourth version: no settings, no audit, no signals, no reports. What is in it goes through every step since. */
static void test_mail_and_events_of_an_older_store_are_read_and_written_on(void **state)
{
	struct fixture *f = *state;
	struct message m = {0};
	struct event_hits hits = {0};
	struct event e;
	const char *id = f->postgres ? "'01234567-89ab-7cde-8fff-0123456789ab'" : "X'0123456789ab7cde8fff0123456789ab'";
	char sql[1600];
	fixture_old_store(f, 4);
	(void)snprintf(
	    sql, sizeof sql,
	    "INSERT INTO messages (id, tenant_id, state, created_at, send_at, stream, provider, from_email, "
	    "to_email, contact_id, track_opens, track_clicks, key_id, attempts, opens_human, opens_proxy, "
	    "opens_mpp, opens_prefetch, opens_scanner, opens_preview, opens_crawler, opens_unknown, "
	    "clicks_human, clicks_machine) VALUES (%s, 3, 'sent', %s, %s, 'bulk', 'smtp', 'a@x', 'c@y', 'c', "
	    "'full', 'full', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
	    id, f->postgres ? "to_timestamp(1790000000)" : "1790000000000000",
	    f->postgres ? "to_timestamp(1790000000)" : "1790000000000000");
	fixture_sql(f, sql);
	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO email_events (position, id, tenant_id, message_id, event_type, occurred_at, "
		       "is_unique, is_duplicate, bot_filtered, actor, confidence_percent, settled, reasons) VALUES (1, "
		       "%s, 3, %s, 'open', %s, TRUE, FALSE, FALSE, 1, 90, TRUE, 'browser')",
		       id, id, f->postgres ? "to_timestamp(1790000000)" : "1790000000000000");
	fixture_sql(f, sql);
	fixture_sql(f, "UPDATE counters SET value = 1 WHERE name = 'event_position'");
	fixture_sql(f, "INSERT INTO hits_to_settle SELECT created_at, id FROM messages");
	fixture_sql(f, "INSERT INTO journal_cursor (node, sequence) VALUES (54321, 77)");
	OK(f, store_migrate(f->store, &f->err));
	fixture_open_sessions(f);
	assert_true(uuid_parse(TEXT("01234567-89ab-7cde-8fff-0123456789ab"), &m.id));
	OK(f, store_message_find(f->s, 3, m.id, f->arena, &m, &f->err));
	assert_true(m.number > 0 && m.counters.opens_human == 1 && m.reported_us == 0);
	OK(f, store_event_hits(f->s, m.id, 10, f->arena, &hits, &f->err));
	assert_int_equal(hits.n, 1);
	assert_true(hits.at[0].signals == 0 && hits.at[0].is_unique && uuid_equal(hits.at[0].id, m.id));
	e = hits.at[0];
	e.id = id_of(3);
	e.signals = 1;
	OK(f, store_event_add(f->s, &e, 1, &f->err));
	assert_int_equal(e.position, 2);
	m.reported_us = noon_us;
	OK(f, store_message_save_counters(f->s, &m, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM message_counters WHERE reported_at IS NOT NULL"),
			    "1");
	assert_string_equal(fixture_query(f, "SELECT value FROM counters WHERE name = 'tenant_settings'"), "0");
	expect_settling_was_carried_over(f, m.id);
	assert_string_equal(fixture_query(f, "SELECT applied FROM nodes WHERE number = 54321 AND installation IS NULL"),
			    "77");
}

static void test_a_newer_store_is_refused_unchanged(void **state)
{
	struct fixture *f = *state;
	fixture_sql(f, "INSERT INTO schema_version (version, name, applied_at) SELECT 99, 'x', MAX(applied_at) "
		       "FROM schema_version");
	EXPECT(f, STATUS_CONFLICT, store_check(f->store, &f->err));
	assert_non_null(strstr(f->err.text, "99"));
	assert_non_null(strstr(f->err.text, "older"));
	EXPECT(f, STATUS_CONFLICT, store_migrate(f->store, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM schema_version WHERE version = 99"), "1");
}

static void test_the_sqlite_file_is_readable_for_its_owner_only(void **state)
{
	struct fixture *f = *state;
	struct stat info;
	if (f->postgres)
		return;
	assert_int_equal(stat(f->url + 7, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
}

static void test_a_rollback_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	OK(f, store_begin(f->s, &f->err));
	(void)add_tenant(f, "a");
	assert_int_equal(count_tenants(f, f->s), 1);
	assert_int_equal(count_tenants(f, f->reader), 0);
	store_rollback(f->s);
	assert_int_equal(count_tenants(f, f->reader), 0);
	OK(f, store_begin(f->s, &f->err));
	(void)add_tenant(f, "a");
	OK(f, store_commit(f->s, &f->err));
	assert_int_equal(count_tenants(f, f->reader), 1);
}

static void test_a_reading_transaction_sees_one_state(void **state)
{
	struct fixture *f = *state;
	OK(f, store_begin(f->reader, &f->err));
	assert_int_equal(count_tenants(f, f->reader), 0);
	(void)add_tenant(f, "a");
	assert_int_equal(count_tenants(f, f->reader), 0);
	OK(f, store_commit(f->reader, &f->err));
	assert_int_equal(count_tenants(f, f->reader), 1);
}

static void test_a_reading_session_cannot_write(void **state)
{
	struct fixture *f = *state;
	uint32_t id = 0;
	struct tenant t = {.name = TEXT("a"), .created_us = noon_us};
	EXPECT(f, STATUS_IO, store_tenant_add(f->reader, &t, &id, &f->err));
	assert_int_equal(count_tenants(f, f->s), 0);
}

static void test_a_savepoint_can_be_taken_back_alone(void **state)
{
	struct fixture *f = *state;
	OK(f, store_begin(f->s, &f->err));
	(void)add_tenant(f, "before");
	OK(f, store_savepoint(f->s, &f->err));
	(void)add_tenant(f, "taken back");
	OK(f, store_savepoint_undo(f->s, &f->err));
	OK(f, store_savepoint(f->s, &f->err));
	(void)add_tenant(f, "kept");
	OK(f, store_savepoint_keep(f->s, &f->err));
	OK(f, store_commit(f->s, &f->err));
	struct tenant *list = NULL;
	size_t n = 0;
	OK(f, store_tenant_list(f->reader, f->arena, &list, &n, &f->err));
	assert_int_equal(n, 2);
	EXPECT_TEXT(list[0].name, "before");
	EXPECT_TEXT(list[1].name, "kept");
}

/* Something that every database refuses in the middle of a transaction: a table that is gone. */
static enum status fail_inside(struct fixture *f)
{
	return store_campaign_use(f->s, 1, TEXT("c"), TEXT("C"), noon_us, &f->err);
}

static void test_a_failed_statement_kills_the_transaction_until_rollback(void **state)
{
	struct fixture *f = *state;
	fixture_sql(f, "DROP TABLE campaigns");
	OK(f, store_begin(f->s, &f->err));
	(void)add_tenant(f, "a");
	(void)fail_inside(f); /* reported here or later */
	struct tenant t = {.name = TEXT("b"), .created_us = noon_us};
	uint32_t id = 0;
	EXPECT(f, STATUS_FAULT, store_tenant_add(f->s, &t, &id, &f->err));
	assert_non_null(strstr(f->err.text, "campaigns"));
	EXPECT(f, STATUS_FAULT, store_commit(f->s, &f->err));
	assert_int_equal(count_tenants(f, f->s), 0);
	(void)add_tenant(f, "c");
	assert_int_equal(count_tenants(f, f->reader), 1);
}

static void test_a_write_that_failed_late_fails_the_commit(void **state)
{
	struct fixture *f = *state;
	fixture_sql(f, "DROP TABLE campaigns");
	OK(f, store_begin(f->s, &f->err));
	(void)add_tenant(f, "a");
	(void)fail_inside(f);
	EXPECT(f, STATUS_FAULT, store_commit(f->s, &f->err));
	assert_non_null(strstr(f->err.text, "campaigns"));
	assert_int_equal(count_tenants(f, f->s), 0);
}

static void test_a_savepoint_takes_a_failure_back(void **state)
{
	struct fixture *f = *state;
	fixture_sql(f, "DROP TABLE campaigns");
	OK(f, store_begin(f->s, &f->err));
	(void)add_tenant(f, "a");
	OK(f, store_savepoint(f->s, &f->err));
	(void)fail_inside(f);
	EXPECT(f, STATUS_FAULT, store_savepoint_keep(f->s, &f->err));
	OK(f, store_savepoint_undo(f->s, &f->err));
	(void)add_tenant(f, "b");
	OK(f, store_commit(f->s, &f->err));
	assert_int_equal(count_tenants(f, f->reader), 2);
}

static uint64_t cursor_of(struct fixture *f, struct store_session *s, uint16_t node)
{
	struct journal_cursor cursor = {0};
	OK(f, store_cursor_read(s, node, &cursor, &f->err));
	return cursor.sequence;
}

static struct node_claim claim_node(struct fixture *f, uint16_t number, uint64_t epoch)
{
	struct node node = {.number = number, .installation = id_of(number), .epoch = epoch};
	OK(f, store_node_take(f->s, &node, &f->err));
	return (struct node_claim){number, epoch};
}

static void test_the_cursor_moves_by_compare_and_swap(void **state)
{
	struct fixture *f = *state;
	struct journal_cursor none;
	EXPECT(f, STATUS_NOT_FOUND, store_cursor_read(f->s, 7, &none, &f->err));
	struct node_claim claim = claim_node(f, 7, 1);
	assert_int_equal(cursor_of(f, f->s, 7), 0);
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &claim, (struct cursor_step){5, 0, 9, 0}, &f->err));
	OK(f, store_cursor_advance(f->s, &claim, (struct cursor_step){0, 0, 10, 0}, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &claim, (struct cursor_step){0, 0, 11, 0}, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &claim, (struct cursor_step){9, 0, 11, 0}, &f->err));
	OK(f, store_cursor_advance(f->s, &claim, (struct cursor_step){10, 0, 12, 0}, &f->err));
	assert_int_equal(cursor_of(f, f->reader, 7), 12);
}

/* A first half moves only its own mark. Whoever read the cursor before must not apply that half again. */
static void test_a_half_is_applied_by_compare_and_swap(void **state)
{
	struct fixture *f = *state;
	struct node_claim claim = claim_node(f, 7, 1);
	struct journal_cursor cursor = {0};
	const struct cursor_step first = {0, 0, 0, 8}, second = {0, 8, 8, 0};
	OK(f, store_cursor_advance(f->s, &claim, first, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &claim, first, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &claim, (struct cursor_step){0, 0, 8, 0}, &f->err));
	OK(f, store_cursor_read(f->s, 7, &cursor, &f->err));
	assert_true(cursor.sequence == 0 && cursor.half == 8);
	OK(f, store_cursor_advance(f->s, &claim, second, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &claim, second, &f->err));
	OK(f, store_cursor_read(f->s, 7, &cursor, &f->err));
	assert_true(cursor.sequence == 8 && cursor.half == 0);
}

static void test_a_cursor_does_not_move_under_an_older_epoch(void **state)
{
	struct fixture *f = *state;
	struct node_claim older = claim_node(f, 7, 1);
	OK(f, store_cursor_advance(f->s, &older, (struct cursor_step){0, 0, 10, 0}, &f->err));
	struct node_claim newer = claim_node(f, 7, 2);
	assert_int_equal(cursor_of(f, f->s, 7), 10);
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &older, (struct cursor_step){10, 0, 12, 0}, &f->err));
	OK(f, store_cursor_advance(f->s, &newer, (struct cursor_step){10, 0, 12, 0}, &f->err));
}

static void test_a_lost_cursor_race_leaves_the_transaction_alive(void **state)
{
	struct fixture *f = *state;
	struct node_claim claim = claim_node(f, 1, 1);
	OK(f, store_begin(f->s, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &claim, (struct cursor_step){5, 0, 6, 0}, &f->err));
	(void)add_tenant(f, "a");
	OK(f, store_commit(f->s, &f->err));
	assert_int_equal(count_tenants(f, f->reader), 1);
}

/* ---- What a newer program has done to the store */

static void add_step(struct fixture *f, const char *columns, const char *values)
{
	char sql[300];
	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO schema_version (version, name, applied_at%s) SELECT 99, 'x', MAX(applied_at)%s "
		       "FROM schema_version",
		       columns, values);
	fixture_sql(f, sql);
}

static void test_a_newer_step_that_says_nothing_ends_older_writers(void **state)
{
	struct fixture *f = *state;
	OK(f, store_check_fence(f->s, &f->err));
	add_step(f, "", "");
	EXPECT(f, STATUS_CONFLICT, store_check_fence(f->s, &f->err));
	assert_non_null(strstr(f->err.text, "99"));
}

static void test_a_newer_step_that_allows_it_lets_older_writers_go_on(void **state)
{
	struct fixture *f = *state;
	add_step(f, ", oldest_writer", ", 1");
	OK(f, store_check_fence(f->s, &f->err));
	OK(f, store_check(f->store, &f->err));
	OK(f, store_migrate(f->store, &f->err));
	assert_string_equal(fixture_query(f, "SELECT MAX(version) FROM schema_version"), "99");
}

static struct idempotency_key key_of(uint32_t tenant, int64_t not_before_us)
{
	return (struct idempotency_key){.tenant = tenant, .key = TEXT("k"), .not_before_us = not_before_us};
}

static void test_idempotency_answers_are_kept_until_they_are_too_old(void **state)
{
	struct fixture *f = *state;
	struct idempotency_record first = {
	    .request_hash = TEXT("0123456789abcdef0123456789abcdef"), .status = 202, .response = TEXT("{\"id\":1}")};
	struct idempotency_record other = {
	    .request_hash = TEXT("ffffffffffffffffffffffffffffffff"), .status = 200, .response = TEXT("")};
	struct idempotency_record got;
	struct idempotency_key ever = key_of(1, 0);
	struct idempotency_key recent = key_of(1, noon_us - second_us);
	struct idempotency_key of_another = key_of(2, noon_us - second_us);
	struct idempotency_key just_kept = key_of(1, noon_us);
	struct idempotency_key later = key_of(1, noon_us + 1);
	EXPECT(f, STATUS_NOT_FOUND, store_idempotency_find(f->s, &ever, f->arena, &got, &f->err));
	OK(f, store_idempotency_put(f->s, &recent, noon_us, &first, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_idempotency_put(f->s, &recent, noon_us + 1, &other, &f->err));
	OK(f, store_idempotency_put(f->s, &of_another, noon_us, &other, &f->err));
	OK(f, store_idempotency_find(f->reader, &just_kept, f->arena, &got, &f->err));
	EXPECT_TEXT(got.request_hash, "0123456789abcdef0123456789abcdef");
	EXPECT_TEXT(got.response, "{\"id\":1}");
	assert_int_equal(got.status, 202);
	EXPECT(f, STATUS_NOT_FOUND, store_idempotency_find(f->s, &later, f->arena, &got, &f->err));
	OK(f, store_idempotency_put(f->s, &later, noon_us + 9, &other, &f->err));
	OK(f, store_idempotency_find(f->s, &later, f->arena, &got, &f->err));
	assert_int_equal(got.status, 200);
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM idempotency_keys"), "1");
}

static void test_a_checkpoint_moves_the_wal_back(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 20; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "t%d", i);
		(void)add_tenant(f, name);
	}
	OK(f, store_checkpoint(f->s, 1000000, &f->err));
	OK(f, store_checkpoint(f->s, 1, &f->err));
	if (f->postgres)
		return;
	/* Everything is in the file itself now: a copy of it alone has the rows. */
	char command[400];
	(void)snprintf(command, sizeof command, "cp %s %s/copy.db", f->url + 7, f->directory);
	assert_int_equal(system(command), 0);
	(void)snprintf(f->url, sizeof f->url, "sqlite:%s/copy.db", f->directory);
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM tenants"), "20");
}

int main(void)
{
	const struct CMUnitTest store_session[] = {
	    FIXTURE_TEST(test_open_refuses_other_urls),
	    FIXTURE_TEST(test_a_migrated_store_is_current),
	    FIXTURE_TEST(test_check_does_not_find_a_store_that_was_never_made),
	    FIXTURE_TEST(test_an_older_store_wants_migration),
	    FIXTURE_TEST(test_mail_and_events_of_an_older_store_are_read_and_written_on),
	    FIXTURE_TEST(test_a_newer_store_is_refused_unchanged),
	    FIXTURE_TEST(test_the_sqlite_file_is_readable_for_its_owner_only),
	    FIXTURE_TEST(test_a_rollback_leaves_nothing),
	    FIXTURE_TEST(test_a_reading_transaction_sees_one_state),
	    FIXTURE_TEST(test_a_reading_session_cannot_write),
	    FIXTURE_TEST(test_a_savepoint_can_be_taken_back_alone),
	    FIXTURE_TEST(test_a_failed_statement_kills_the_transaction_until_rollback),
	    FIXTURE_TEST(test_a_write_that_failed_late_fails_the_commit),
	    FIXTURE_TEST(test_a_savepoint_takes_a_failure_back),
	    FIXTURE_TEST(test_the_cursor_moves_by_compare_and_swap),
	    FIXTURE_TEST(test_a_half_is_applied_by_compare_and_swap),
	    FIXTURE_TEST(test_a_cursor_does_not_move_under_an_older_epoch),
	    FIXTURE_TEST(test_a_lost_cursor_race_leaves_the_transaction_alive),
	    FIXTURE_TEST(test_a_newer_step_that_says_nothing_ends_older_writers),
	    FIXTURE_TEST(test_a_newer_step_that_allows_it_lets_older_writers_go_on),
	    FIXTURE_TEST(test_idempotency_answers_are_kept_until_they_are_too_old),
	    FIXTURE_TEST(test_a_checkpoint_moves_the_wal_back),
	};
	return FIXTURE_RUN(store_session);
}
