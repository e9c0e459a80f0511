/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/mem.h"
#include "base/random.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_written(void *user)
{
	(void)sem_post(user);
}

void producer_init(struct producer *producer, struct journal *journal, size_t batch_bytes)
{
	BUG_IF(sem_init(&producer->written, 0, 0) != 0);
	producer->feed = journal_feed_new(journal, batch_bytes, on_written, &producer->written);
}

void producer_done(struct producer *producer)
{
	journal_feed_free(&producer->feed);
	(void)sem_destroy(&producer->written);
}

enum status producer_commit(struct producer *producer, uint64_t *ret_first, size_t *ret_count)
{
	enum status status;

	BUG_IF(!journal_feed_hand_over(producer->feed));
	while (sem_wait(&producer->written) < 0)
		BUG_IF(errno != EINTR);
	BUG_IF(!journal_feed_collect(producer->feed, ret_count, ret_first, &status));
	return status;
}

enum { POOL = 2 * FIXTURE_PAYLOAD_MAX };

static char pool[POOL];
static pthread_once_t pool_filled = PTHREAD_ONCE_INIT;

static void fill_pool(void)
{
	struct prng g;

	prng_init(&g, 1);
	for (size_t i = 0; i < POOL; i++)
		pool[i] = (char)prng_next(&g);
}

struct slice fixture_payload_below(uint64_t number, size_t limit)
{
	struct prng g;
	size_t n;

	(void)pthread_once(&pool_filled, fill_pool);
	prng_init(&g, number);
	/* Mostly small, as in life, sometimes as large as allowed, sometimes empty. */
	n = (size_t)(prng_below(&g, 8) == 0 ? prng_below(&g, limit + 1) : prng_below(&g, 200));
	return slice_of(pool + prng_below(&g, FIXTURE_PAYLOAD_MAX), n < limit ? n : limit);
}

struct slice fixture_payload(uint64_t number)
{
	return fixture_payload_below(number, FIXTURE_PAYLOAD_MAX);
}

void fixture_make_directory(char *path, size_t size)
{
	const char *base = getenv("TMPDIR");
	int n = snprintf(path, size, "%s/pugmark-journal-XXXXXX", base ? base : "/tmp");

	BUG_IF(n < 0 || (size_t)n >= size || !mkdtemp(path));
}

void fixture_remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char name[1024];

	BUG_IF(!directory);
	while ((entry = readdir(directory))) {
		(void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_DIR)
			fixture_remove_directory(name);
		else
			(void)unlink(name);
	}
	(void)closedir(directory);
	(void)rmdir(path);
}
