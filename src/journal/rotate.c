/* SPDX-License-Identifier: Apache-2.0 */
/* New segments, and the space they need.
 *
 * A segment is made under a temporary name: space set aside, zeros written, synced, all of it in small steps between
 * commits. Zeros are written although the space already reads as zeros: a sync of blocks that were never written has to
 * commit file system metadata, too, which costs a quarter to a third of the commits a second. Then header, sync,
 * rename, sync of the directory, and only then is it used (R4): a name that is not durable would take every
 * acknowledged record with it.
 *
 * A full disk may stop this at any step. The state says which steps are done; the next attempt goes on from there.
 */
#include "journal/rotate.h"

#include "base/random.h"
#include "journal/journal_state.h"

#include <errno.h>

enum { ZERO_PAGE = 4096, ZERO_PAGES = 64, ZERO_STEP = ZERO_PAGE * ZERO_PAGES };

int write_zeros_at(const struct disk *disk, int file, size_t from, size_t to)
{
	static const char page[ZERO_PAGE];
	struct iovec parts[ZERO_PAGES];

	while (from < to) {
		size_t n = 0;
		int count = 0;

		while (count < ZERO_PAGES && from + n < to) {
			size_t part = to - from - n < ZERO_PAGE ? to - from - n : ZERO_PAGE;

			parts[count++] = (struct iovec){(char *)(uintptr_t)page, part};
			n += part;
		}
		int result = disk_write_all(disk, file, parts, count, from);
		if (result < 0)
			return result;
		from += n;
	}
	return 0;
}

static enum status begin_next(struct journal *journal, struct err *err)
{
	const struct disk *disk = journal->disk;
	struct writer *writer = &journal->writer;
	char path[SEGMENT_PATH_BYTES];
	int file, result;

	if (segment_path(journal->directory, PREPARED_NAME, path) != STATUS_OK)
		return err_set(err, STATUS_IO, "the path of the journal is too long");
	file = disk->open(disk->self, path, DISK_CREATE);
	if (file < 0)
		return err_set_errno(err, -file, "cannot create %s", path);
	result = disk->fallocate(disk->self, file, journal->segment_bytes);
	if (result < 0) {
		(void)disk->close(disk->self, file); /* nothing of worth was written */
		(void)disk->unlink(disk->self, path);
		return err_set_errno(err, -result, "no %zu bytes for the next segment", journal->segment_bytes);
	}
	writer->next_file = file;
	writer->next_zeroed = 0;
	writer->next = NEXT_ZEROING;
	return STATUS_OK;
}

static enum status zero_next(struct journal *journal, struct err *err)
{
	const struct disk *disk = journal->disk;
	struct writer *writer = &journal->writer;
	size_t to = writer->next_zeroed + ZERO_STEP;
	int result;

	if (to > journal->segment_bytes)
		to = journal->segment_bytes;
	result = write_zeros_at(disk, writer->next_file, writer->next_zeroed, to);
	/* Synced piece by piece, so that no commit has to wait for a whole segment of dirty pages. */
	if (result == 0 && to < journal->segment_bytes)
		result = disk->fdatasync(disk->self, writer->next_file);
	else if (result == 0)
		result = disk->fsync(disk->self, writer->next_file);
	if (result < 0)
		return err_set_errno(err, -result, "cannot prepare the next segment");
	writer->next_zeroed = to;
	if (to == journal->segment_bytes)
		writer->next = NEXT_READY;
	return STATUS_OK;
}

enum status rotate_prepare_step(struct journal *journal, struct err *err)
{
	return journal->writer.next == NEXT_NONE ? begin_next(journal, err) : zero_next(journal, err);
}

static enum status next_path(const struct journal *journal, char path[SEGMENT_PATH_BYTES], struct err *err)
{
	char name[SEGMENT_NAME_BYTES];

	segment_name(journal->writer.next_header.first, name);
	if (segment_path(journal->directory, name, path) != STATUS_OK)
		return err_set(err, STATUS_IO, "the path of the journal is too long");
	return STATUS_OK;
}

static enum status name_next(struct journal *journal, struct err *err)
{
	const struct disk *disk = journal->disk;
	struct writer *writer = &journal->writer;
	char block[SEGMENT_RECORDS_AT], from[SEGMENT_PATH_BYTES], to[SEGMENT_PATH_BYTES];
	struct iovec part = {block, sizeof block};
	enum status status;
	int result;

	writer->next_header =
	    (struct segment_header){.first = journal_durable_sequence(journal) + 1, .node = journal->node};
	random_bytes(writer->next_header.salt, sizeof writer->next_header.salt);
	segment_encode_header(&writer->next_header, block);
	status = next_path(journal, to, err);
	if (status != STATUS_OK)
		return status;
	result = disk_write_all(disk, writer->next_file, &part, 1, 0);
	if (result == 0)
		result = disk->fsync(disk->self, writer->next_file);
	if (result < 0)
		return err_set_errno(err, -result, "cannot write the header of %s", to);
	if (segment_path(journal->directory, PREPARED_NAME, from) != STATUS_OK)
		return err_set(err, STATUS_IO, "the path of the journal is too long");
	result = disk->rename(disk->self, from, to);
	if (result < 0)
		return err_set_errno(err, -result, "cannot rename the new segment to %s", to);
	writer->next = NEXT_NAMED;
	return STATUS_OK;
}

static void use_next(struct journal *journal)
{
	struct writer *writer = &journal->writer;

	/* Every record in the old segment was synced; there is nothing left that closing could fail to write. */
	if (writer->file >= 0)
		(void)journal->disk->close(journal->disk->self, writer->file);
	writer->file = writer->next_file;
	writer->size = journal->segment_bytes;
	writer->end = SEGMENT_RECORDS_AT;
	writer->suspect_end = 0;
	writer->number = 0;
	writer->seed = segment_seed(&writer->next_header);
	writer->next_file = -1;
	writer->next = NEXT_NONE;
	writer->needs_next = false;
	index_add(&journal->index, writer->next_header.first);
}

void rotate_drop_next(struct journal *journal)
{
	const struct disk *disk = journal->disk;
	struct writer *writer = &journal->writer;
	char path[SEGMENT_PATH_BYTES];

	if (writer->next == NEXT_NONE)
		return;
	(void)disk->close(disk->self, writer->next_file); /* holds nothing that anybody was promised */
	/* Another file and not this one emptied: what the kernel thinks of its pages goes with it. */
	if (segment_path(journal->directory, PREPARED_NAME, path) == STATUS_OK)
		(void)disk->unlink(disk->self, path);
	writer->next_file = -1;
	writer->next = NEXT_NONE;
}

/* What was acknowledged in it was synced before, each commit by a sync of its own; what was not is behind that, and the
 * next segment's name says where it begins. That has the same name as this one when this one had no records yet, and
 * takes its place. */
void rotate_abandon(struct journal *journal)
{
	struct writer *writer = &journal->writer;

	rotate_drop_next(journal);
	if (writer->file >= 0)
		(void)journal->disk->close(journal->disk->self, writer->file); /* as above */
	writer->file = -1;
	writer->end = 0;
	writer->suspect_end = 0;
	writer->needs_next = true;
}

enum status rotate(struct journal *journal, struct err *err)
{
	struct writer *writer = &journal->writer;
	enum status status = STATUS_OK;
	int result;

	while (status == STATUS_OK && writer->next < NEXT_READY)
		status = rotate_prepare_step(journal, err);
	if (status == STATUS_OK && writer->next == NEXT_READY)
		status = name_next(journal, err);
	if (status != STATUS_OK)
		return status;
	result = journal->disk->fsync_directory(journal->disk->self, journal->directory);
	if (result < 0)
		return err_set_errno(err, -result, "cannot sync the directory %s", journal->directory);
	use_next(journal);
	return STATUS_OK;
}

enum status rotate_clean_end(struct journal *journal, struct err *err)
{
	struct writer *writer = &journal->writer;
	int result;

	if (writer->suspect_end <= writer->end)
		return STATUS_OK;
	/* Without this, records that were refused could come back behind others that are written over their start. */
	result = write_zeros_at(journal->disk, writer->file, writer->end, writer->suspect_end);
	if (result == 0)
		result = journal->disk->fdatasync(journal->disk->self, writer->file);
	if (result < 0)
		return err_set_errno(err, -result, "cannot overwrite what a failed write left");
	writer->suspect_end = 0;
	return STATUS_OK;
}

/* The reserve is a convenience, not a promise: that it cannot be made is no reason to stop. */
void reserve_hold(struct journal *journal)
{
	const struct disk *disk = journal->disk;
	char path[SEGMENT_PATH_BYTES];
	int file, result;

	if (journal->writer.reserve_held || segment_path(journal->directory, RESERVE_NAME, path) != STATUS_OK)
		return;
	file = disk->open(disk->self, path, DISK_CREATE);
	if (file < 0)
		return;
	result = disk->fallocate(disk->self, file, journal->reserve_bytes);
	(void)disk->close(disk->self, file); /* holds no data */
	if (result < 0)
		(void)disk->unlink(disk->self, path);
	journal->writer.reserve_held = result == 0;
}

void reserve_release(struct journal *journal)
{
	char path[SEGMENT_PATH_BYTES];

	if (!journal->writer.reserve_held || segment_path(journal->directory, RESERVE_NAME, path) != STATUS_OK)
		return;
	(void)journal->disk->unlink(journal->disk->self, path); /* when it fails there is merely less room */
	journal->writer.reserve_held = false;
}
