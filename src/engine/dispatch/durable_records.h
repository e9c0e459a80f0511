/* SPDX-License-Identifier: Apache-2.0 */
/* durable_records: bytes on their way into the journal, and who is told when they are there. It knows nothing of mails:
 * a record is a type, a payload and a callback. One thread, the feed's. */
#ifndef PUGMARK_ENGINE_DURABLE_RECORDS_H
#define PUGMARK_ENGINE_DURABLE_RECORDS_H

#include "base/clock.h"
#include "base/list.h"
#include "journal/journal.h"

struct durable_record {
	uint8_t type;
	struct slice payload; /* borrowed until settled() */
	/* Cannot be had a second time: tried again until the journal takes it, and settled only then. */
	bool must_be_kept;
	/* Asked when it is about to be handed over; false: settled with STATUS_CONFLICT instead. NULL: it is. */
	bool (*is_wanted)(struct durable_record *record);
	/* From within durable_records_move. STATUS_OK: durable, as `sequence`; STATUS_CONFLICT: not wanted; else see
	 * journal_feed_collect. May put
	 * other records. */
	void (*settled)(struct durable_record *record, enum status status, uint64_t sequence);
	bool is_handed_over;   /* read only: too late to take it back */
	struct list_link link; /* private */
};

struct durable_records;
/* `batch_bytes` as of journal_feed_new; `wake` is called on the journal's thread when something can be moved. */
struct durable_records_config {
	struct journal *journal;
	const struct clock *clock;
	size_t batch_bytes;
	void (*wake)(void *user);
	void *user;
};
struct durable_records *durable_records_new(const struct durable_records_config *config);
/* Nothing may be with the journal (durable_records_busy). Records that wait are forgotten. NULL is allowed. */
void durable_records_free(struct durable_records **records);

/* The record must stay where it is until settled() or until it was taken back. */
void durable_records_put(struct durable_records *records, struct durable_record *record);
/* It is not to be written after all. Only while !is_handed_over; no harm when it was never put. */
void durable_record_take_back(struct durable_record *record);
/* Settles what the journal has done and hands over what waits. Does not wait for the disk. */
void durable_records_move(struct durable_records *records);
/* Some are not settled. */
bool durable_records_any(const struct durable_records *records);
/* The journal has a batch that points into this. */
bool durable_records_busy(const struct durable_records *records);
/* Monotonic: until then the journal is not asked again, because it refused; 0: it did not. */
int64_t durable_records_pause_until_us(const struct durable_records *records);

#endif
