/* SPDX-License-Identifier: Apache-2.0 */
/* What happens at every start, before a record is read or written.
 *
 * Only the last segment can have an end that is not clean; segment.c says how to tell a commit that was cut off from
 * damage, and what is known from elsewhere (the mark beside the directory, the store) says how far it went at least.
 * Whoever has the store to ask is asked before anything is changed, and may refuse.
 *
 * Damage in the last segment, or an end that is missing, is made good at once, in the way of salvage: a copy of the
 * file as it was (R6), and LOST records for what is gone. Until then the program refused to start on damage; but the
 * copy keeps all that a person could look at, and with the start every link of every mail was refused as well. An end
 * that is merely missing was worse: the journal went on where it ended now, without a word, and gave numbers a second
 * time. Damage in an earlier segment is found by the reader that gets there, and does not stop new records from being
 * accepted (R9).
 *
 * Then the end is made durable (R3): the last commit is written again, the same bytes, what follows it is zeroed, and
 * file and directory are synced. Reading the bytes back proves nothing, for they may be in the page cache only: after
 * kill -9 between write and sync, or, worse, after a sync that failed and left pages that look clean. Records that
 * readers have seen must not be gone after the next power cut.
 */
#include "journal/recover.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "journal/frame.h"
#include "journal/journal_state.h"
#include "journal/mend.h"
#include "journal/rotate.h"

#include <errno.h>

enum { LOST_AT_ONCE = 32768 };
/* A day of a thousand a second. More is no loss but a mark or a store of something else. */
#define LOST_MAX UINT64_C(100000000)

struct recovery {
	struct journal *journal;
	uint64_t *firsts;
	size_t count;
	uint16_t node; /* 0: nobody knows */
	struct end_mark mark;
	struct segment last; /* bytes NULL: its header cannot be read */
	struct segment_scan scan;
	struct journal_known known; /* the mark's part in it */
};

/* The number stands in the header of every segment from now on. Two journals that draw the same one are one node to
 * the store, so whoever has a store to ask gives it. */
static enum status choose_node(struct journal *journal, struct err *err)
{
	uint16_t node = 0;
	enum status status = STATUS_OK;

	if (journal->give_node)
		status = journal->give_node(journal->user, &node, err);
	while (status == STATUS_OK && node == 0)
		random_bytes(&node, sizeof node);
	journal->node = node;
	return status;
}

static void remove_leftover(const struct journal *journal)
{
	char path[SEGMENT_PATH_BYTES];

	if (segment_path(journal->directory, PREPARED_NAME, path) == STATUS_OK)
		(void)journal->disk->unlink(journal->disk->self, path); /* mostly not there; else it is emptied later */
}

/* ---- What is there */

static uint64_t first_of_last(const struct recovery *r)
{
	return r->firsts[r->count - 1];
}

static enum status load_last(struct recovery *r, struct err *err)
{
	const struct journal *journal = r->journal;
	enum status status;

	segment_unload(&r->last);
	status = segment_load(journal->disk, journal->directory, first_of_last(r), &r->last, err);
	if (status == STATUS_OK)
		r->scan = segment_scan(slice_of(r->last.bytes, r->last.size), &r->last.header);
	return status == STATUS_NOT_FOUND ? STATUS_IO : status; /* it was listed a moment ago */
}

/* The last record that counts, as far as the segments can tell. */
static uint64_t found_end(const struct recovery *r)
{
	return first_of_last(r) - 1 + (r->last.bytes ? r->scan.count : 0);
}

static enum status look(struct recovery *r, struct err *err)
{
	const struct journal *journal = r->journal;
	enum status status = load_last(r, err);

	if (status != STATUS_OK && status != STATUS_CORRUPT)
		return status;
	r->node = r->last.bytes ? r->last.header.node
				: mend_find_node(journal->disk, journal->directory, r->firsts, r->count);
	if (end_mark_read(journal->disk, journal->directory, &r->mark) && (r->node == 0 || r->node == r->mark.node)) {
		r->node = r->mark.node;
		r->known.acknowledged = r->mark.sequence;
	}
	return STATUS_OK;
}

static enum status ask(struct recovery *r, struct err *err)
{
	struct journal *journal = r->journal;
	struct journal_found found = {r->node, found_end(r)};
	struct journal_known known = {0};
	enum status status = STATUS_OK;

	if (journal->give_known && r->node != 0)
		status = journal->give_known(journal->user, &found, &known, err);
	r->known.applied = known.applied;
	if (known.acknowledged > r->known.acknowledged)
		r->known.acknowledged = known.acknowledged;
	if (known.applied > r->known.acknowledged)
		r->known.acknowledged = known.applied;
	return status;
}

/* ---- What is made of it */

static bool is_damaged(const struct recovery *r)
{
	return !r->last.bytes || r->scan.end == SEGMENT_DAMAGED ||
	       (r->scan.end == SEGMENT_TORN && found_end(r) < r->known.acknowledged);
}

static enum status mend_last(struct recovery *r, struct err *err)
{
	struct salvage_summary sum = {0};
	struct mend mend = {.disk = r->journal->disk,
			    .directory = r->journal->directory,
			    .first = first_of_last(r),
			    .acknowledged = r->known.acknowledged,
			    .node = r->node,
			    .sum = &sum};

	return mend_segment(&mend, err);
}

/* From..to are gone. */
static void note_lost(struct recovery *r, uint64_t from, uint64_t to)
{
	struct journal *journal = r->journal;
	uint64_t applied_to = to < r->known.applied ? to : r->known.applied;
	struct journal_losses *losses = &journal->losses;

	if (applied_to >= from) {
		atomic_fetch_add(&journal->lost_applied, applied_to - from + 1);
		from = applied_to + 1;
	}
	if (from > to)
		return;
	losses->first = losses->count == 0 || from < losses->first ? from : losses->first;
	losses->last = to > losses->last ? to : losses->last;
	losses->count += to - from + 1;
}

/* Returns whether the first record is one. */
static bool note_lost_of(struct recovery *r, const struct segment *segment, bool was_mended)
{
	struct slice file = slice_of(segment->bytes, segment->size);
	uint32_t seed = segment_seed(&segment->header);
	bool begins_lost = false;
	struct frame frame;

	for (size_t at = SEGMENT_RECORDS_AT; frame_parse(slice_from(file, at), seed, &frame) == FRAME_VALID;
	     at += frame_size(frame.payload.n)) {
		uint64_t sequence = segment->header.first + frame.number;

		if (frame.type != JOURNAL_TYPE_LOST)
			continue;
		begins_lost = begins_lost || frame.number == 0;
		if (was_mended || sequence > r->known.applied)
			note_lost(r, sequence, sequence);
	}
	return begins_lost;
}

/* Also those of a start that did not come to its end, and of salvage: they are told of as long as they wait. When the
 * last segment begins with some, they began in the one before. */
static void note_lost_there(struct recovery *r, bool was_mended)
{
	const struct journal *journal = r->journal;
	bool goes_on = note_lost_of(r, &r->last, was_mended);

	for (size_t i = r->count - 1; i-- > 0 && goes_on && r->firsts[i + 1] > r->known.applied + 1;) {
		struct segment segment;

		if (segment_load(journal->disk, journal->directory, r->firsts[i], &segment, NULL) != STATUS_OK)
			return; /* its reader will say so */
		goes_on = note_lost_of(r, &segment, false);
		segment_unload(&segment);
	}
}

static int rewrite_end(const struct journal *journal, int file, const struct segment *segment,
		       const struct segment_scan *scan)
{
	const struct disk *disk = journal->disk;
	struct iovec part = {segment->bytes + scan->last_commit_at, scan->end_at - scan->last_commit_at};
	int result = 0;

	if (part.iov_len > 0)
		result = disk_write_all(disk, file, &part, 1, scan->last_commit_at);
	if (result == 0)
		result = write_zeros_at(disk, file, scan->end_at, scan->used_end);
	if (result == 0)
		result = disk->fdatasync(disk->self, file);
	/* The process may have died between rename and sync of the directory. */
	if (result == 0)
		result = disk->fsync_directory(disk->self, journal->directory);
	return result;
}

static enum status take_last(const struct recovery *r, struct err *err)
{
	struct journal *journal = r->journal;
	struct writer *writer = &journal->writer;
	char name[SEGMENT_NAME_BYTES], path[SEGMENT_PATH_BYTES];
	int file, result;

	segment_name(r->last.header.first, name);
	if (segment_path(journal->directory, name, path) != STATUS_OK)
		return err_set(err, STATUS_IO, "the path of the journal is too long");
	file = journal->disk->open(journal->disk->self, path, DISK_WRITE);
	if (file < 0)
		return err_set_errno(err, -file, "cannot open %s", path);
	writer->file = file;
	result = rewrite_end(journal, file, &r->last, &r->scan);
	if (result < 0)
		return err_set_errno(err, -result, "cannot make the end of %s durable", path);
	writer->size = r->last.size;
	writer->end = r->scan.end_at;
	writer->number = r->scan.count;
	writer->seed = segment_seed(&r->last.header);
	journal->node = r->last.header.node;
	atomic_store(&journal->durable, found_end(r));
	return STATUS_OK;
}

/* ---- An end that is missing */

static enum status put_lost(struct journal *journal, uint32_t count, struct err *err)
{
	struct writer *writer = &journal->writer;
	char *frames = mem_alloc(count * (size_t)FRAME_HEADER_BYTES);
	struct iovec part = {frames, count * (size_t)FRAME_HEADER_BYTES};
	int64_t now_us = clock_now_us(clock_system());
	int result;

	for (uint32_t i = 0; i < count; i++) {
		frame_put(frames + i * (size_t)FRAME_HEADER_BYTES, JOURNAL_TYPE_LOST, now_us, SLICE_EMPTY);
		frame_seal(frames + i * (size_t)FRAME_HEADER_BYTES, writer->seed, writer->number + i, i);
	}
	result = disk_write_all(journal->disk, writer->file, &part, 1, writer->end);
	if (result == 0)
		result = journal->disk->fdatasync(journal->disk->self, writer->file);
	mem_free(frames);
	if (result < 0)
		return err_set_errno(err, -result, "cannot write to the journal in %s", journal->directory);
	writer->end += count * (size_t)FRAME_HEADER_BYTES;
	writer->number += count;
	atomic_store(&journal->durable, journal_durable_sequence(journal) + count);
	return STATUS_OK;
}

/* One record for each, as salvage does, and no jump in the numbers: readers, checksums and tools know them already. */
static enum status fill_up(struct recovery *r, struct err *err)
{
	struct journal *journal = r->journal;
	uint64_t end = journal_durable_sequence(journal), missing = r->known.acknowledged - end;
	enum status status = STATUS_OK;

	if (r->known.acknowledged <= end)
		return STATUS_OK;
	if (missing > LOST_MAX)
		return err_set(err, STATUS_CORRUPT,
			       "the journal in %.60s ends with record %llu, but record %llu was acknowledged: put back "
			       "the one that belongs here",
			       journal->directory, (unsigned long long)end, (unsigned long long)r->known.acknowledged);
	note_lost(r, end + 1, r->known.acknowledged);
	while (status == STATUS_OK && missing > 0) {
		uint64_t room = (journal->writer.size - journal->writer.end) / FRAME_HEADER_BYTES;
		uint64_t count = missing < LOST_AT_ONCE ? missing : LOST_AT_ONCE;

		count = count < room ? count : room;
		status = count > 0 ? put_lost(journal, (uint32_t)count, err) : rotate(journal, err);
		missing -= count;
	}
	return status;
}

/* ---- All of it */

static enum status recover_last(struct recovery *r, struct err *err)
{
	enum status status = STATUS_OK;
	bool must_mend = is_damaged(r);

	if (must_mend) {
		status = mend_last(r, err);
		if (status == STATUS_OK)
			status = load_last(r, err);
	}
	if (status == STATUS_OK)
		status = take_last(r, err);
	if (status != STATUS_OK)
		return status;
	note_lost_there(r, must_mend);
	return fill_up(r, err);
}

static enum status make_first(struct journal *journal, struct err *err)
{
	enum status status = choose_node(journal, err);

	return status == STATUS_OK ? rotate(journal, err) : status;
}

static enum status recover(struct recovery *r, struct err *err)
{
	struct journal *journal = r->journal;
	enum status status = look(r, err);

	if (status == STATUS_OK && !r->last.bytes && r->node == 0 && r->count == 1) {
		/* One that never was used is deleted; anything else is refused there. */
		status = mend_last(r, err);
		return status == STATUS_OK ? make_first(journal, err) : status;
	}
	for (size_t i = 0; i < r->count; i++)
		index_add(&journal->index, r->firsts[i]);
	if (status == STATUS_OK)
		status = ask(r, err);
	return status == STATUS_OK ? recover_last(r, err) : status;
}

enum status journal_recover(struct journal *journal, struct err *err)
{
	struct recovery r = {.journal = journal};
	enum status status;

	remove_leftover(journal);
	status = segment_list(journal->disk, journal->directory, &r.firsts, &r.count, err);
	if (status != STATUS_OK)
		return status;
	status = r.count > 0 ? recover(&r, err) : make_first(journal, err);
	segment_unload(&r.last);
	mem_free(r.firsts);
	return status;
}
