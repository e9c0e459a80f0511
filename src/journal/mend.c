/* SPDX-License-Identifier: Apache-2.0 */
/* Repair without lying: what cannot be read is replaced by records that say so, never by silence, because sequence
 * numbers name events and must neither move nor be given out twice.
 *
 * Good records are copied byte by byte into a new file under the old header; their checksums do not depend on where in
 * the file they are. The indexes of LOST records are chosen so that rule (6) of segment.c holds again: next to a good
 * record with index j in front of which g are lost, they count up to j - 1.
 *
 * Order (R4, R6): quarantine copy, synced with its name; then the new file, synced; then the rename; then the
 * directory. At any interruption the damaged file is still there under one name or the other.
 */
#include "journal/mend.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "journal/frame.h"
#include "journal/segment.h"

#include <errno.h>
#include <stdio.h>

#define TEMPORARY_NAME "salvage.tmp"
enum { QUARANTINES_MAX = 100, HEADER_COPY_AT = 2048, AT_SALT = 24 };

/* What is to be made of it. */
struct repair {
	const struct mend *mend;
	struct segment segment; /* as found; the header possibly put together again */
	bool is_unsealed;       /* its salt is lost, and with it whether a record's bytes are right */
	uint64_t records;       /* how many the new one must have */
	char *bytes;            /* the new file */
	size_t size;
	size_t end;
	uint32_t next; /* number of the next record to go into it */
	int64_t now_us;
};

static enum status sync_directory(const struct mend *mend, struct err *err)
{
	int result = mend->disk->fsync_directory(mend->disk->self, mend->directory);

	return result < 0 ? err_set_errno(err, -result, "cannot sync the directory %s", mend->directory) : STATUS_OK;
}

static enum status write_file(const struct mend *mend, const char *name, struct slice bytes, struct err *err)
{
	const struct disk *disk = mend->disk;
	struct iovec part = {(char *)(uintptr_t)bytes.p, bytes.n};
	char path[SEGMENT_PATH_BYTES];
	int file, result;

	if (segment_path(mend->directory, name, path) != STATUS_OK)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	file = disk->open(disk->self, path, DISK_CREATE);
	if (file < 0)
		return err_set_errno(err, -file, "cannot create %s", path);
	result = disk_write_all(disk, file, &part, 1, 0);
	if (result == 0)
		result = disk->fsync(disk->self, file);
	if (result == 0)
		result = disk->close(disk->self, file);
	else
		(void)disk->close(disk->self, file); /* failed already */
	return result < 0 ? err_set_errno(err, -result, "cannot write %s", path) : STATUS_OK;
}

static enum status quarantine(const struct mend *mend, const char *name, const struct segment *segment, struct err *err)
{
	const struct disk *disk = mend->disk;
	char copy[SEGMENT_NAME_BYTES + 16], path[SEGMENT_PATH_BYTES];
	enum status status;

	if (segment_is_blank(slice_of(segment->bytes, segment->size)))
		return STATUS_OK; /* a copy of nothing */

	/* Never over an earlier one. */
	for (int i = 0; i < QUARANTINES_MAX; i++) {
		int file;

		(void)snprintf(copy, sizeof copy, i ? "%s.damaged.%d" : "%s.damaged", name, i);
		if (segment_path(mend->directory, copy, path) != STATUS_OK)
			return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
		file = disk->open(disk->self, path, DISK_READ);
		if (file == -ENOENT) {
			status = write_file(mend, copy, slice_of(segment->bytes, segment->size), err);
			return status == STATUS_OK ? sync_directory(mend, err) : status;
		}
		if (file >= 0)
			(void)disk->close(disk->self, file); /* was only looked for */
	}
	return err_set(err, STATUS_CONFLICT, "%s.damaged is there too often; move some of them away", name);
}

/* ---- The new file. */

static void put_frame(struct repair *repair, const char *frame, size_t n)
{
	if (repair->end + n > repair->size) {
		repair->bytes = mem_resize(repair->bytes, repair->end + n);
		repair->size = repair->end + n;
	}
	memcpy(repair->bytes + repair->end, frame, n);
	repair->end += n;
	repair->next++;
}

/* LOST records up to `number`, the next good one, which has this index; without one, index is 0. */
static void put_lost(struct repair *repair, uint32_t number, uint32_t index)
{
	uint32_t seed = segment_seed(&repair->segment.header);

	while (repair->next < number) {
		char frame[FRAME_HEADER_BYTES] = {0};
		uint32_t ahead = number - repair->next;
		uint64_t sequence = repair->segment.header.first + repair->next;

		frame_put(frame, JOURNAL_TYPE_LOST, repair->now_us, SLICE_EMPTY);
		frame_seal(frame, seed, repair->next, index > ahead ? index - ahead : 0);
		put_frame(repair, frame, sizeof frame);
		repair->mend->sum->lost++;
		repair->mend->sum->last_lost = sequence;
		if (repair->mend->sum->first_lost == 0)
			repair->mend->sum->first_lost = sequence;
	}
}

static void copy_records(struct repair *repair)
{
	struct slice file = slice_of(repair->segment.bytes, repair->segment.size);
	uint32_t seed = segment_seed(&repair->segment.header);
	size_t at = SEGMENT_RECORDS_AT;
	struct frame frame;

	while (!repair->is_unsealed && (at = segment_find_frame(file, seed, at, repair->next, &frame), at < file.n)) {
		if (frame.number >= repair->records)
			break;
		put_lost(repair, frame.number, frame.index);
		put_frame(repair, file.p + at, frame_size(frame.payload.n));
		repair->mend->sum->kept++;
		at += frame_size(frame.payload.n);
	}
	put_lost(repair, (uint32_t)repair->records, 0);
}

static enum status replace(struct repair *repair, struct err *err)
{
	const struct mend *mend = repair->mend;
	const struct disk *disk = mend->disk;
	char name[SEGMENT_NAME_BYTES], from[SEGMENT_PATH_BYTES], to[SEGMENT_PATH_BYTES];
	enum status status;
	int result;

	if (repair->records > SEGMENT_BYTES_MAX / FRAME_HEADER_BYTES - SEGMENT_RECORDS_AT)
		return err_set(err, STATUS_TOO_BIG,
			       "%llu records are missing behind number %llu, more than one segment holds",
			       (unsigned long long)repair->records, (unsigned long long)repair->segment.header.first);
	segment_name(repair->segment.header.first, name);
	status = quarantine(mend, name, &repair->segment, err);
	if (status != STATUS_OK)
		return status;
	repair->size = repair->segment.size > SEGMENT_RECORDS_AT ? repair->segment.size : SEGMENT_RECORDS_AT;
	repair->bytes = mem_alloc(repair->size);
	repair->end = SEGMENT_RECORDS_AT;
	segment_encode_header(&repair->segment.header, repair->bytes);
	copy_records(repair);
	status = write_file(mend, TEMPORARY_NAME, slice_of(repair->bytes, repair->size), err);
	if (status != STATUS_OK)
		return status;
	if (segment_path(mend->directory, TEMPORARY_NAME, from) != STATUS_OK ||
	    segment_path(mend->directory, name, to) != STATUS_OK)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	result = disk->rename(disk->self, from, to);
	if (result < 0)
		return err_set_errno(err, -result, "cannot rename %s", from);
	repair->mend->sum->segments++;
	return sync_directory(mend, err);
}

/* ---- Judging. */

/* How many records the last segment had, as far as it can tell. */
static uint64_t count_last(const struct segment *segment, const struct segment_scan *scan)
{
	struct slice file = slice_of(segment->bytes, segment->size);
	uint32_t seed = segment_seed(&segment->header);
	uint64_t records = scan->count + 1u; /* the damaged one was one, too */
	size_t at = scan->end_at;
	struct frame frame;

	while (at = segment_find_frame(file, seed, at, (uint32_t)records, &frame), at < file.n)
		records = frame.number + 1u;
	return records;
}

static bool last_needs_repair(struct repair *repair, const struct segment_scan *scan)
{
	const struct mend *mend = repair->mend;
	/* A torn end is no damage, and the next start removes it; unless somebody was told that it is kept. */
	bool is_damaged = scan->end == SEGMENT_DAMAGED ||
			  (scan->end == SEGMENT_TORN && mend->first + scan->count <= mend->acknowledged);

	repair->records = is_damaged ? count_last(&repair->segment, scan) : scan->count;
	return is_damaged;
}

static bool needs_repair(struct repair *repair)
{
	const struct mend *mend = repair->mend;
	struct slice file = slice_of(repair->segment.bytes, repair->segment.size);
	struct segment_scan scan = segment_scan(file, &repair->segment.header);
	bool is_damaged;

	if (repair->is_unsealed)
		return true;
	if (mend->next_first != 0) {
		repair->records = mend->next_first - mend->first;
		is_damaged = scan.count < repair->records;
	} else {
		is_damaged = last_needs_repair(repair, &scan);
	}
	return is_damaged || !segment_header_is_whole(file);
}

/* Without the salt no record can be proved; how many there were is still to be seen from where they begin and end. */
static uint64_t count_unsealed(struct slice file)
{
	size_t at = SEGMENT_RECORDS_AT;
	uint32_t count = 0;

	while (at < file.n && frame_looks_like(slice_from(file, at), count)) {
		at += frame_stored_size(file.p + at);
		count++;
	}
	return count;
}

/* Both headers are damaged. What they said follows from elsewhere, but for the salt, and one of the two may still have
 * that: whoever makes the first record valid is right. */
static void rebuild_header(struct repair *repair)
{
	const struct mend *mend = repair->mend;
	struct segment *segment = &repair->segment;
	struct slice file = slice_of(segment->bytes, segment->size);
	struct frame frame;

	segment->header = (struct segment_header){.first = mend->first, .node = mend->node};
	for (size_t copy = 0; copy <= HEADER_COPY_AT && file.n >= SEGMENT_RECORDS_AT; copy += HEADER_COPY_AT) {
		memcpy(segment->header.salt, file.p + copy + AT_SALT, SEGMENT_SALT_BYTES);
		if (frame_parse(slice_from(file, SEGMENT_RECORDS_AT), segment_seed(&segment->header), &frame) ==
		    FRAME_VALID)
			return;
	}
	random_bytes(segment->header.salt, SEGMENT_SALT_BYTES);
	repair->is_unsealed = true;
	repair->records = mend->next_first ? mend->next_first - mend->first : count_unsealed(file);
}

/* The bytes of a file whose header does not matter yet. */
static enum status load_bytes(const struct mend *mend, struct segment *ret, struct err *err)
{
	const struct disk *disk = mend->disk;
	char name[SEGMENT_NAME_BYTES], path[SEGMENT_PATH_BYTES];
	struct segment segment = {0};
	int64_t size;
	ssize_t got;
	int file;

	segment_name(mend->first, name);
	if (segment_path(mend->directory, name, path) != STATUS_OK)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	file = disk->open(disk->self, path, DISK_READ);
	if (file < 0)
		return err_set_errno(err, -file, "cannot open %s", path);
	size = disk->size(disk->self, file);
	segment.size = size > 0 && size < SEGMENT_BYTES_MAX ? (size_t)size : SEGMENT_BYTES_MAX;
	segment.bytes = mem_alloc(segment.size);
	got = size < 0 ? (ssize_t)size : disk_read_all(disk, file, segment.bytes, segment.size, 0);
	(void)disk->close(disk->self, file); /* was only read */
	if (got < 0) {
		segment_unload(&segment);
		return err_set_errno(err, (int)-got, "cannot read %s", path);
	}
	segment.size = (size_t)got;
	*ret = segment;
	return STATUS_OK;
}

static enum status load(struct repair *repair, struct err *err)
{
	const struct mend *mend = repair->mend;
	struct err why;
	enum status status = load_bytes(mend, &repair->segment, err);

	if (status != STATUS_OK)
		return status;
	status =
	    segment_decode_header(slice_of(repair->segment.bytes, repair->segment.size), &repair->segment.header, &why);
	if (status == STATUS_OK && repair->segment.header.first != mend->first)
		return err_set(err, STATUS_CORRUPT,
			       "segment %llu has the name of another one; rename it to what its header says",
			       (unsigned long long)mend->first);
	if (status == STATUS_OK)
		return STATUS_OK;
	if (strstr(why.text, "version"))
		return err_set(err, STATUS_CORRUPT, "segment %llu: %s", (unsigned long long)mend->first, why.text);
	if (mend->node == 0)
		return err_set(err, STATUS_CORRUPT, "no segment has a readable header; restore one from a copy");
	rebuild_header(repair);
	return STATUS_OK;
}

/* Made by whoever, never used. */
static enum status delete_blank(const struct mend *mend, struct err *err)
{
	char name[SEGMENT_NAME_BYTES], path[SEGMENT_PATH_BYTES];
	int result;

	segment_name(mend->first, name);
	if (segment_path(mend->directory, name, path) != STATUS_OK)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	result = mend->disk->unlink(mend->disk->self, path);
	if (result < 0)
		return err_set_errno(err, -result, "cannot delete %s", path);
	mend->sum->segments++;
	return sync_directory(mend, err);
}

enum status mend_segment(const struct mend *mend, struct err *err)
{
	struct repair repair = {.mend = mend, .now_us = clock_now_us(clock_system())};
	enum status status = load(&repair, err);
	bool is_blank = repair.segment.bytes && segment_is_blank(slice_of(repair.segment.bytes, repair.segment.size));

	if (status == STATUS_CORRUPT && is_blank && mend->node == 0 && mend->next_first == 0)
		status = delete_blank(mend, err);
	else if (status == STATUS_OK && needs_repair(&repair))
		status = replace(&repair, err);
	segment_unload(&repair.segment);
	mem_free(repair.bytes);
	return status;
}

uint16_t mend_find_node(const struct disk *disk, const char *directory, const uint64_t *firsts, size_t count)
{
	uint16_t node = 0;

	for (size_t i = 0; i < count && node == 0; i++) {
		struct segment segment;

		if (segment_load(disk, directory, firsts[i], &segment, NULL) != STATUS_OK)
			continue;
		node = segment.header.node;
		segment_unload(&segment);
	}
	return node;
}
