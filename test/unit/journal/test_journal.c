/* SPDX-License-Identifier: Apache-2.0 */
/* journal: on the machine's own disk: append, read, rotate, trim, reopen, many feeds at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"
#include "journal/segment.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { BATCH = 1 << 18 };

struct place {
	char directory[256];
	char journal[300];
	struct journal_config config;
};

static int make_place(void **state)
{
	struct place *place = MEM_NEW(struct place);

	fixture_make_directory(place->directory, sizeof place->directory);
	(void)snprintf(place->journal, sizeof place->journal, "%s/journal", place->directory);
	place->config =
	    (struct journal_config){.directory = place->journal, .segment_bytes = 1 << 20, .reserve_bytes = 65536};
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;

	fixture_remove_directory(place->directory);
	mem_free(place);
	return 0;
}

static struct journal *open_journal(const struct place *place)
{
	struct journal *journal = NULL;
	struct err err = {0};

	if (journal_open(&place->config, &journal, &err) != STATUS_OK)
		fail_msg("journal_open: %s", err.text);
	return journal;
}

static void append_records(struct producer *producer, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++)
		assert_int_equal(
		    journal_feed_append(producer->feed, (uint8_t)(i % 250 + 1), (int64_t)i * 1000, fixture_payload(i)),
		    STATUS_OK);
}

/* Appends records from..to, `step` to a commit, and sees that they get these sequence numbers. */
static void write_records(struct journal *journal, uint64_t from, uint64_t to)
{
	enum { STEP = 10 };
	struct producer producer;

	producer_init(&producer, journal, BATCH);
	while (from <= to) {
		uint64_t last = from + STEP - 1 < to ? from + STEP - 1 : to, first;
		size_t count;

		append_records(&producer, from, last);
		assert_int_equal(producer_commit(&producer, &first, &count), STATUS_OK);
		assert_int_equal(first, from);
		assert_int_equal(count, last - from + 1);
		assert_int_equal(journal_durable_sequence(journal), last);
		from = last + 1;
	}
	producer_done(&producer);
}

static void check_record(const struct journal_record *record, uint64_t number)
{
	struct slice want = fixture_payload(number);

	assert_int_equal(record->sequence, number);
	assert_int_equal(record->time_us, (int64_t)number * 1000);
	assert_int_equal(record->type, number % 250 + 1);
	assert_true(slice_equal(record->payload, want));
}

static void read_records(struct journal *journal, uint64_t after, uint64_t to)
{
	struct journal_reader *reader;
	struct journal_record record;
	struct err err = {0};

	assert_int_equal(journal_reader_open(journal, after, &reader, &err), STATUS_OK);
	for (uint64_t i = after + 1; i <= to; i++) {
		if (journal_reader_next(reader, &record, &err) != STATUS_OK)
			fail_msg("record %llu: %s", (unsigned long long)i, err.text);
		check_record(&record, i);
	}
	assert_int_equal(journal_reader_next(reader, &record, &err), STATUS_END);
	journal_reader_close(&reader);
	assert_null(reader);
}

static int count_segments(const struct place *place)
{
	DIR *directory = opendir(place->journal);
	struct dirent *entry;
	uint64_t first;
	int count = 0;

	while ((entry = readdir(directory)))
		count += segment_parse_name(entry->d_name, &first);
	(void)closedir(directory);
	return count;
}

static void test_a_new_journal_is_empty_and_has_a_node(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	uint16_t node = journal_node(journal);

	assert_int_not_equal(node, 0);
	assert_int_equal(journal_durable_sequence(journal), 0);
	assert_int_equal(journal_health(journal), JOURNAL_HEALTHY);
	read_records(journal, 0, 0);
	journal_close(&journal);
	assert_null(journal);
	journal = open_journal(place);
	assert_int_equal(journal_node(journal), node);
	journal_close(&journal);
}

static void test_records_are_read_back_in_order_across_segments(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);

	write_records(journal, 1, 1500);
	assert_true(count_segments(place) > 1);
	read_records(journal, 0, 1500);
	read_records(journal, 777, 1500);
	read_records(journal, 1500, 1500);
	journal_close(&journal);
}

static void test_a_reopened_journal_goes_on_where_it_ended(void **state)
{
	struct place *place = *state;
	uint64_t to = 0;

	for (int round = 0; round < 6; round++) {
		struct journal *journal = open_journal(place);

		assert_int_equal(journal_durable_sequence(journal), to);
		write_records(journal, to + 1, to + 137);
		to += 137;
		read_records(journal, 0, to);
		journal_close(&journal);
	}
}

static void test_trim_deletes_only_what_is_applied_and_keeps_the_newest(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	struct journal_reader *reader = NULL;
	struct err err;
	int before;

	write_records(journal, 1, 2000);
	before = count_segments(place);
	assert_true(before > 2);
	assert_int_equal(journal_trim(journal, 1, &err), STATUS_OK);
	assert_int_equal(count_segments(place), before);
	assert_int_equal(journal_trim(journal, 1000, &err), STATUS_OK);
	assert_true(count_segments(place) < before);
	read_records(journal, 1000, 2000);
	assert_int_equal(journal_reader_open(journal, 0, &reader, &err), STATUS_NOT_FOUND);
	assert_int_equal(journal_trim(journal, UINT64_MAX, &err), STATUS_OK);
	assert_int_equal(count_segments(place), 1);
	journal_close(&journal);
	journal = open_journal(place);
	assert_int_equal(journal_durable_sequence(journal), 2000);
	write_records(journal, 2001, 2010);
	read_records(journal, 2000, 2010);
	journal_close(&journal);
}

static void test_an_open_reader_survives_the_trim_of_its_segment(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	struct journal_reader *reader;
	struct journal_record record;
	struct err err;
	enum status status;
	uint64_t i = 1;

	write_records(journal, 1, 1500);
	assert_int_equal(journal_reader_open(journal, 0, &reader, &err), STATUS_OK);
	assert_int_equal(journal_reader_next(reader, &record, &err), STATUS_OK);
	assert_int_equal(journal_trim(journal, 1500, &err), STATUS_OK);
	while ((status = journal_reader_next(reader, &record, &err)) == STATUS_OK)
		assert_int_equal(record.sequence, ++i);
	assert_int_equal(status, STATUS_NOT_FOUND);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void test_a_reader_ahead_of_the_journal_is_told_so(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	struct journal_reader *reader = NULL;
	struct err err;

	write_records(journal, 1, 3);
	assert_int_equal(journal_reader_open(journal, 4, &reader, &err), STATUS_CORRUPT);
	journal_close(&journal);
}

static void test_a_second_journal_on_the_directory_is_refused(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place), *second = NULL;
	struct err err;

	assert_int_equal(journal_open(&place->config, &second, &err), STATUS_CONFLICT);
	assert_null(second);
	journal_close(&journal);
	journal = open_journal(place);
	journal_close(&journal);
}

static void test_a_feed_says_when_a_record_does_not_fit(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	struct producer producer;
	static const char large[JOURNAL_PAYLOAD_MAX + 1];
	uint64_t first;
	size_t count;

	producer_init(&producer, journal, 1);
	assert_false(journal_feed_hand_over(producer.feed));
	assert_int_equal(journal_feed_append(producer.feed, 1, 0, slice_of(large, sizeof large)), STATUS_TOO_BIG);
	assert_int_equal(journal_feed_append(producer.feed, JOURNAL_TYPE_LOST, 0, SLICE_EMPTY), STATUS_BAD_INPUT);
	assert_int_equal(journal_feed_append(producer.feed, 1, 0, slice_of(large, sizeof large - 1)), STATUS_OK);
	assert_int_equal(journal_feed_append(producer.feed, 1, 0, SLICE_EMPTY), STATUS_FULL);
	assert_int_equal(journal_feed_pending(producer.feed), 1);
	assert_int_equal(producer_commit(&producer, &first, &count), STATUS_OK);
	assert_false(journal_feed_busy(producer.feed));
	assert_int_equal(journal_feed_pending(producer.feed), 0);
	assert_int_equal(journal_feed_append(producer.feed, 1, 0, SLICE_EMPTY), STATUS_OK);
	producer_done(&producer);
	journal_close(&journal);
}

/* ---- Many threads. */

enum { THREADS = 4, COMMITS = 150, RECORDS = 20 };

struct worker {
	struct journal *journal;
	uint32_t id;
	pthread_t thread;
	uint64_t firsts[COMMITS];
};

static void *produce(void *arg)
{
	struct worker *worker = arg;
	struct producer producer;

	producer_init(&producer, worker->journal, BATCH);
	for (uint32_t i = 0; i < COMMITS; i++) {
		size_t count;

		for (uint32_t j = 0; j < RECORDS; j++) {
			uint32_t payload[3] = {worker->id, i, j};

			BUG_IF(journal_feed_append(producer.feed, 1, 0, slice_of(payload, sizeof payload)) !=
			       STATUS_OK);
		}
		BUG_IF(producer_commit(&producer, &worker->firsts[i], &count) != STATUS_OK || count != RECORDS);
		BUG_IF(journal_durable_sequence(worker->journal) < worker->firsts[i] + RECORDS - 1);
	}
	producer_done(&producer);
	return NULL;
}

struct follower {
	struct journal *journal;
	sem_t committed;
	uint64_t read;
	uint32_t next[THREADS]; /* what each worker's next record must say */
	const struct worker *workers;
};

static void on_commit(void *user)
{
	struct follower *follower = user;

	(void)sem_post(&follower->committed);
}

static void *follow(void *arg)
{
	struct follower *follower = arg;
	struct journal_reader *reader;
	struct journal_record record;
	struct err err;

	BUG_IF(journal_reader_open(follower->journal, 0, &reader, &err) != STATUS_OK);
	while (follower->read < THREADS * COMMITS * RECORDS) {
		enum status status = journal_reader_next(reader, &record, &err);
		uint32_t payload[3];

		if (status == STATUS_END) {
			(void)sem_wait(&follower->committed);
			continue;
		}
		BUG_IF(status != STATUS_OK || record.sequence != ++follower->read);
		memcpy(payload, record.payload.p, sizeof payload);
		BUG_IF(payload[1] * RECORDS + payload[2] != follower->next[payload[0]]++);
	}
	journal_reader_close(&reader);
	return NULL;
}

static void test_many_feeds_and_readers_share_one_journal(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	struct worker workers[THREADS];
	struct follower followers[2] = {{.journal = journal}, {.journal = journal}};
	pthread_t threads[2];

	assert_int_equal(sem_init(&followers[0].committed, 0, 0), 0);
	assert_int_equal(sem_init(&followers[1].committed, 0, 0), 0);
	journal_on_commit(journal, on_commit, &followers[0]);
	for (uint32_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.journal = journal, .id = i};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, produce, &workers[i]), 0);
	}
	assert_int_equal(pthread_create(&threads[0], NULL, follow, &followers[0]), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	assert_int_equal(pthread_join(threads[0], NULL), 0);
	/* All is durable now, so this one never waits. */
	assert_int_equal(pthread_create(&threads[1], NULL, follow, &followers[1]), 0);
	assert_int_equal(pthread_join(threads[1], NULL), 0);
	assert_int_equal(journal_durable_sequence(journal), THREADS * COMMITS * RECORDS);
	journal_close(&journal);
	(void)sem_destroy(&followers[0].committed);
	(void)sem_destroy(&followers[1].committed);
}

static void test_more_feeds_than_one_commit_takes_are_all_served(void **state)
{
	enum { FEEDS = 150 };
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	struct producer producers[FEEDS];
	enum status status;
	uint64_t first;
	size_t count;

	for (int i = 0; i < FEEDS; i++) {
		producer_init(&producers[i], journal, 1);
		assert_int_equal(journal_feed_append(producers[i].feed, 1, i, SLICE("x")), STATUS_OK);
	}
	for (int i = 0; i < FEEDS; i++)
		assert_true(journal_feed_hand_over(producers[i].feed));
	for (int i = 0; i < FEEDS; i++) {
		assert_int_equal(sem_wait(&producers[i].written), 0);
		assert_true(journal_feed_collect(producers[i].feed, &count, &first, &status));
		assert_int_equal(status, STATUS_OK);
		producer_done(&producers[i]);
	}
	assert_int_equal(journal_durable_sequence(journal), FEEDS);
	journal_close(&journal);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_new_journal_is_empty_and_has_a_node),
	    TEST(test_records_are_read_back_in_order_across_segments),
	    TEST(test_a_reopened_journal_goes_on_where_it_ended),
	    TEST(test_trim_deletes_only_what_is_applied_and_keeps_the_newest),
	    TEST(test_an_open_reader_survives_the_trim_of_its_segment),
	    TEST(test_a_reader_ahead_of_the_journal_is_told_so),
	    TEST(test_a_second_journal_on_the_directory_is_refused),
	    TEST(test_a_feed_says_when_a_record_does_not_fit),
	    TEST(test_many_feeds_and_readers_share_one_journal),
	    TEST(test_more_feeds_than_one_commit_takes_are_all_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
