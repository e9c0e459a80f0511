/* SPDX-License-Identifier: Apache-2.0 */
/* Reading while the journal is being written.
 *
 * A reader never trusts bytes it fetched before they were durable: behind the durable end a file may hold a write that
 * fails a moment later and is replaced by other records with the same numbers. `fetched_durable` is the durable
 * sequence number from before the bytes were fetched, or the last one of the segment, and nothing above it is taken
 * from the buffer.
 *
 * A reader starts at the beginning of a segment and passes over what it was not asked for. Of that nobody needs a byte
 * any more, so damage there is passed over, too: to the next record whose bytes are right, which no other bytes can be
 * taken for, because checksums begin with the segment's salt.
 */
#include "journal/journal_state.h"

#include "base/mem.h"
#include "journal/frame.h"

#include <errno.h>

enum { BUFFER_BYTES = 131072 };

struct journal_reader {
	struct journal *journal;
	uint64_t after;           /* records up to here are skipped */
	uint64_t expected;        /* sequence number of the next record in the file */
	uint64_t fetched_durable; /* the last that may be taken; see above */
	int file;                 /* -1: none yet */
	uint64_t first;           /* of the open segment */
	uint32_t seed;
	size_t buffer_at; /* where in the file the buffer starts */
	size_t buffer_n;
	size_t used; /* bytes of the buffer that were consumed */
	char *buffer;
};

enum status journal_reader_open(struct journal *journal, uint64_t after, struct journal_reader **ret, struct err *err)
{
	struct journal_reader *reader;
	uint64_t first;

	/* A journal that is older than the store, out of a backup say: its next records would have the numbers of
	 * others, which are applied already. */
	if (after > journal_durable_sequence(journal))
		return err_set(err, STATUS_CORRUPT, "record %llu was read before, but the journal ends with %llu",
			       (unsigned long long)after, (unsigned long long)journal_durable_sequence(journal));
	if (!index_find(&journal->index, after + 1, &first))
		return err_set(err, STATUS_NOT_FOUND, "the segment that holds record %llu was deleted",
			       (unsigned long long)after + 1);
	reader = MEM_NEW(struct journal_reader);
	reader->journal = journal;
	reader->after = after;
	reader->expected = first;
	reader->file = -1;
	reader->buffer = mem_alloc(BUFFER_BYTES);
	*ret = reader;
	return STATUS_OK;
}

static void close_file(struct journal_reader *reader)
{
	if (reader->file >= 0)
		(void)reader->journal->disk->close(reader->journal->disk->self, reader->file); /* was only read */
	reader->file = -1;
	reader->buffer_n = 0;
	reader->used = 0;
}

void journal_reader_close(struct journal_reader **reader_at)
{
	struct journal_reader *reader = *reader_at;

	if (!reader)
		return;
	close_file(reader);
	mem_free(reader->buffer);
	mem_free(reader);
	*reader_at = NULL;
}

static enum status damaged(const struct journal_reader *reader, struct err *err, const char *what)
{
	char name[SEGMENT_NAME_BYTES];

	segment_name(reader->first, name);
	return err_set(err, STATUS_CORRUPT,
		       "%s is damaged at offset %zu (record %llu): %s; run `pugmark journal salvage`", name,
		       reader->buffer_at + reader->used, (unsigned long long)reader->expected, what);
}

static enum status read_header(struct journal_reader *reader, struct err *err)
{
	const struct disk *disk = reader->journal->disk;
	struct segment_header header;
	struct err why = {0};
	char block[SEGMENT_RECORDS_AT];
	ssize_t got = disk_read_all(disk, reader->file, block, sizeof block, 0);

	if (got < 0)
		return err_set_errno(err, (int)-got, "cannot read the header of segment %llu",
				     (unsigned long long)reader->first);
	if (segment_decode_header(slice_of(block, (size_t)got), &header, &why) != STATUS_OK)
		return damaged(reader, err, why.text);
	/* A file under another's name: its numbers would be believed. */
	if (header.first != reader->first || header.node != reader->journal->node)
		return damaged(reader, err, "its header belongs to another segment");
	reader->seed = segment_seed(&header);
	return STATUS_OK;
}

static enum status open_segment(struct journal_reader *reader, uint64_t first, struct err *err)
{
	const struct journal *journal = reader->journal;
	char name[SEGMENT_NAME_BYTES], path[SEGMENT_PATH_BYTES];
	enum status status;

	close_file(reader);
	reader->first = first;
	reader->buffer_at = 0;
	segment_name(first, name);
	if (segment_path(journal->directory, name, path) != STATUS_OK)
		return err_set(err, STATUS_IO, "the path of the journal is too long");
	reader->file = journal->disk->open(journal->disk->self, path, DISK_READ);
	if (reader->file == -ENOENT)
		return err_set(err, STATUS_NOT_FOUND, "%s was deleted", path);
	if (reader->file < 0)
		return err_set_errno(err, -reader->file, "cannot open %s", path);
	status = read_header(reader, err);
	if (status != STATUS_OK) {
		close_file(reader); /* the next call starts with the header again */
		return status;
	}
	reader->buffer_at = SEGMENT_RECORDS_AT;
	return STATUS_OK;
}

/* Fills the buffer from where the expected record must be, in this segment or at the start of the next. */
static enum status fetch(struct journal_reader *reader, struct err *err)
{
	const struct disk *disk = reader->journal->disk;
	uint64_t first, last;
	ssize_t got;

	if (!index_find(&reader->journal->index, reader->expected, &first))
		return err_set(err, STATUS_NOT_FOUND, "record %llu was deleted", (unsigned long long)reader->expected);
	if (reader->file < 0 || first != reader->first) {
		enum status status;

		if (first != reader->expected)
			return damaged(reader, err, "the segment is not where it was");
		status = open_segment(reader, first, err);
		if (status != STATUS_OK)
			return status;
	}
	reader->buffer_at += reader->used;
	reader->used = 0;
	reader->buffer_n = 0;
	/* In this order: what is durable in a later segment came after that was known. Behind where it begins this one
	 * may hold a commit that failed. */
	reader->fetched_durable = journal_durable_sequence(reader->journal);
	last = index_last_of(&reader->journal->index, reader->first);
	reader->fetched_durable = last < reader->fetched_durable ? last : reader->fetched_durable;
	got = disk_read_all(disk, reader->file, reader->buffer, BUFFER_BYTES, reader->buffer_at);
	if (got < 0)
		return err_set_errno(err, (int)-got, "cannot read segment %llu", (unsigned long long)reader->first);
	reader->buffer_n = (size_t)got;
	return STATUS_OK;
}

static bool take(struct journal_reader *reader, struct frame *ret)
{
	struct slice rest = slice_of(reader->buffer + reader->used, reader->buffer_n - reader->used);
	struct frame frame;

	if (reader->expected > reader->fetched_durable || frame_parse(rest, reader->seed, &frame) != FRAME_VALID ||
	    frame.number != reader->expected - reader->first)
		return false;
	reader->used += frame_size(frame.payload.n);
	*ret = frame;
	return true;
}

/* The rest of the segment, from where the damage is; mem_free. */
static enum status read_rest(const struct journal_reader *reader, struct slice *ret, struct err *err)
{
	const struct disk *disk = reader->journal->disk;
	size_t at = reader->buffer_at + reader->used;
	int64_t size = disk->size(disk->self, reader->file);
	size_t n = size > (int64_t)at && size <= SEGMENT_BYTES_MAX ? (size_t)size - at : 0;
	char *bytes = mem_alloc(n + 1);
	ssize_t got = size < 0 ? (ssize_t)size : disk_read_all(disk, reader->file, bytes, n, at);

	if (got < 0) {
		mem_free(bytes);
		return err_set_errno(err, (int)-got, "cannot read segment %llu", (unsigned long long)reader->first);
	}
	*ret = slice_of(bytes, (size_t)got);
	return STATUS_OK;
}

/* The expected record is damaged and not asked for: goes on to the next that is neither, or in front of the first that
 * was asked for. */
static enum status pass_over_damage(struct journal_reader *reader, struct err *err)
{
	uint32_t number = (uint32_t)(reader->expected - reader->first);
	uint64_t durable = journal_durable_sequence(reader->journal);
	struct frame frame;
	struct slice rest;
	enum status status = read_rest(reader, &rest, err);
	size_t at;

	if (status != STATUS_OK)
		return status;
	at = segment_find_frame(rest, reader->seed, 0, number + 1, &frame);
	/* None is right any more: that matters when there is one that was asked for. */
	if (at == rest.n)
		status = durable > reader->after ? damaged(reader, err, "no valid record") : STATUS_END;
	else if (reader->first + frame.number > reader->after + 1)
		status = damaged(reader, err, "no valid record");
	if (status == STATUS_OK) {
		atomic_fetch_add(&reader->journal->lost_applied, frame.number - number);
		reader->expected = reader->first + frame.number;
		reader->buffer_at += reader->used + at;
		reader->buffer_n = 0;
		reader->used = 0;
	}
	mem_free((char *)(uintptr_t)rest.p);
	return status;
}

static enum status take_or_pass(struct journal_reader *reader, struct frame *ret, struct err *err)
{
	enum status status = fetch(reader, err);

	if (status != STATUS_OK || take(reader, ret))
		return status;
	if (reader->expected > reader->after)
		return damaged(reader, err, "no valid record");
	status = pass_over_damage(reader, err);
	return status == STATUS_OK ? STATUS_AGAIN : status;
}

enum status journal_reader_next(struct journal_reader *reader, struct journal_record *ret, struct err *err)
{
	struct frame frame;

	do {
		if (reader->expected > journal_durable_sequence(reader->journal))
			return STATUS_END;
		if (!take(reader, &frame)) {
			enum status status = take_or_pass(reader, &frame, err);

			if (status == STATUS_AGAIN)
				continue;
			if (status != STATUS_OK)
				return status;
		}
		reader->expected++;
	} while (reader->expected - 1 <= reader->after);
	*ret = (struct journal_record){
	    .sequence = reader->expected - 1, .time_us = frame.time_us, .type = frame.type, .payload = frame.payload};
	return STATUS_OK;
}
