/* SPDX-License-Identifier: Apache-2.0 */
/* The one part of the journal that no simulated disk can stand for: that the real one is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "../../harness/sync_count.h"
#include "fixture.h"
#include "journal/disk.h"

#include <errno.h>
#include <stdio.h>

static char directory[200];

static int set_up(void **state)
{
	(void)state;
	fixture_make_directory(directory, sizeof directory);
	syncs = (struct sync_counts){0};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_remove_directory(directory);
	return 0;
}

static void test_each_sync_reaches_the_disk_it_is_for(void **state)
{
	const struct disk *disk = disk_posix();
	char path[300];
	int file;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/file", directory);
	file = disk->open(disk->self, path, DISK_CREATE);
	assert_true(file >= 0);
	assert_int_equal(disk->fdatasync(disk->self, file), 0);
	assert_int_equal(syncs.data, 1);
	assert_int_equal(disk->fsync(disk->self, file), 0);
	assert_int_equal(syncs.files, 1);
	assert_int_equal(disk->fsync_directory(disk->self, directory), 0);
	assert_int_equal(syncs.directories, 1);
	assert_int_equal(disk->close(disk->self, file), 0);
}

static void test_a_sync_that_fails_says_so(void **state)
{
	const struct disk *disk = disk_posix();
	char path[300];

	(void)state;
	assert_int_equal(disk->fdatasync(disk->self, -1), -EBADF);
	assert_int_equal(disk->fsync(disk->self, -1), -EBADF);
	(void)snprintf(path, sizeof path, "%s/not-there", directory);
	assert_int_equal(disk->fsync_directory(disk->self, path), -ENOENT);
}

static void test_a_commit_is_synced_before_it_is_acknowledged(void **state)
{
	struct journal_config config = {.directory = directory, .segment_bytes = 1 << 20, .reserve_bytes = 65536};
	struct journal *journal = NULL;
	struct producer producer;
	struct err err;
	uint64_t first;
	size_t count;

	(void)state;
	assert_int_equal(journal_open(&config, &journal, &err), STATUS_OK);
	producer_init(&producer, journal, 4096);
	for (unsigned i = 1; i <= 10; i++) {
		unsigned before = syncs.data;

		assert_int_equal(journal_feed_append(producer.feed, 1, 0, SLICE("record")), STATUS_OK);
		assert_int_equal(producer_commit(&producer, &first, &count), STATUS_OK);
		assert_true(syncs.data > before);
	}
	producer_done(&producer);
	journal_close(&journal);
	assert_true(syncs.directories > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_each_sync_reaches_the_disk_it_is_for),
	    TEST(test_a_sync_that_fails_says_so),
	    TEST(test_a_commit_is_synced_before_it_is_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
