/* SPDX-License-Identifier: Apache-2.0 */
/* What happens at every start, before a record is read or written.
 *
 * Only the last segment can have an end that is not clean; segment.c says how to tell a commit that was cut off from
 * damage. Damage stops here with nothing changed (R6). Damage in an earlier segment is found by the reader that gets
 * there, and does not stop new records from being accepted (R9).
 *
 * Then the end is made durable (R3): the last commit is written again, the same bytes, what follows it is zeroed, and
 * file and directory are synced. Reading the bytes back proves nothing, for they may be in the page cache only: after
 * kill -9 between write and sync, or, worse, after a sync that failed and left pages that look clean. Records that
 * readers have seen must not be gone after the next power cut.
 */
#include "journal/recover.h"

#include "base/mem.h"
#include "base/random.h"
#include "journal/journal_state.h"
#include "journal/rotate.h"

#include <errno.h>

/* The number stands in the header of every segment from now on. Two journals that draw the same one are one node to
 * the store, so whoever has a store to ask gives it. */
static enum status choose_node(struct journal *journal, struct err *err)
{
	uint16_t node = 0;
	enum status status = STATUS_OK;

	if (journal->give_node)
		status = journal->give_node(journal->give_node_user, &node, err);
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

static enum status take_segment(struct journal *journal, const struct segment *segment, struct err *err)
{
	struct segment_scan scan = segment_scan(slice_of(segment->bytes, segment->size), &segment->header);
	struct writer *writer = &journal->writer;
	char name[SEGMENT_NAME_BYTES], path[SEGMENT_PATH_BYTES];
	int file, result;

	segment_name(segment->header.first, name);
	if (scan.end == SEGMENT_DAMAGED)
		return err_set(
		    err, STATUS_CORRUPT,
		    "%s is damaged at offset %zu (record %llu): %s; nothing was changed, run `pugmark journal salvage`",
		    name, scan.end_at, (unsigned long long)(segment->header.first + scan.count), scan.why);
	if (segment_path(journal->directory, name, path) != STATUS_OK)
		return err_set(err, STATUS_IO, "the path of the journal is too long");
	file = journal->disk->open(journal->disk->self, path, DISK_WRITE);
	if (file < 0)
		return err_set_errno(err, -file, "cannot open %s", path);
	writer->file = file;
	result = rewrite_end(journal, file, segment, &scan);
	if (result < 0)
		return err_set_errno(err, -result, "cannot make the end of %s durable", path);
	writer->size = segment->size;
	writer->end = scan.end_at;
	writer->number = scan.count;
	writer->seed = segment_seed(&segment->header);
	journal->node = segment->header.node;
	atomic_store(&journal->durable, segment->header.first + scan.count - 1);
	return STATUS_OK;
}

static enum status recover_last(struct journal *journal, uint64_t first, struct err *err)
{
	struct segment segment;
	enum status status = segment_load(journal->disk, journal->directory, first, &segment, err);

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_IO : status; /* it was listed a moment ago */
	status = take_segment(journal, &segment, err);
	segment_unload(&segment);
	return status;
}

enum status journal_recover(struct journal *journal, struct err *err)
{
	uint64_t *firsts;
	size_t count;
	enum status status;

	remove_leftover(journal);
	status = segment_list(journal->disk, journal->directory, &firsts, &count, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		index_add(&journal->index, firsts[i]);
	if (count > 0) {
		status = recover_last(journal, firsts[count - 1], err);
	} else {
		status = choose_node(journal, err);
		if (status == STATUS_OK)
			status = rotate(journal, err);
	}
	mem_free(firsts);
	return status;
}
