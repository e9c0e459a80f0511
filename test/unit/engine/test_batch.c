/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ledger/attempt.h"
#include "store/events/settling.h"
#include "store/people/contacts.h"
#include "world.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
	struct world w;
	struct batch *batch;
	struct err err;
};

static int setup(void **state)
{
	static struct fixture f;
	world_open(&f.w);
	world_add_message(&f.w, 0, false);
	world_add_message(&f.w, 2, false);
	f.batch = batch_new(f.w.session);
	assert_int_equal(store_begin(f.w.session, &f.err), STATUS_OK);
	batch_reset(f.batch, WORLD_NOW_US);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	batch_free(&f->batch);
	world_close(&f->w);
	return 0;
}

static struct message *message(struct fixture *f, uint32_t n)
{
	struct message *m = NULL;
	assert_int_equal(batch_message(f->batch, world_message_id(n), &m, &f->err), STATUS_OK);
	return m;
}

static void commit(struct fixture *f)
{
	assert_int_equal(batch_finish(f->batch, &f->err), STATUS_OK);
	assert_int_equal(store_commit(f->w.session, &f->err), STATUS_OK);
}

static struct event open_event(uint8_t id)
{
	return (struct event){.id = {{id}},
			      .tenant = 1,
			      .type = EVENT_OPEN,
			      .occurred_us = WORLD_NOW_US,
			      .message = world_message_id(0),
			      .judged = true,
			      .actor = ACTOR_HUMAN,
			      .link_index = -1};
}

/* What others wrote in between. */
static void next_transaction(struct fixture *f)
{
	batch_reset(f->batch, WORLD_NOW_US + 1);
	assert_int_equal(store_begin(f->w.session, &f->err), STATUS_OK);
}

static void test_a_message_is_read_once_and_saved_when_touched(void **state)
{
	struct fixture *f = *state;
	struct message *m = message(f, 0);
	assert_ptr_equal(m, message(f, 0));
	m->counters.opens_human = 7;
	batch_touch(f->batch, m);
	batch_touch(f->batch, m);
	message(f, 2)->counters.opens_human = 9; /* not touched */
	commit(f);
	assert_int_equal(world_message(&f->w, 0)->counters.opens_human, 7);
	assert_int_equal(world_message(&f->w, 2)->counters.opens_human, 0);
}

static void test_messages_that_are_read_ahead_are_the_same_ones(void **state)
{
	struct fixture *f = *state;
	struct message *known = message(f, 0);
	struct uuid ids[] = {world_message_id(99), world_message_id(2), world_message_id(0), world_message_id(2)};
	struct message *m;
	known->counters.opens_human = 3;
	assert_int_equal(batch_read_ahead(f->batch, ids, 4, &f->err), STATUS_OK);
	assert_ptr_equal(message(f, 0), known);
	assert_true(slice_equal(message(f, 2)->to_email, SLICE("c2@example.com")));
	assert_int_equal(batch_message(f->batch, world_message_id(99), &m, &f->err), STATUS_NOT_FOUND);
	commit(f);
}

static void test_an_unknown_message_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct message *m;
	assert_int_equal(batch_message(f->batch, world_message_id(99), &m, &f->err), STATUS_NOT_FOUND);
	commit(f);
}

static void test_events_are_written_whole_and_counted(void **state)
{
	struct fixture *f = *state;
	const struct event *e;
	char text[] = "agent";
	struct event first = open_event(1);
	struct event second = open_event(2);
	first.tenant = second.tenant = f->w.tenant;
	first.user_agent = slice_from_cstr(text);
	message(f, 0)->cohort_day = 20000;
	batch_event(f->batch, message(f, 0), &first);
	text[0] = 'X'; /* what was given is copied */
	batch_event(f->batch, message(f, 0), &second);
	assert_int_equal(batch_event_count(f->batch), 0);
	commit(f);
	assert_int_equal(batch_event_count(f->batch), 2);
	assert_int_equal(world_events(&f->w, 0, &e), 2);
	assert_true(slice_equal(e[0].user_agent, SLICE("agent")));
	assert_true(slice_equal(e[0].contact_category, SLICE("seller")));
}

static void test_an_event_of_a_message_that_is_not_in_the_batch_keeps_its_texts(void **state)
{
	struct fixture *f = *state;
	const struct event *e;
	char remote_id[] = "r-1";
	struct message own = *world_message(&f->w, 0);
	struct event event = open_event(1);
	event.tenant = f->w.tenant;
	event.type = EVENT_QUEUED;
	event.remote_id = SLICE("r-1");
	own.remote_id = slice_from_cstr(remote_id);
	batch_event(f->batch, &own, &event);
	remote_id[0] = 'X';
	commit(f);
	assert_int_equal(world_events(&f->w, 0, &e), 1);
	assert_int_equal(e->remote_id.n, 0); /* it is the message's, and the store's has none */
}

static void test_sums_of_one_cohort_become_one_row(void **state)
{
	struct fixture *f = *state;
	message(f, 0)->cohort_day = message(f, 2)->cohort_day = 20000;
	for (uint8_t i = 0; i < 100; i++) {
		struct event e = open_event(i);
		e.tenant = f->w.tenant;
		e.message = world_message_id(i % 2 ? 0 : 2);
		batch_event(f->batch, message(f, i % 2 ? 0 : 2), &e);
	}
	commit(f);
	assert_int_equal(world_stat(&f->w, STAT_OPENS_HUMAN), 100);
	assert_int_equal(world_sql(&f->w, "SELECT count(*) FROM stats_daily"), 1);
	assert_int_equal(world_sql(&f->w, "SELECT count(*) FROM stats_quarter_hourly"), 1);
	assert_int_equal(world_sql(&f->w, "SELECT value FROM stats_quarter_hourly"), 100);
}

static int64_t opens_between(struct fixture *f, int64_t from_us, int64_t to_us)
{
	const int64_t quarter_us = INT64_C(900000000);
	char sql[160];
	(void)snprintf(sql, sizeof sql,
		       "SELECT coalesce(sum(value), 0) FROM stats_quarter_hourly WHERE kind = 'opens' AND "
		       "quarter >= %lld AND quarter < %lld",
		       (long long)(from_us / quarter_us), (long long)(to_us / quarter_us));
	return world_sql(&f->w, sql);
}

/* An open in the last microsecond of a day and one in the first of the next, in India (from 18:30 UTC) and Nepal (from
 * 18:15), are in sums of their own. */
static void test_days_of_zones_off_the_hour_are_sums_of_rows(void **state)
{
	struct fixture *f = *state;
	const int64_t minute_us = INT64_C(60000000);
	const int64_t day_us = 24 * 60 * minute_us;
	const int64_t midnight_us = WORLD_NOW_US / day_us * day_us; /* UTC's */
	const int64_t begins_us[] = {midnight_us + (18 * 60 + 30) * minute_us,
				     midnight_us + (18 * 60 + 15) * minute_us};
	message(f, 0)->cohort_day = 20000;
	for (uint8_t i = 0; i < 4; i++) {
		struct event e = open_event(i);
		e.tenant = f->w.tenant;
		e.occurred_us = begins_us[i / 2] - i % 2;
		batch_event(f->batch, message(f, 0), &e);
	}
	commit(f);
	/* Nepal's day begins first: both of India's opens are in it. */
	assert_int_equal(opens_between(f, begins_us[0] - day_us, begins_us[0]), 3);
	assert_int_equal(opens_between(f, begins_us[0], begins_us[0] + day_us), 1);
	assert_int_equal(opens_between(f, begins_us[1] - day_us, begins_us[1]), 1);
	assert_int_equal(opens_between(f, begins_us[1], begins_us[1] + day_us), 3);
}

static void test_flushing_twice_writes_once(void **state)
{
	struct fixture *f = *state;
	struct event e = open_event(1);
	message(f, 0)->cohort_day = 20000;
	batch_event(f->batch, message(f, 0), &e);
	assert_int_equal(batch_finish(f->batch, &f->err), STATUS_OK);
	commit(f);
	assert_int_equal(world_stat(&f->w, STAT_OPENS_HUMAN), 1);
}

static void drop_table(struct fixture *f, const char *sql)
{
	char path[128];
	sqlite3 *db;
	(void)snprintf(path, sizeof path, "%s/store.db", f->w.directory);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

/* What is written after the statement that failed must not make it look well. */
static void test_a_flush_that_failed_says_so(void **state)
{
	struct fixture *f = *state;
	store_rollback(f->w.session);
	drop_table(f, "DROP TABLE timers");
	assert_int_equal(store_begin(f->w.session, &f->err), STATUS_OK);
	batch_reset(f->batch, WORLD_NOW_US);
	struct uuid id = world_message_id(0);
	struct timer timer = settling_timer(WORLD_NOW_US, &id);
	batch_set_timer(f->batch, &timer);
	assert_int_equal(batch_finish(f->batch, &f->err), STATUS_FAULT);
}

static void hit(struct fixture *f, uint8_t id)
{
	struct event e = open_event(id);
	message(f, 0)->cohort_day = 20000;
	batch_event(f->batch, message(f, 0), &e);
}

/* Also when it was flushed on the way, as commands do that ask the store for what they have just gathered. */
static void test_the_sums_of_a_part_that_is_taken_back_go_with_it(void **state)
{
	struct fixture *f = *state;
	enum status outcome = STATUS_CONFLICT;
	struct err why = {0};
	hit(f, 1);
	assert_int_equal(attempt_begin(f->batch, &f->err), STATUS_OK);
	hit(f, 2);
	assert_int_equal(batch_flush(f->batch, &f->err), STATUS_OK);
	hit(f, 3);
	assert_int_equal(attempt_end(f->batch, &outcome, &why, &f->err), STATUS_OK);
	assert_int_equal(attempt_begin(f->batch, &f->err), STATUS_OK);
	hit(f, 4);
	outcome = STATUS_OK;
	assert_int_equal(attempt_end(f->batch, &outcome, &why, &f->err), STATUS_OK);
	hit(f, 5);
	commit(f);
	assert_int_equal(world_sql(&f->w, "SELECT SUM(opens_human) FROM stats_daily"), 3);
	assert_int_equal(world_sql(&f->w, "SELECT COUNT(*) FROM events"), 3);
}

static void test_what_is_forgotten_is_not_written_and_read_anew(void **state)
{
	struct fixture *f = *state;
	const struct event *e;
	struct event event = open_event(1);
	struct message *m = message(f, 0);
	m->cohort_day = 20000;
	m->counters.opens_human = 5;
	batch_touch(f->batch, m);
	batch_event(f->batch, m, &event);
	batch_forget(f->batch);
	assert_int_equal(message(f, 0)->counters.opens_human, 0);
	commit(f);
	assert_int_equal(world_events(&f->w, 0, &e), 0);
	assert_int_equal(world_stat(&f->w, STAT_OPENS_HUMAN), 0);
}

static void test_events_of_one_message_are_found_newest_first(void **state)
{
	struct fixture *f = *state;
	struct event of_two = open_event(9);
	message(f, 0)->cohort_day = message(f, 2)->cohort_day = 20000;
	assert_null(batch_last_event(f->batch, world_message_id(0)));
	for (uint8_t i = 1; i <= 100; i++) {
		struct event e = open_event(i);
		batch_event(f->batch, message(f, 0), &e);
		of_two.id.bytes[1] = i;
		batch_event(f->batch, message(f, 2), &of_two);
	}
	const struct event *e = batch_last_event(f->batch, world_message_id(0));
	for (uint8_t i = 100; i >= 1; i--, e = batch_event_before(f->batch, e))
		assert_int_equal(e->id.bytes[0], i);
	assert_null(e);
	assert_null(batch_last_event(f->batch, world_message_id(99)));
	commit(f);
	assert_null(batch_last_event(f->batch, world_message_id(0)));
}

static void test_of_two_opens_of_a_person_the_first_is_unique(void **state)
{
	struct fixture *f = *state;
	const struct event *e;
	struct event machine = open_event(1);
	struct event repeat = open_event(2);
	struct event first = open_event(3);
	struct event second = open_event(4);
	machine.actor = ACTOR_SCANNER;
	repeat.is_duplicate = true;
	message(f, 0)->cohort_day = 20000;
	batch_event(f->batch, message(f, 0), &machine);
	batch_event(f->batch, message(f, 0), &repeat);
	batch_event(f->batch, message(f, 0), &first);
	batch_event(f->batch, message(f, 0), &second);
	commit(f);
	assert_int_equal(world_events(&f->w, 0, &e), 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(e[i].is_unique, i == 2);
	assert_int_equal(message(f, 0)->counters.opens_human, 2);
}

static void test_a_message_outlives_its_transaction_only_when_it_may(void **state)
{
	struct fixture *f = *state;
	struct message *m = message(f, 0);
	char given[] = "r-1";
	m->remote_id = arena_copy(batch_arena(f->batch), slice_from_cstr(given));
	batch_touch(f->batch, m);
	commit(f);
	batch_keep_messages(f->batch);
	next_transaction(f);
	(void)memset(arena_alloc(batch_arena(f->batch), 4096), 'X', 4096);
	assert_ptr_equal(message(f, 0), m);
	assert_true(slice_equal(m->remote_id, SLICE("r-1"))); /* a text of the transaction that is over */
	m->attempts = 77;
	assert_int_equal(batch_finish(f->batch, &f->err), STATUS_OK);
	store_rollback(f->w.session);
	next_transaction(f);
	assert_int_equal(message(f, 0)->attempts, 0); /* read anew, since what it says is not committed */
	commit(f);
}

static void expect_consent(struct fixture *f, enum consent want)
{
	enum consent opens = CONSENT_OFF;
	enum consent clicks = CONSENT_OFF;
	assert_int_equal(batch_contact_consent(f->batch, message(f, 0), &opens, &clicks, &f->err), STATUS_OK);
	assert_int_equal(opens, want);
}

static void set_consent(struct fixture *f, struct store_session *session, enum consent consent)
{
	struct contact_consent what = {.id = SLICE("c0@example.com"), .opens = consent, .clicks = consent};
	assert_int_equal(store_contact_set_consent(session, f->w.tenant, &what, WORLD_NOW_US, &f->err), STATUS_OK);
}

static void test_consent_is_remembered_until_it_changes_or_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct contact_consent off = {.id = SLICE("c0@example.com"), .opens = CONSENT_OFF, .clicks = CONSENT_OFF};
	expect_consent(f, CONSENT_FULL);
	set_consent(f, f->w.session, CONSENT_OFF);
	expect_consent(f, CONSENT_FULL);
	batch_change_contact(f->batch, f->w.tenant, &off);
	expect_consent(f, CONSENT_OFF);
	set_consent(f, f->w.session, CONSENT_ANONYMOUS);
	expect_consent(f, CONSENT_OFF);
	batch_forget_contacts(f->batch);
	expect_consent(f, CONSENT_ANONYMOUS);
	set_consent(f, f->w.session, CONSENT_FULL);
	batch_forget_contacts(f->batch);
	expect_consent(f, CONSENT_FULL);
	commit(f);
}

static void test_what_another_connection_changes_is_seen_by_the_next_transaction(void **state)
{
	struct fixture *f = *state;
	struct store_session *another = NULL;
	expect_consent(f, CONSENT_FULL);
	assert_int_equal(store_commit(f->w.session, &f->err), STATUS_OK);
	assert_int_equal(store_session_open(f->w.store, STORE_WRITE, &another, &f->err), STATUS_OK);
	set_consent(f, another, CONSENT_OFF);
	store_session_close(&another);
	batch_reset(f->batch, WORLD_NOW_US);
	assert_int_equal(store_begin(f->w.session, &f->err), STATUS_OK);
	expect_consent(f, CONSENT_OFF);
	commit(f);
}

/* More than are kept: each is read by himself then. */
static void test_a_crowd_that_agrees_to_less_is_read_one_by_one(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(store_commit(f->w.session, &f->err), STATUS_OK);
	(void)world_sql(&f->w, "INSERT INTO contacts (tenant_id, id, email, name, category, agent, consent_opens, "
			       "consent_clicks, created_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
			       "FROM n WHERE i < 100001) SELECT 1, 'x' || i, '', '', '', '', 'off', 'off', 1 FROM n "
			       "RETURNING 1");
	batch_reset(f->batch, WORLD_NOW_US);
	assert_int_equal(store_begin(f->w.session, &f->err), STATUS_OK);
	expect_consent(f, CONSENT_FULL);
	set_consent(f, f->w.session, CONSENT_OFF);
	expect_consent(f, CONSENT_FULL); /* he is remembered, too */
	batch_forget_contacts(f->batch);
	expect_consent(f, CONSENT_OFF);
	assert_int_equal(store_commit(f->w.session, &f->err), STATUS_OK);
	(void)world_sql(&f->w, "UPDATE contacts SET consent_opens = 'a word of tomorrow' WHERE id = 'c0@example.com' "
			       "RETURNING 1");
	batch_reset(f->batch, WORLD_NOW_US);
	assert_int_equal(store_begin(f->w.session, &f->err), STATUS_OK);
	expect_consent(f, CONSENT_OFF); /* and stops nobody */
	commit(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_message_is_read_once_and_saved_when_touched),
	    TEST(test_messages_that_are_read_ahead_are_the_same_ones),
	    TEST(test_an_unknown_message_is_not_found),
	    TEST(test_events_are_written_whole_and_counted),
	    TEST(test_an_event_of_a_message_that_is_not_in_the_batch_keeps_its_texts),
	    TEST(test_sums_of_one_cohort_become_one_row),
	    TEST(test_days_of_zones_off_the_hour_are_sums_of_rows),
	    TEST(test_flushing_twice_writes_once),
	    TEST(test_a_flush_that_failed_says_so),
	    TEST(test_the_sums_of_a_part_that_is_taken_back_go_with_it),
	    TEST(test_what_is_forgotten_is_not_written_and_read_anew),
	    TEST(test_events_of_one_message_are_found_newest_first),
	    TEST(test_of_two_opens_of_a_person_the_first_is_unique),
	    TEST(test_a_message_outlives_its_transaction_only_when_it_may),
	    TEST(test_consent_is_remembered_until_it_changes_or_is_forgotten),
	    TEST(test_what_another_connection_changes_is_seen_by_the_next_transaction),
	    TEST(test_a_crowd_that_agrees_to_less_is_read_one_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
