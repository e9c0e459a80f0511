/* SPDX-License-Identifier: Apache-2.0 */
/* What the deliverer holds: its leases, how seldom it makes them longer, and what it gives back. Rows that are written
 * are counted by triggers in the store. */
#include "engine/dispatch/queue_errands.h"
#include "post.h"

#include "harness/smtp_peer.h"
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void run_sql(struct post *p, const char *sql)
{
	char path[128];
	sqlite3 *db;
	(void)snprintf(path, sizeof path, "%s/store.db", p->world.directory);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 10000);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

static void count_extensions(struct post *p)
{
	run_sql(
	    p,
	    "CREATE TABLE extensions (message_id BLOB); CREATE TRIGGER note_extension AFTER UPDATE OF lease_until ON "
	    "send_queue WHEN NEW.lease = OLD.lease AND NEW.state = OLD.state BEGIN INSERT INTO extensions VALUES "
	    "(NEW.message_id); END");
}

static int64_t extensions(struct post *p)
{
	return world_sql(&p->world, "SELECT COUNT(*) FROM extensions");
}

static void wait_until(struct post *p, const char *sql, int64_t want)
{
	int64_t is = -1;
	for (int i = 0; i < 30000; i++) {
		is = world_sql(&p->world, sql);
		if (is == want)
			return;
		struct timespec pause = {0, 2000000};
		nanosleep(&pause, NULL);
	}
	fail_msg("%s: %lld, not %lld", sql, (long long)is, (long long)want);
}

/* ---- Leases */

/* Many claims, each while mails of those before are under way: none of their leases is low. */
static void test_claims_write_no_lease_that_has_time_left(void **state)
{
	enum { MAILS = 400 };
	struct post p;
	(void)state;
	post_open(&p);
	count_extensions(&p);
	for (int i = 0; i < MAILS; i++)
		(void)post_mail(&p, "outbox", "c@example.com");
	post_start_dispatcher(&p);
	wait_until(&p, "SELECT COUNT(*) FROM send_queue", 0);
	assert_int_equal(extensions(&p), 0);
	assert_int_equal(post_outbox_count(&p), MAILS);
	post_close(&p);
}

static void test_a_lease_that_runs_low_is_written_once_a_mail(void **state)
{
	enum { MAILS = 12 };
	static const struct smtp_peer_script stall = {.fail_at = PEER_DATA, .act = PEER_STALL, .times = MAILS};
	struct post p;
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(&p, &stall);
	count_extensions(&p);
	for (int i = 0; i < MAILS; i++)
		(void)post_mail(&p, "smtp", "c@example.com");
	post_start_dispatcher(&p);
	post_wait_until_reached(peer, PEER_DATA, MAILS);
	post_advance_both(&p, 85); /* of 120: less than a third is left */
	wait_until(&p, "SELECT COUNT(*) FROM extensions", MAILS);
	/* More turns, and now there is time again. */
	for (int i = 0; i < 5; i++)
		post_advance_both(&p, 1);
	smtp_peer_release(peer);
	wait_until(&p, "SELECT COUNT(*) FROM send_queue", 0);
	assert_int_equal(extensions(&p), MAILS);
	assert_int_equal(smtp_peer_seen(peer).accepted, MAILS);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

/* A machine that was suspended: the wall clock has jumped, by which the store takes leases away. The claim that runs
 * then must not take what this very process is sending. */
static void test_a_jump_of_the_clock_does_not_claim_our_own_mails_again(void **state)
{
	static const struct smtp_peer_script stall = {.fail_at = PEER_DATA, .act = PEER_STALL, .times = 1};
	struct post p;
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(&p, &stall);
	post_start_dispatcher(&p);
	struct uuid slow = post_mail(&p, "smtp", "c@example.com");
	post_wait_until_reached(peer, PEER_DATA, 1);
	post_advance(&p, 3600);
	post_wait(&p, post_mail(&p, "smtp", "d@example.com"), MESSAGE_SENT);
	smtp_peer_release(peer);
	post_wait(&p, slow, MESSAGE_SENT);
	assert_int_equal(post_message(&p, slow)->attempts, 1);
	assert_int_equal(smtp_peer_seen(peer).accepted, 2);
	post_close(&p);
	smtp_peer_stop(&peer);
}

/* A transaction that keeps the writer from the store, and so from making leases longer. */
static sqlite3 *hold_store(struct post *p)
{
	char path[128];
	sqlite3 *db;
	(void)snprintf(path, sizeof path, "%s/store.db", p->world.directory);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 10000);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

/* The mail server is slow to take the mail, and the store cannot be written meanwhile. When the server is ready the
 * intent is kept, but others may have judged the mail by then: its end must not go out any more. */
static void test_nothing_ends_when_the_lease_ran_out_before_the_dot(void **state)
{
	static const struct smtp_peer_script stall = {.fail_at = PEER_DATA, .act = PEER_STALL, .times = 1};
	struct post p;
	struct dispatch_figures figures = {0};
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(&p, &stall);
	post_start_dispatcher(&p);
	(void)post_mail(&p, "smtp", "c@example.com");
	post_wait_until_reached(peer, PEER_DATA, 1);
	sqlite3 *db = hold_store(&p);
	post_advance_both(&p, 121);
	smtp_peer_release(peer);
	while (figures.deferred + figures.sent == 0) {
		(void)sched_yield();
		dispatch_figures(p.dispatcher, &figures);
	}
	assert_int_equal(smtp_peer_seen(peer).accepted, 0);
	assert_int_equal(figures.sent, 0);
	(void)sqlite3_close(db);
	wait_until(&p, "SELECT COUNT(*) FROM send_queue WHERE state = 'waiting' AND attempt = 1", 1);
	post_close(&p);
	smtp_peer_stop(&peer);
}

/* ---- Built mail */

static void test_a_bound_of_one_byte_lets_one_mail_after_the_other_through(void **state)
{
	enum { MAILS = 40 };
	struct post p;
	(void)state;
	post_open(&p);
	p.built_bytes_max = 1;
	for (int i = 0; i < MAILS; i++)
		(void)post_mail(&p, "outbox", "c@example.com");
	post_start_dispatcher(&p);
	wait_until(&p, "SELECT COUNT(*) FROM send_queue", 0);
	assert_int_equal(post_outbox_count(&p), MAILS);
	post_check_sums(&p);
	post_close(&p);
}

/* Built, and waiting for a place on the network, when its address is suppressed. */
static void test_a_mail_that_was_built_long_ago_is_looked_at_again(void **state)
{
	enum { BUSY = 20 }; /* as many as are under way at once */
	static const struct smtp_peer_script stall = {.fail_at = PEER_DATA, .act = PEER_STALL, .times = BUSY};
	struct post p;
	struct uuid id = {{0}};
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(&p, &stall);
	for (int i = 0; i < BUSY; i++)
		(void)post_mail(&p, "smtp", "c@example.com");
	post_advance(&p, 1); /* due behind them */
	id = post_mail(&p, "smtp", "late@example.com");
	post_start_dispatcher(&p);
	post_wait_until_reached(peer, PEER_DATA, BUSY);
	wait_until(&p, "SELECT COUNT(*) FROM send_queue WHERE state = 'leased'", 21);
	run_sql(&p, "INSERT INTO suppressions (tenant_id, address, reason, created_at) SELECT id, 'late@example.com', "
		    "'complaint', 0 FROM tenants");
	post_advance_both(&p, 11);
	smtp_peer_release(peer);
	post_wait(&p, id, MESSAGE_SUPPRESSED);
	wait_until(&p, "SELECT COUNT(*) FROM send_queue", 0);
	assert_int_equal(smtp_peer_seen(peer).accepted, BUSY);
	post_close(&p);
	smtp_peer_stop(&peer);
}

/* ---- Stopping */

static void test_a_stop_gives_back_what_was_not_sent(void **state)
{
	enum { MAILS = 60 };
	static const struct smtp_peer_script stall = {.fail_at = PEER_DATA, .act = PEER_STALL, .times = MAILS};
	struct post p;
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(&p, &stall);
	for (int i = 0; i < MAILS; i++)
		(void)post_mail(&p, "smtp", "c@example.com");
	post_start_dispatcher(&p);
	post_wait_until_reached(peer, PEER_DATA, 20);
	post_stop_dispatcher(&p);
	/* Not by running out, and not by the next start. */
	assert_int_equal(
	    world_sql(&p.world, "SELECT COUNT(*) FROM send_queue WHERE state = 'waiting' AND lease IS NULL"), MAILS);
	smtp_peer_release(peer);
	post_start_dispatcher(&p);
	wait_until(&p, "SELECT COUNT(*) FROM send_queue", 0);
	assert_int_equal(smtp_peer_seen(peer).accepted, MAILS);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

/* Waits for the commands that are under way. */
static void finish(struct errands *errands)
{
	while (errands->count) {
		struct timespec pause = {0, 1000000};
		errands_finish(errands);
		nanosleep(&pause, NULL);
	}
}

static void test_what_could_not_be_given_back_is_given_back_later(void **state)
{
	struct post p;
	struct errands errands;
	struct lease_returns returns = {0};
	(void)state;
	post_open(&p);
	struct queue_entry entry = {.message = post_mail(&p, "outbox", "c@example.com"), .attempt = 1, .lease = 77};
	run_sql(&p, "UPDATE send_queue SET state = 'leased', lease = 77, lease_until = due_at, attempt = 1");
	errands_init(&errands, p.sending.writer, NULL, NULL);
	lease_returns_add(&returns, &entry);
	run_sql(&p, "ALTER TABLE send_queue RENAME TO away");
	lease_returns_send(&returns, &errands, SECOND);
	finish(&errands);
	assert_int_equal(returns.count, 1);
	run_sql(&p, "ALTER TABLE away RENAME TO send_queue");
	lease_returns_send(&returns, &errands, 2 * SECOND - 1); /* not at once again */
	assert_int_equal(errands.count, 0);
	lease_returns_send(&returns, &errands, 2 * SECOND);
	finish(&errands);
	assert_int_equal(returns.count, 0);
	assert_int_equal(
	    world_sql(&p.world, "SELECT COUNT(*) FROM send_queue WHERE state = 'waiting' AND lease IS NULL"), 1);
	errands_done(&errands);
	lease_returns_done(&returns);
	post_close(&p);
}

/* Standard error goes into a file while this often is tried; how many lines it got of the event. */
static size_t lines_of_failures(struct lease_returns *returns, struct errands *errands, int64_t from_us, int attempts)
{
	char text[16384] = "";
	FILE *log = tmpfile();
	int real = dup(STDERR_FILENO);
	size_t lines = 0;
	assert_non_null(log);
	assert_int_equal(dup2(fileno(log), STDERR_FILENO), STDERR_FILENO);
	for (int i = 0; i < attempts; i++) {
		lease_returns_send(returns, errands, from_us + i * SECOND);
		finish(errands);
	}
	assert_int_equal(dup2(real, STDERR_FILENO), STDERR_FILENO);
	(void)close(real);
	rewind(log);
	(void)!fread(text, 1, sizeof text - 1, log);
	(void)fclose(log);
	for (const char *at = text; (at = strstr(at, " dispatch.give_back ")); at++)
		lines++;
	return lines;
}

static void test_giving_back_that_fails_for_long_is_said_once_each_time(void **state)
{
	struct post p;
	struct errands errands;
	struct lease_returns returns = {0};
	(void)state;
	post_open(&p);
	struct queue_entry entry = {.message = post_mail(&p, "outbox", "c@example.com"), .attempt = 1, .lease = 77};
	errands_init(&errands, p.sending.writer, NULL, NULL);
	for (int outage = 0; outage < 2; outage++) {
		int64_t from_us = (1 + 100 * outage) * SECOND;
		lease_returns_add(&returns, &entry);
		run_sql(&p, "ALTER TABLE send_queue RENAME TO away");
		assert_int_equal(lines_of_failures(&returns, &errands, from_us, 4), 1);
		assert_int_equal(returns.count, 1);
		run_sql(&p, "ALTER TABLE away RENAME TO send_queue");
		assert_int_equal(lines_of_failures(&returns, &errands, from_us + 10 * SECOND, 1), 0);
		assert_int_equal(returns.count, 0);
	}
	errands_done(&errands);
	lease_returns_done(&returns);
	post_close(&p);
}

/* ---- Repairs */

static void test_held_rows_of_sent_messages_go_at_the_start(void **state)
{
	struct post p;
	(void)state;
	post_open(&p);
	struct uuid sent = post_mail(&p, "outbox", "c@example.com");
	struct uuid doubtful = post_mail(&p, "outbox", "d@example.com");
	run_sql(&p, "UPDATE send_queue SET state = 'held', attempt = 1; UPDATE messages SET state = CASE to_email WHEN "
		    "'c@example.com' THEN 'sent' ELSE 'in_doubt' END");
	post_start_dispatcher(&p);
	wait_until(&p, "SELECT COUNT(*) FROM send_queue", 1);
	assert_int_equal(post_message(&p, sent)->state, MESSAGE_SENT);
	assert_int_equal(post_message(&p, doubtful)->state, MESSAGE_IN_DOUBT);
	post_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_claims_write_no_lease_that_has_time_left),
	    cmocka_unit_test(test_a_lease_that_runs_low_is_written_once_a_mail),
	    cmocka_unit_test(test_a_jump_of_the_clock_does_not_claim_our_own_mails_again),
	    cmocka_unit_test(test_nothing_ends_when_the_lease_ran_out_before_the_dot),
	    cmocka_unit_test(test_a_bound_of_one_byte_lets_one_mail_after_the_other_through),
	    cmocka_unit_test(test_a_mail_that_was_built_long_ago_is_looked_at_again),
	    cmocka_unit_test(test_a_stop_gives_back_what_was_not_sent),
	    cmocka_unit_test(test_what_could_not_be_given_back_is_given_back_later),
	    cmocka_unit_test(test_giving_back_that_fails_for_long_is_said_once_each_time),
	    cmocka_unit_test(test_held_rows_of_sent_messages_go_at_the_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
