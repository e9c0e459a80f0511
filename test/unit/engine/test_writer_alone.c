/* SPDX-License-Identifier: Apache-2.0 */
/* One server and then two on one PostgreSQL: what a server keeps in memory while nobody else writes, and that it is
 * never too late in noticing somebody. */
#include "engine/ledger/record_group.h"
#include "engine/ledger/writer.h"
#include "world.h"

#include "../../harness/postgres_server.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define CHROME                                                                                                         \
	SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 "     \
	      "Safari/537.36")

static struct postgres_server *server;

struct pair {
	struct world first, second;
	_Atomic int64_t now_us;
	struct clock clock; /* of both */
};

static int setup(void **state)
{
	static struct pair pair;
	struct err err;
	pair.now_us = WORLD_NOW_US + 60 * SECOND; /* all hits are late, and nothing is due yet */
	pair.clock = (struct clock)WORLD_CLOCK_AT((int64_t *)(void *)&pair.now_us);
	world_open_at(&pair.first, postgres_server_fresh_url(server));
	world_open_beside(&pair.second, &pair.first);
	pair.first.clock = pair.second.clock = &pair.clock;
	world_add_message(&pair.first, 0, false);
	struct message m = *world_message(&pair.first, 0);
	m.sent_us = m.delivered_us = WORLD_NOW_US - 3600 * SECOND; /* so that no hit comes soon after */
	assert_int_equal(store_message_save_delivery(pair.first.session, &m, &err), STATUS_OK);
	*state = &pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;
	world_close(&pair->second);
	world_close(&pair->first);
	return 0;
}

/* Opens of the one message, a second apart, each from an address of its own. */
static void put_opens(struct world *w, size_t from, size_t count)
{
	struct world_feed *feed = world_feed_open(w);
	for (size_t i = from; i < from + count; i++) {
		struct hit_record hit = world_hit(w, 0, HIT_OPEN);
		hit.user_agent = CHROME;
		hit.accept_language = SLICE("en");
		hit.has_sec_fetch = true;
		world_come_from(&hit, i);
		world_put_hit(feed, WORLD_NOW_US + (int64_t)i * SECOND, &hit);
	}
	world_feed_close(&feed);
}

/* Not for ever: where one server waits for the other's lock, the test is to fail and not to hang. */
static void wait_until_applied(struct world *w, const struct writer *writer)
{
	enum { TRIES = 60000 };
	for (int i = 0; i < TRIES && writer_applied_sequence(writer) < journal_durable_sequence(w->journal); i++)
		(void)usleep(1000);
	assert_int_equal(writer_applied_sequence(writer), journal_durable_sequence(w->journal));
}

static void apply_opens(struct world *w, struct writer *writer, size_t from, size_t count)
{
	put_opens(w, from, count);
	wait_until_applied(w, writer);
}

static int64_t looks_waiting(struct world *w)
{
	return world_sql(w, "SELECT count(*) FROM timers WHERE substr(key, 1, 14) <> "
			    "'\\x0000000000000000000000000000'::bytea");
}

static int64_t opens(struct world *w)
{
	return world_message(w, 0)->counters.opens_human;
}

static void test_a_late_hit_of_a_server_that_is_alone_asks_for_no_look(void **state)
{
	struct pair *pair = *state;
	struct writer *writer = world_start_writer(&pair->first);
	apply_opens(&pair->first, writer, 0, 3);
	writer_stop(&writer);
	assert_int_equal(opens(&pair->first), 3);
	assert_int_equal(looks_waiting(&pair->first), 0);
}

static void test_beside_another_it_does(void **state)
{
	struct pair *pair = *state;
	struct writer *other = world_start_writer(&pair->second);
	struct writer *writer = world_start_writer(&pair->first);
	apply_opens(&pair->first, writer, 0, 3);
	writer_stop(&writer);
	writer_stop(&other);
	assert_true(looks_waiting(&pair->first) > 0);
}

/* ---- Who was silent, who has gone */

static void test_a_server_that_is_silent_is_there_until_it_has_ended_well(void **state)
{
	struct pair *pair = *state;
	struct world *w = &pair->first;
	(void)world_sql(w, "INSERT INTO nodes (number, epoch, applied, durable, place, roles, version, schema_known, "
			   "seen_at) VALUES (60000, 1, 5, 9, '', '', '', 1, now() - interval '30 days') RETURNING 1");
	struct writer *writer = world_start_writer(w);
	apply_opens(w, writer, 0, 3);
	assert_false(writer_is_alone(writer));
	assert_true(looks_waiting(w) > 0);
	(void)world_sql(w, "UPDATE nodes SET seen_at = NULL WHERE number = 60000 RETURNING 1");
	while (!writer_is_alone(writer))
		(void)usleep(1000);
	writer_stop(&writer);
}

/* Another that went may have looked at what this hit belongs to; at what comes later it cannot have. */
static void test_what_was_received_before_others_went_asks_for_a_look(void **state)
{
	struct pair *pair = *state;
	struct world *w = &pair->first;
	struct writer *other = world_start_writer(&pair->second);
	apply_opens(&pair->second, other, 0, 1);
	writer_stop(&other);
	int64_t of_other = looks_waiting(w);
	struct writer *writer = world_start_writer(w);
	apply_opens(w, writer, 15, 1);
	assert_true(writer_is_alone(writer));
	assert_int_equal(looks_waiting(w), of_other + 1);
	pair->now_us += 60 * SECOND;
	apply_opens(w, writer, 85, 1);
	assert_int_equal(looks_waiting(w), of_other + 1);
	writer_stop(&writer);
	assert_int_equal(opens(w), 3);
}

/* ---- Memory */

static void test_who_came_and_went_within_a_moment_is_noticed(void **state)
{
	struct pair *pair = *state;
	struct writer *writer = world_start_writer(&pair->first);
	apply_opens(&pair->first, writer, 0, 3);
	struct writer *other = world_start_writer(&pair->second);
	apply_opens(&pair->second, other, 10, 2);
	writer_stop(&other);
	apply_opens(&pair->first, writer, 20, 1);
	writer_stop(&writer);
	assert_int_equal(opens(&pair->first), 6);
}

struct reading {
	struct writer_command command; /* first */
	struct pair *pair;
	struct writer *other;
	unsigned runs;
	int64_t opens[4];
};

/* While it runs the first time, another server starts and counts on the message that is in memory here. */
static enum status read_and_be_joined(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct reading *reading = (struct reading *)command;
	struct message *message;
	enum status status = batch_message(batch, world_message_id(0), &message, err);
	assert_true(status == STATUS_OK && reading->runs < 4);
	reading->opens[reading->runs++] = message->counters.opens_human;
	if (reading->runs > 1)
		return STATUS_OK;
	reading->other = world_start_writer(&reading->pair->second);
	apply_opens(&reading->pair->second, reading->other, 10, 2);
	return STATUS_OK;
}

static void test_a_transaction_in_which_somebody_joins_is_done_again(void **state)
{
	struct pair *pair = *state;
	struct err err = {0};
	struct reading reading = {.command = {.run = read_and_be_joined}, .pair = pair};
	struct writer *writer = world_start_writer(&pair->first);
	apply_opens(&pair->first, writer, 0, 3);
	assert_true(writer_is_alone(writer));
	assert_int_equal(writer_submit_and_wait(writer, &reading.command, &err), STATUS_OK);
	assert_int_equal(reading.runs, 2);
	assert_int_equal(reading.opens[0], 3);
	assert_int_equal(reading.opens[1], 5);
	assert_false(writer_is_alone(writer));
	apply_opens(&pair->first, writer, 20, 1);
	writer_stop(&reading.other);
	writer_stop(&writer);
	assert_int_equal(opens(&pair->first), 6);
}

/* A copy of the data directory, say: the same node, and another writer. */
static void test_who_takes_the_same_node_is_another_writer(void **state)
{
	struct pair *pair = *state;
	struct err err = {0};
	struct world *w = &pair->first;
	struct reading reading = {.command = {.run = read_and_be_joined}, .pair = pair, .runs = 1};
	struct writer *writer = world_start_writer(w);
	apply_opens(w, writer, 0, 3);
	(void)world_sql(w, "UPDATE nodes SET epoch = epoch + 1 WHERE applied > 0 RETURNING 1");
	assert_int_equal(writer_submit_and_wait(writer, &reading.command, &err), STATUS_IO);
	assert_int_equal(writer_halted(writer), WRITER_FENCED);
	writer_stop(&writer);
}

/* ---- Halves */

enum { CROWD = 300, OF_MESSAGES = 8 };

static bool message_named(const struct journal_record *record, struct uuid *ret)
{
	memcpy(ret->bytes, record->payload.p, sizeof ret->bytes);
	return true;
}

static bool is_in_first_half(const struct world *w, uint32_t n)
{
	struct uuid id = world_message_id(n);
	struct record_group *group = record_group_new(journal_node(w->journal), message_named);
	struct journal_record record = {.payload = slice_of(id.bytes, sizeof id.bytes)};
	record_group_add(group, &record);
	bool is_first = record_group_part(group, RECORD_HALF_FIRST, w->arena).count == 1;
	record_group_free(&group);
	return is_first;
}

/* Hits of a crowd on eight messages, so many that they are applied in halves beside others. */
static void put_crowd(struct world *w)
{
	for (uint32_t n = 1; n < OF_MESSAGES; n++)
		world_add_message(w, n, false);
	world_put_hits(w, CROWD, OF_MESSAGES);
}

static size_t hits_of_half(struct world *w, bool is_first)
{
	const struct event *ignored;
	size_t hits = 0;
	for (uint32_t n = 0; n < OF_MESSAGES; n++)
		hits += is_in_first_half(w, n) == is_first ? world_events(w, n, &ignored) : 0;
	return hits;
}

static int64_t half_applied(struct world *w)
{
	return world_sql(w, "SELECT MAX(half_applied) FROM nodes");
}

static void lock_message(struct store_session *session, struct uuid id, struct arena *arena)
{
	struct err err;
	struct message ignored;
	assert_int_equal(store_begin(session, &err), STATUS_OK);
	assert_int_equal(store_message_find(session, 0, id, arena, &ignored, &err), STATUS_OK);
}

/* The connection breaks between the halves. */
static void test_a_crowd_is_applied_in_halves_and_the_second_one_once(void **state)
{
	struct pair *pair = *state;
	struct world *w = &pair->first;
	struct store_session *locker;
	struct err err;
	uint32_t locked = 0;
	put_crowd(w);
	while (is_in_first_half(w, locked))
		locked++;
	assert_int_equal(store_session_open(w->store, STORE_WRITE, &locker, &err), STATUS_OK);
	lock_message(locker, world_message_id(locked), w->arena);
	struct writer *other = world_start_writer(&pair->second);
	struct writer *writer = world_start_writer(w);
	while (half_applied(w) == 0)
		(void)usleep(1000);
	assert_int_equal(hits_of_half(w, false), 0);
	assert_true(hits_of_half(w, true) > 0);
	while (world_sql(w, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event_type = "
			    "'Lock' AND datname = current_database()") == 0)
		(void)usleep(1000);
	store_rollback(locker);
	store_session_close(&locker);
	wait_until_applied(w, writer);
	writer_stop(&writer);
	writer_stop(&other);
	assert_int_equal(half_applied(w), 0);
	assert_int_equal(hits_of_half(w, false) + hits_of_half(w, true), CROWD);
	assert_int_equal(world_counted(w), CROWD);
}

/* It stands in the row of the node, where whoever starts finds it: also one that is alone by now. */
static void test_a_start_goes_on_with_the_second_half(void **state)
{
	struct pair *pair = *state;
	struct world *w = &pair->first;
	char sql[128];
	struct writer *writer = world_start_writer(w);
	writer_stop(&writer);
	put_crowd(w);
	(void)snprintf(sql, sizeof sql, "UPDATE nodes SET half_applied = %llu RETURNING 1",
		       (unsigned long long)journal_durable_sequence(w->journal));
	(void)world_sql(w, sql);
	writer = world_start_writer(w);
	wait_until_applied(w, writer);
	put_opens(w, CROWD, 5);
	wait_until_applied(w, writer);
	writer_stop(&writer);
	size_t new_ones = is_in_first_half(w, 0) ? 5 : 0;
	assert_int_equal(hits_of_half(w, true), new_ones);
	assert_true(hits_of_half(w, false) >= CROWD / 4);
	assert_int_equal(half_applied(w), 0);
}

static void test_a_journal_without_what_is_half_applied_is_refused(void **state)
{
	struct pair *pair = *state;
	struct world *w = &pair->first;
	struct err err = {0};
	struct writer *writer = world_start_writer(w);
	writer_stop(&writer);
	(void)world_sql(w, "UPDATE nodes SET half_applied = 5 RETURNING 1");
	struct writer_config config = world_writer_config(w);
	assert_int_equal(writer_start(&config, &writer, &err), STATUS_CORRUPT);
	assert_string_equal(err.text, "record 5 was read before, but the journal ends with 0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_late_hit_of_a_server_that_is_alone_asks_for_no_look),
	    TEST(test_beside_another_it_does),
	    TEST(test_a_server_that_is_silent_is_there_until_it_has_ended_well),
	    TEST(test_what_was_received_before_others_went_asks_for_a_look),
	    TEST(test_who_came_and_went_within_a_moment_is_noticed),
	    TEST(test_a_transaction_in_which_somebody_joins_is_done_again),
	    TEST(test_who_takes_the_same_node_is_another_writer),
	    TEST(test_a_crowd_is_applied_in_halves_and_the_second_one_once),
	    TEST(test_a_start_goes_on_with_the_second_half),
	    TEST(test_a_journal_without_what_is_half_applied_is_refused),
	};
	server = postgres_server_start();
	if (!server)
		return 0; /* it has said why */
	int failures = cmocka_run_group_tests(tests, NULL, NULL);
	postgres_server_stop(&server);
	return failures;
}
