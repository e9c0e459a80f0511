/* SPDX-License-Identifier: Apache-2.0 */
/* The producers' side. Of the two batches one is always the owner's to fill; `state` says whose the other one is, and
 * that one atomic is all that owner and journal thread share on the way of a record.
 */
#include "journal/journal_state.h"

#include "base/mem.h"
#include "journal/frame.h"

static size_t clamp_capacity(const struct journal *journal, size_t batch_bytes)
{
	/* The largest record must fit, and the batch into one segment: it is never divided. */
	size_t least = frame_size(JOURNAL_PAYLOAD_MAX), most = journal->segment_bytes - SEGMENT_RECORDS_AT;

	if (batch_bytes < least)
		return least;
	return batch_bytes < most ? batch_bytes : most;
}

struct journal_feed *journal_feed_new(struct journal *journal, size_t batch_bytes, void (*on_written)(void *user),
				      void *user)
{
	struct journal_feed *feed = MEM_NEW(struct journal_feed);

	feed->journal = journal;
	feed->on_written = on_written;
	feed->user = user;
	feed->capacity = clamp_capacity(journal, batch_bytes);
	for (int i = 0; i < 2; i++)
		feed->batches[i].bytes = mem_alloc(feed->capacity);
	pthread_mutex_lock(&journal->feeds_lock);
	list_append(&journal->feeds, &feed->link);
	pthread_mutex_unlock(&journal->feeds_lock);
	return feed;
}

void journal_feed_free(struct journal_feed **feed_at)
{
	struct journal_feed *feed = *feed_at;

	if (!feed)
		return;
	/* The lock also waits for a callback that is still running. */
	pthread_mutex_lock(&feed->journal->feeds_lock);
	BUG_IF(atomic_load(&feed->state) == BATCH_HANDED);
	list_remove(&feed->link);
	pthread_mutex_unlock(&feed->journal->feeds_lock);
	for (int i = 0; i < 2; i++)
		mem_free(feed->batches[i].bytes);
	mem_free(feed);
	*feed_at = NULL;
}

enum status journal_feed_append(struct journal_feed *feed, uint8_t type, int64_t time_us, struct slice payload)
{
	struct batch *batch = &feed->batches[feed->filling];

	if (type == JOURNAL_TYPE_LOST)
		return STATUS_BAD_INPUT;
	if (payload.n > JOURNAL_PAYLOAD_MAX)
		return STATUS_TOO_BIG;
	if (batch->size + frame_size(payload.n) > feed->capacity)
		return STATUS_FULL;
	frame_put(batch->bytes + batch->size, type, time_us, payload);
	batch->size += frame_size(payload.n);
	batch->count++;
	return STATUS_OK;
}

size_t journal_feed_pending(const struct journal_feed *feed)
{
	return feed->batches[feed->filling].count;
}

bool journal_feed_hand_over(struct journal_feed *feed)
{
	if (feed->batches[feed->filling].count == 0 || atomic_load(&feed->state) != BATCH_NONE)
		return false;
	/* Everything about the batch first and its state last: from then on it is the journal's. */
	feed->out = &feed->batches[feed->filling];
	feed->filling ^= 1;
	atomic_store(&feed->state, BATCH_HANDED);
	journal_wake(feed->journal);
	return true;
}

bool journal_feed_collect(struct journal_feed *feed, size_t *ret_count, uint64_t *ret_first, enum status *ret_status)
{
	struct batch *batch = feed->out;

	if (atomic_load(&feed->state) != BATCH_DONE)
		return false;
	*ret_count = batch->count;
	*ret_first = batch->first;
	*ret_status = batch->status;
	batch->size = 0;
	batch->count = 0;
	atomic_store(&feed->state, BATCH_NONE);
	return true;
}

bool journal_feed_busy(const struct journal_feed *feed)
{
	return atomic_load(&feed->state) != BATCH_NONE;
}
