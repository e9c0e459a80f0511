/* SPDX-License-Identifier: Apache-2.0 */
/* How many records a second the journal makes durable with a few producers that wait, beside the disk's own limit: how
 * many times a second it takes one small write and one fdatasync. Usage: bench_journal [DIRECTORY [SECONDS [FEEDS]]]
 */
#include "base/clock.h"
#include "base/mem.h"
#include "journal/disk.h"
#include "journal/journal.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FEEDS_MAX = 64, RECORD = 96, PER_BATCH = 256, BATCH_BYTES = 1 << 18, PLAIN_WRITE = 4096 };

struct producer {
	struct journal *journal;
	const atomic_bool *stop;
	pthread_t thread;
	uint64_t records;
};

static void on_written(void *user)
{
	(void)sem_post(user);
}

/* As an edge loop does: fills one batch while the other is being written. */
static void *produce(void *arg)
{
	struct producer *producer = arg;
	char payload[RECORD] = {1};
	struct journal_feed *feed;
	enum status status;
	uint64_t first;
	size_t count;
	sem_t written;

	(void)sem_init(&written, 0, 0);
	feed = journal_feed_new(producer->journal, BATCH_BYTES, on_written, &written);
	while (!atomic_load(producer->stop)) {
		for (int i = 0; i < PER_BATCH; i++)
			BUG_IF(journal_feed_append(feed, 1, i, slice_of(payload, sizeof payload)) != STATUS_OK);
		if (journal_feed_busy(feed)) {
			(void)sem_wait(&written);
			BUG_IF(!journal_feed_collect(feed, &count, &first, &status) || status != STATUS_OK);
			producer->records += count;
		}
		BUG_IF(!journal_feed_hand_over(feed));
	}
	(void)sem_wait(&written);
	BUG_IF(!journal_feed_collect(feed, &count, &first, &status) || status != STATUS_OK);
	producer->records += count;
	journal_feed_free(&feed);
	(void)sem_destroy(&written);
	return NULL;
}

static void on_commit(void *user)
{
	atomic_fetch_add((atomic_ullong *)user, 1);
}

static double since(int64_t start_us)
{
	return (double)(clock_monotonic_us(clock_system()) - start_us) / 1e6;
}

/* One write and one fdatasync after the other on a zeroed file. */
static double plain_syncs(const char *directory, unsigned seconds)
{
	const struct disk *disk = disk_posix();
	char path[512], bytes[PLAIN_WRITE] = {1};
	struct iovec part;
	uint64_t n = 0;
	int64_t start;
	double took;
	int file;

	(void)snprintf(path, sizeof path, "%s/plain", directory);
	file = disk->open(disk->self, path, DISK_CREATE);
	BUG_IF(file < 0);
	for (uint64_t i = 0; i < 4096; i++) {
		part = (struct iovec){bytes, sizeof bytes};
		BUG_IF(disk_write_all(disk, file, &part, 1, i * sizeof bytes) != 0);
	}
	BUG_IF(disk->fsync(disk->self, file) != 0);
	start = clock_monotonic_us(clock_system());
	do {
		part = (struct iovec){bytes, sizeof bytes};
		BUG_IF(disk_write_all(disk, file, &part, 1, n % 4096 * sizeof bytes) != 0);
		BUG_IF(disk->fdatasync(disk->self, file) != 0);
		n++;
	} while ((took = since(start)) < seconds);
	(void)disk->close(disk->self, file);
	(void)disk->unlink(disk->self, path);
	return (double)n / took;
}

static double run_producers(struct journal *journal, unsigned feeds, unsigned seconds)
{
	struct producer producers[FEEDS_MAX];
	atomic_bool stop = false;
	uint64_t records = 0;
	int64_t start = clock_monotonic_us(clock_system());
	double took;

	for (unsigned i = 0; i < feeds; i++) {
		producers[i] = (struct producer){.journal = journal, .stop = &stop};
		BUG_IF(pthread_create(&producers[i].thread, NULL, produce, &producers[i]) != 0);
	}
	/* Trims as apply would, so that the disk does not fill. */
	while ((took = since(start)) < seconds) {
		struct err err;

		(void)usleep(20000);
		BUG_IF(journal_trim(journal, journal_durable_sequence(journal), &err) != STATUS_OK);
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < feeds; i++) {
		BUG_IF(pthread_join(producers[i].thread, NULL) != 0);
		records += producers[i].records;
	}
	return (double)records / since(start);
}

static unsigned number(int argc, char **argv, int i, unsigned otherwise)
{
	uint64_t value;

	return argc > i && slice_to_u64(slice_from_cstr(argv[i]), 3600, &value) && value > 0 ? (unsigned)value
											     : otherwise;
}

int main(int argc, char **argv)
{
	const char *directory = argc > 1 ? argv[1] : "bench-journal";
	unsigned seconds = number(argc, argv, 2, 3), feeds = number(argc, argv, 3, 4);
	struct journal_config config = {.directory = directory};
	struct journal *journal;
	struct err err;
	atomic_ullong commits = 0;
	double records, took, plain;
	int64_t start;

	if (journal_open(&config, &journal, &err) != STATUS_OK) {
		(void)fprintf(stderr, "bench_journal: %s\n", err.text);
		return 1;
	}
	feeds = feeds < FEEDS_MAX ? feeds : FEEDS_MAX;
	plain = plain_syncs(directory, seconds);
	journal_on_commit(journal, on_commit, &commits);
	start = clock_monotonic_us(clock_system());
	records = run_producers(journal, feeds, seconds);
	took = since(start);
	printf("{\"feeds\":%u,\"record_bytes\":%d,\"records_per_s\":%.0f,\"commits_per_s\":%.0f,"
	       "\"plain_fdatasyncs_per_s\":%.0f}\n",
	       feeds, RECORD, records, (double)atomic_load(&commits) / took, plain);
	journal_close(&journal);
	return 0;
}
