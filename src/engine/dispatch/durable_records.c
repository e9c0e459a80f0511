/* SPDX-License-Identifier: Apache-2.0 */
/*   waiting -> filling (in the feed's batch) -> writing (with the journal thread) -> settled
 *
 * The lists are in the order of the feed, so the n-th record of a finished batch belongs to the n-th of `writing`; the
 * journal needs to hand nothing back but a number.
 *
 * What the journal refuses goes to its owner, who knows what that means, unless it must be kept: an outcome is the only
 * word there will ever be about a mail that has left. */
#include "engine/dispatch/durable_records.h"

#include "base/mem.h"

enum { AGAIN_MS = 500 };

struct durable_records {
	struct journal_feed *feed;
	const struct clock *clock;
	struct list_link waiting, filling, writing;
	int64_t again_us; /* monotonic */
};

struct durable_records *durable_records_new(const struct durable_records_config *config)
{
	struct durable_records *r = MEM_NEW(struct durable_records);
	r->clock = config->clock;
	r->feed = journal_feed_new(config->journal, config->batch_bytes, config->wake, config->user);
	list_init(&r->waiting);
	list_init(&r->filling);
	list_init(&r->writing);
	return r;
}

void durable_records_free(struct durable_records **records)
{
	struct durable_records *r = *records;
	*records = NULL;
	if (!r)
		return;
	while (list_take_first(&r->waiting) || list_take_first(&r->filling))
		continue;
	journal_feed_free(&r->feed);
	mem_free(r);
}

void durable_records_put(struct durable_records *r, struct durable_record *record)
{
	record->is_handed_over = false;
	list_append(&r->waiting, &record->link);
}

void durable_record_take_back(struct durable_record *record)
{
	BUG_IF(record->is_handed_over);
	if (record->link.next)
		list_remove(&record->link);
}

static void append_waiting(struct durable_records *r)
{
	/* A journal that has just refused is left alone for a moment: else what must be kept would be refused again at
	 * every turn. */
	if (clock_monotonic_us(r->clock) < r->again_us)
		return;
	while (!list_is_empty(&r->waiting)) {
		struct durable_record *record = LIST_ENTRY(r->waiting.next, struct durable_record, link);
		if (record->is_wanted && !record->is_wanted(record)) {
			list_remove(&record->link);
			record->settled(record, STATUS_CONFLICT, 0);
			continue;
		}
		if (journal_feed_append(r->feed, record->type, clock_now_us(r->clock), record->payload) != STATUS_OK)
			return; /* the batch is full; it is handed over next */
		record->is_handed_over = true;
		list_remove(&record->link);
		list_append(&r->filling, &record->link);
	}
}

static void hand_over(struct durable_records *r)
{
	if (journal_feed_pending(r->feed) == 0 || !journal_feed_hand_over(r->feed))
		return;
	struct list_link *link;
	while ((link = list_take_first(&r->filling)))
		list_append(&r->writing, link);
}

static void settle(struct durable_records *r, struct durable_record *record, enum status status, uint64_t sequence)
{
	if (status != STATUS_OK)
		r->again_us = clock_monotonic_us(r->clock) + (int64_t)AGAIN_MS * 1000;
	if (status != STATUS_OK && record->must_be_kept)
		durable_records_put(r, record);
	else
		record->settled(record, status, sequence);
}

static void collect(struct durable_records *r)
{
	size_t count;
	uint64_t first;
	enum status status;
	while (journal_feed_collect(r->feed, &count, &first, &status)) {
		for (size_t i = 0; i < count; i++) {
			struct list_link *link = list_take_first(&r->writing);
			BUG_IF(!link);
			settle(r, LIST_ENTRY(link, struct durable_record, link), status, first + i);
		}
	}
}

void durable_records_move(struct durable_records *r)
{
	collect(r);
	append_waiting(r);
	hand_over(r);
}

bool durable_records_any(const struct durable_records *r)
{
	return !list_is_empty(&r->waiting) || !list_is_empty(&r->filling) || !list_is_empty(&r->writing);
}

bool durable_records_busy(const struct durable_records *r)
{
	return journal_feed_busy(r->feed);
}

int64_t durable_records_pause_until_us(const struct durable_records *r)
{
	return r->again_us;
}
