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
#include "journal/inspect.h"

#include "base/mem.h"
#include "base/random.h"
#include "journal/frame.h"
#include "journal/segment.h"

#include <errno.h>
#include <stdio.h>

#define TEMPORARY_NAME "salvage.tmp"
enum { QUARANTINES_MAX = 100, HEADER_COPY_AT = 2048, AT_SALT = 24 };

struct salvage {
	const struct disk *disk;
	const char *directory;
	uint64_t *firsts;
	size_t count;
	uint16_t node; /* 0 until a readable header was seen */
	struct salvage_summary sum;
};

/* What is to be made of one segment. */
struct repair {
	struct segment segment; /* as found; the header possibly put together again */
	uint64_t records;       /* how many the new one must have */
	char *bytes;            /* the new file */
	size_t size;
	size_t end;
	uint32_t next; /* number of the next record to go into it */
};

static enum status sync_directory(const struct salvage *salvage, struct err *err)
{
	int result = salvage->disk->fsync_directory(salvage->disk->self, salvage->directory);

	return result < 0 ? err_set_errno(err, -result, "cannot sync the directory %s", salvage->directory) : STATUS_OK;
}

static enum status write_file(const struct salvage *salvage, const char *name, struct slice bytes, struct err *err)
{
	const struct disk *disk = salvage->disk;
	struct iovec part = {(char *)(uintptr_t)bytes.p, bytes.n};
	char path[SEGMENT_PATH_BYTES];
	int file, result;

	if (segment_path(salvage->directory, name, path) != STATUS_OK)
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

static enum status quarantine(const struct salvage *salvage, const char *name, const struct segment *segment,
			      struct err *err)
{
	const struct disk *disk = salvage->disk;
	char copy[SEGMENT_NAME_BYTES + 16], path[SEGMENT_PATH_BYTES];
	enum status status;

	/* Never over an earlier one. */
	for (int i = 0; i < QUARANTINES_MAX; i++) {
		int file;

		(void)snprintf(copy, sizeof copy, i ? "%s.damaged.%d" : "%s.damaged", name, i);
		if (segment_path(salvage->directory, copy, path) != STATUS_OK)
			return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
		file = disk->open(disk->self, path, DISK_READ);
		if (file == -ENOENT) {
			status = write_file(salvage, copy, slice_of(segment->bytes, segment->size), err);
			return status == STATUS_OK ? sync_directory(salvage, err) : status;
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
static void put_lost(struct salvage *salvage, struct repair *repair, uint32_t number, uint32_t index)
{
	uint32_t seed = segment_seed(&repair->segment.header);

	while (repair->next < number) {
		char frame[FRAME_HEADER_BYTES] = {0};
		uint32_t ahead = number - repair->next;
		uint64_t sequence = repair->segment.header.first + repair->next;

		frame_put(frame, JOURNAL_TYPE_LOST, 0, SLICE_EMPTY);
		frame_seal(frame, seed, repair->next, index > ahead ? index - ahead : 0);
		put_frame(repair, frame, sizeof frame);
		salvage->sum.lost++;
		salvage->sum.last_lost = sequence;
		if (salvage->sum.first_lost == 0)
			salvage->sum.first_lost = sequence;
	}
}

static void copy_records(struct salvage *salvage, struct repair *repair)
{
	struct slice file = slice_of(repair->segment.bytes, repair->segment.size);
	uint32_t seed = segment_seed(&repair->segment.header);
	size_t at = SEGMENT_RECORDS_AT;
	struct frame frame;

	while (at = segment_find_frame(file, seed, at, repair->next, &frame), at < file.n) {
		if (frame.number >= repair->records)
			break;
		put_lost(salvage, repair, frame.number, frame.index);
		put_frame(repair, file.p + at, frame_size(frame.payload.n));
		salvage->sum.kept++;
		at += frame_size(frame.payload.n);
	}
	put_lost(salvage, repair, (uint32_t)repair->records, 0);
}

static enum status replace(struct salvage *salvage, struct repair *repair, struct err *err)
{
	const struct disk *disk = salvage->disk;
	char name[SEGMENT_NAME_BYTES], from[SEGMENT_PATH_BYTES], to[SEGMENT_PATH_BYTES];
	enum status status;
	int result;

	if (repair->records > SEGMENT_BYTES_MAX / FRAME_HEADER_BYTES - SEGMENT_RECORDS_AT)
		return err_set(err, STATUS_TOO_BIG,
			       "%llu records are missing behind number %llu, more than one segment holds",
			       (unsigned long long)repair->records, (unsigned long long)repair->segment.header.first);
	segment_name(repair->segment.header.first, name);
	status = quarantine(salvage, name, &repair->segment, err);
	if (status != STATUS_OK)
		return status;
	repair->size = repair->segment.size > SEGMENT_RECORDS_AT ? repair->segment.size : SEGMENT_RECORDS_AT;
	repair->bytes = mem_alloc(repair->size);
	repair->end = SEGMENT_RECORDS_AT;
	segment_encode_header(&repair->segment.header, repair->bytes);
	copy_records(salvage, repair);
	status = write_file(salvage, TEMPORARY_NAME, slice_of(repair->bytes, repair->size), err);
	if (status != STATUS_OK)
		return status;
	if (segment_path(salvage->directory, TEMPORARY_NAME, from) != STATUS_OK ||
	    segment_path(salvage->directory, name, to) != STATUS_OK)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	result = disk->rename(disk->self, from, to);
	if (result < 0)
		return err_set_errno(err, -result, "cannot rename %s", from);
	salvage->sum.segments++;
	return sync_directory(salvage, err);
}

/* ---- Judging. */

/* How many records the last segment had, as far as anybody can tell. */
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

static bool needs_repair(const struct salvage *salvage, size_t i, struct repair *repair)
{
	struct slice file = slice_of(repair->segment.bytes, repair->segment.size);
	struct segment_scan scan = segment_scan(file, &repair->segment.header);
	bool is_last = i + 1 == salvage->count;

	if (!is_last)
		repair->records = salvage->firsts[i + 1] - salvage->firsts[i];
	else
		repair->records = scan.end == SEGMENT_DAMAGED ? count_last(&repair->segment, &scan) : scan.count;
	if (!segment_header_is_whole(file))
		return true;
	/* A torn end of the last one is no damage: the next start removes it. */
	return is_last ? scan.end == SEGMENT_DAMAGED : scan.end != SEGMENT_CLEAN || scan.count != repair->records;
}

/* Both headers are damaged. What they said follows from elsewhere, but for the salt, and one of the two may still have
 * that: whoever makes the first record valid is right. */
static enum status rebuild_header(const struct salvage *salvage, size_t i, struct segment *segment, struct err *err)
{
	struct slice file = slice_of(segment->bytes, segment->size);
	struct frame frame;

	segment->header = (struct segment_header){.first = salvage->firsts[i], .node = salvage->node};
	for (size_t copy = 0; copy <= HEADER_COPY_AT && file.n >= SEGMENT_RECORDS_AT; copy += HEADER_COPY_AT) {
		memcpy(segment->header.salt, file.p + copy + AT_SALT, SEGMENT_SALT_BYTES);
		if (frame_parse(slice_from(file, SEGMENT_RECORDS_AT), segment_seed(&segment->header), &frame) ==
		    FRAME_VALID)
			return STATUS_OK;
	}
	if (i + 1 == salvage->count)
		return err_set(err, STATUS_CORRUPT,
			       "the header of the last segment is lost, and with it how many records it had; restore "
			       "it from a copy");
	random_bytes(segment->header.salt, SEGMENT_SALT_BYTES);
	return STATUS_OK;
}

/* The bytes of a file whose header does not matter yet. */
static enum status load_bytes(const struct salvage *salvage, uint64_t first, struct segment *ret, struct err *err)
{
	const struct disk *disk = salvage->disk;
	char name[SEGMENT_NAME_BYTES], path[SEGMENT_PATH_BYTES];
	struct segment segment = {0};
	int64_t size;
	ssize_t got;
	int file;

	segment_name(first, name);
	if (segment_path(salvage->directory, name, path) != STATUS_OK)
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

static enum status load(struct salvage *salvage, size_t i, struct repair *repair, struct err *err)
{
	struct err why;
	enum status status = load_bytes(salvage, salvage->firsts[i], &repair->segment, err);
	struct slice file = slice_of(repair->segment.bytes, repair->segment.size);

	if (status != STATUS_OK)
		return status;
	status = segment_decode_header(file, &repair->segment.header, &why);
	if (status == STATUS_OK && repair->segment.header.first != salvage->firsts[i])
		return err_set(err, STATUS_CORRUPT,
			       "segment %llu has the name of another one; rename it to what its header says",
			       (unsigned long long)salvage->firsts[i]);
	if (status == STATUS_OK)
		return STATUS_OK;
	if (strstr(why.text, "version"))
		return err_set(err, STATUS_CORRUPT, "segment %llu: %s", (unsigned long long)salvage->firsts[i],
			       why.text);
	if (salvage->node == 0)
		return err_set(err, STATUS_CORRUPT, "no segment has a readable header; restore one from a copy");
	return rebuild_header(salvage, i, &repair->segment, err);
}

static enum status salvage_segment(struct salvage *salvage, size_t i, struct err *err)
{
	struct repair repair = {0};
	enum status status = load(salvage, i, &repair, err);

	if (status == STATUS_OK && needs_repair(salvage, i, &repair))
		status = replace(salvage, &repair, err);
	segment_unload(&repair.segment);
	mem_free(repair.bytes);
	return status;
}

static void find_node(struct salvage *salvage)
{
	for (size_t i = 0; i < salvage->count && salvage->node == 0; i++) {
		struct segment segment;

		if (segment_load(salvage->disk, salvage->directory, salvage->firsts[i], &segment, NULL) != STATUS_OK)
			continue;
		salvage->node = segment.header.node;
		segment_unload(&segment);
	}
}

static enum status salvage_all(struct salvage *salvage, struct err *err)
{
	enum status status = segment_list(salvage->disk, salvage->directory, &salvage->firsts, &salvage->count, err);

	if (status != STATUS_OK)
		return status;
	find_node(salvage);
	for (size_t i = 0; i < salvage->count && status == STATUS_OK; i++)
		status = salvage_segment(salvage, i, err);
	mem_free(salvage->firsts);
	return status;
}

enum status journal_salvage(const struct disk *disk, const char *directory, struct salvage_summary *ret,
			    struct err *err)
{
	struct salvage salvage = {.disk = disk, .directory = directory};
	char path[SEGMENT_PATH_BYTES];
	enum status status;
	int lock;

	if (segment_path(directory, "lock", path) != STATUS_OK)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	lock = disk->lock(disk->self, path);
	if (lock == -EWOULDBLOCK)
		return err_set(err, STATUS_CONFLICT, "a server has the journal in %s open; stop it first", directory);
	if (lock == -ENOENT)
		return err_set(err, STATUS_NOT_FOUND, "%s is not there", directory);
	if (lock < 0)
		return err_set_errno(err, -lock, "cannot lock %s", path);
	status = salvage_all(&salvage, err);
	(void)disk->close(disk->self, lock); /* holds no data */
	if (status == STATUS_OK)
		*ret = salvage.sum;
	return status;
}
