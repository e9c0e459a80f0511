/* SPDX-License-Identifier: Apache-2.0 */
/* The journal thread: one loop that takes what the feeds handed over, makes it durable, and tells them.
 *
 * While the disk works on one commit the feeds fill their other batches, so commits grow with the load and their number
 * a second is the disk's. In between the thread prepares the next segment (rotate.c).
 *
 * Failures (R2, R12): an error of a sync leaves nobody knowing what is on the disk, and a second sync that says "done"
 * proves nothing, because the kernel may have dropped the dirty pages. But all that is in doubt is the commit that was
 * synced: each one before it had a sync of its own. So that file is left alone for good, and the commit is written to a
 * new segment, which is another file with pages of its own; only when that can be synced is it acknowledged. When it
 * cannot, either, the journal is FAILED, refuses, and tries a new segment every second (doc/decisions/0003).
 *
 * "No space" is different: the file system says so before it takes the bytes. Then the journal is FULL, zeroes whatever
 * was half written, and tries again by itself in the same file.
 */
#include "journal/writer.h"

#include "base/mem.h"
#include "journal/frame.h"
#include "journal/journal_state.h"
#include "journal/rotate.h"

#include <errno.h>
#include <time.h>

/* More feeds than this take turns; also far below what one pwritev takes (IOV_MAX). */
enum { COMMIT_FEEDS = 64 };

struct commit {
	struct journal_feed *feeds[COMMIT_FEEDS];
	int count;
	size_t bytes;
};

static bool room_in_commit(const struct journal *journal, const struct commit *commit, const struct batch *batch)
{
	return commit->count < COMMIT_FEEDS &&
	       commit->bytes + batch->size <= journal->segment_bytes - SEGMENT_RECORDS_AT;
}

static void gather(struct journal *journal, struct commit *commit)
{
	struct list_link *link;

	commit->count = 0;
	commit->bytes = 0;
	pthread_mutex_lock(&journal->feeds_lock);
	for (link = journal->feeds.next; link != &journal->feeds; link = link->next) {
		struct journal_feed *feed = LIST_ENTRY(link, struct journal_feed, link);

		if (atomic_load(&feed->state) != BATCH_HANDED || !room_in_commit(journal, commit, feed->out))
			continue;
		commit->feeds[commit->count++] = feed;
		commit->bytes += feed->out->size;
	}
	/* Who was served goes to the end, so that nobody is passed over twice. */
	for (int i = 0; i < commit->count; i++) {
		list_remove(&commit->feeds[i]->link);
		list_append(&journal->feeds, &commit->feeds[i]->link);
	}
	pthread_mutex_unlock(&journal->feeds_lock);
}

static uint32_t seal(const struct writer *writer, const struct commit *commit, uint64_t first, struct iovec *parts)
{
	uint32_t index = 0;

	for (int i = 0; i < commit->count; i++) {
		struct batch *batch = commit->feeds[i]->out;

		batch->first = first + index;
		for (size_t at = 0; at < batch->size; at += frame_stored_size(batch->bytes + at)) {
			frame_seal(batch->bytes + at, writer->seed, writer->number + index, index);
			index++;
		}
		parts[i] = (struct iovec){batch->bytes, batch->size};
	}
	return index;
}

static enum status write_commit(struct journal *journal, const struct commit *commit, struct err *err)
{
	struct writer *writer = &journal->writer;
	struct iovec parts[COMMIT_FEEDS];
	uint64_t first = journal_durable_sequence(journal) + 1;
	uint32_t records;
	int result;

	if (writer->needs_next || writer->end + commit->bytes > writer->size) {
		enum status status;

		writer->needs_next = true; /* until it is there: also when this fails half way */
		status = rotate(journal, err);
		if (status != STATUS_OK)
			return status;
	}
	records = seal(writer, commit, first, parts);
	result = disk_write_all(journal->disk, writer->file, parts, commit->count, writer->end);
	if (result == 0)
		result = journal->disk->fdatasync(journal->disk->self, writer->file);
	if (result < 0) {
		writer->suspect_end = writer->end + commit->bytes;
		return err_set_errno(err, -result, "cannot write to the journal in %s", journal->directory);
	}
	writer->end += commit->bytes;
	writer->number += records;
	/* Only now: readers and whoever waits for an answer go by this number (R1). */
	atomic_store_explicit(&journal->durable, first + records - 1, memory_order_release);
	end_marker_write(&writer->marker, first + records - 1);
	return STATUS_OK;
}

static void enter_full(struct journal *journal, const struct err *err)
{
	/* Operators and the other writers of this machine need room to move. */
	reserve_release(journal);
	journal->writer.retry_at_us = journal_monotonic_us() + journal->retry_us;
	journal_set_health(journal, JOURNAL_FULL, err->text);
}

static void enter_failed(struct journal *journal, const struct err *err)
{
	rotate_abandon(journal);
	journal->writer.retry_at_us = journal_monotonic_us() + journal->retry_us;
	journal_set_health(journal, JOURNAL_FAILED, err->text);
	/* Last: whoever has seen the count go up then asks for the health of after it, and not of before. */
	atomic_fetch_add(&journal->failures, 1);
}

static void take_failure(struct journal *journal, const struct err *err)
{
	struct err again;

	if (err->status != STATUS_FULL) {
		enter_failed(journal, err);
		return;
	}
	enter_full(journal, err);
	/* At once where possible, before anybody is told that his records are refused. */
	if (rotate_clean_end(journal, &again) == STATUS_IO)
		enter_failed(journal, &again);
}

/* A fault that passes costs nobody an answer. */
static enum status write_elsewhere(struct journal *journal, const struct commit *commit, struct err *err)
{
	atomic_fetch_add(&journal->failures, 1);
	rotate_abandon(journal);
	return write_commit(journal, commit, err);
}

static enum status commit_batches(struct journal *journal, const struct commit *commit)
{
	struct err err;
	enum status status;

	switch (journal_health(journal)) {
	case JOURNAL_FAILED: return STATUS_IO;
	case JOURNAL_FULL: return STATUS_FULL;
	case JOURNAL_HEALTHY: break;
	}
	status = write_commit(journal, commit, &err);
	if (status != STATUS_OK && status != STATUS_FULL)
		status = write_elsewhere(journal, commit, &err);
	if (status != STATUS_OK)
		take_failure(journal, &err);
	return status;
}

static void tell(struct journal *journal, const struct commit *commit, enum status status)
{
	/* Neither a feed nor the reader's callback goes away before it has returned: journal_feed_free and
	 * journal_on_commit take this lock. */
	pthread_mutex_lock(&journal->feeds_lock);
	for (int i = 0; i < commit->count; i++) {
		struct journal_feed *feed = commit->feeds[i];

		feed->out->status = status;
		atomic_store(&feed->state, BATCH_DONE);
		if (feed->on_written)
			feed->on_written(feed->user);
	}
	if (status == STATUS_OK && journal->committed)
		journal->committed(journal->committed_user);
	pthread_mutex_unlock(&journal->feeds_lock);
}

static bool retry_is_due(const struct journal *journal)
{
	return journal->writer.retry_at_us == 0 || journal_monotonic_us() >= journal->writer.retry_at_us;
}

/* Everything that could not be done; all of it, or the next commit would only find out that nothing is better. */
static enum status retry(struct journal *journal, struct err *err)
{
	struct writer *writer = &journal->writer;
	enum status status = rotate_clean_end(journal, err);

	if (status == STATUS_OK && writer->needs_next)
		return rotate(journal, err);
	while (status == STATUS_OK && writer->next < NEXT_READY)
		status = rotate_prepare_step(journal, err);
	return status;
}

static void background_refusing(struct journal *journal)
{
	struct err err;
	enum status status;

	if (!retry_is_due(journal))
		return;
	status = retry(journal, &err);
	if (status == STATUS_OK) {
		journal->writer.retry_at_us = 0;
		reserve_hold(journal);
		journal_set_health(journal, JOURNAL_HEALTHY, "");
	} else if (status == STATUS_FULL) {
		enter_full(journal, &err);
	} else {
		enter_failed(journal, &err);
	}
}

static bool next_wants_work(const struct journal *journal)
{
	return journal->writer.next < NEXT_READY && retry_is_due(journal);
}

static void background_healthy(struct journal *journal, bool busy)
{
	struct writer *writer = &journal->writer;
	struct err err;
	enum status status;

	/* Under load only as fast as needed to be ready in time: twice as fast as the current segment fills. */
	if (!next_wants_work(journal) ||
	    (busy && writer->next == NEXT_ZEROING && writer->next_zeroed > 2 * writer->end))
		return;
	status = rotate_prepare_step(journal, &err);
	/* The current one still has room, and is not the file that failed. */
	writer->retry_at_us = status == STATUS_OK ? 0 : journal_monotonic_us() + journal->retry_us;
	if (status == STATUS_OK || status == STATUS_FULL)
		return;
	atomic_fetch_add(&journal->failures, 1);
	rotate_drop_next(journal);
}

static void look_at_directory(struct journal *journal)
{
	struct err err;

	if (!atomic_exchange(&journal->directory_failed, false))
		return;
	err_set(&err, STATUS_IO, "a sync of the journal's directory failed");
	enter_failed(journal, &err);
}

static void sync_marker(struct journal *journal)
{
	int64_t due_us = end_marker_due_us(&journal->writer.marker), now_us = journal_monotonic_us();

	if (due_us != 0 && now_us >= due_us)
		end_marker_sync(&journal->writer.marker, now_us);
}

static void background(struct journal *journal, bool busy)
{
	look_at_directory(journal);
	sync_marker(journal);
	if (journal_health(journal) == JOURNAL_HEALTHY)
		background_healthy(journal, busy);
	else
		background_refusing(journal);
}

static bool has_background_work(const struct journal *journal)
{
	return journal_health(journal) == JOURNAL_HEALTHY && next_wants_work(journal);
}

/* 0: nothing is to be done by itself. */
static int64_t next_look_us(const struct journal *journal)
{
	int64_t retry_us = journal->writer.retry_at_us, mark_us = end_marker_due_us(&journal->writer.marker);

	return retry_us == 0 || (mark_us != 0 && mark_us < retry_us) ? mark_us : retry_us;
}

static void wait_for_wake(struct journal *journal)
{
	int64_t until_us = next_look_us(journal);
	struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
	int result;

	do
		result =
		    until_us != 0 ? sem_clockwait(&journal->wake, CLOCK_MONOTONIC, &until) : sem_wait(&journal->wake);
	while (result < 0 && errno == EINTR);
	/* An exchange, not a store: it makes what a producer did before its own exchange visible here. */
	if (result == 0)
		(void)atomic_exchange(&journal->woken, false);
}

void *writer_run(void *arg)
{
	struct journal *journal = arg;
	struct commit commit;

	for (;;) {
		/* Asked first: what was handed over before the stop is then seen by gather. */
		bool stopping = atomic_load(&journal->stopping);

		gather(journal, &commit);
		if (commit.count > 0)
			tell(journal, &commit, commit_batches(journal, &commit));
		else if (stopping)
			break;
		if (stopping)
			continue;
		background(journal, commit.count > 0);
		if (commit.count == 0 && !has_background_work(journal))
			wait_for_wake(journal);
	}
	return NULL;
}
