/* SPDX-License-Identifier: Apache-2.0 */
/* The format of a segment file, version 1. Integers are little-endian. doc/journal-format.md says the same.
 *
 * Name: the sequence number of its first record, 16 decimal digits, then ".seg". The file has its full size from the
 * start, filled with zeros; records are appended; nothing that was acknowledged is ever changed.
 *
 * Header: 64 bytes at offset 0, the same 64 bytes at offset 2048, zeros up to 4096, where the first record starts.
 *      0  8  magic "PUGMARKJ"
 *      8  4  version, 1
 *     12  2  node: names the journal for ever
 *     14  2  zero
 *     16  8  sequence number of the first record, as in the name
 *     24 16  salt, random for each segment
 *     40 20  zero
 *     60  4  CRC32C of bytes 0 to 59
 *
 * Record: 24 bytes and the payload; the next one follows without a gap.
 *      0  4  CRC32C of the segment's salt, then of bytes 4 to the end of the payload
 *      4  2  length of the payload, at most 16384
 *      6  1  type, the producer's; 0 stands for a record that was lost (see salvage)
 *      7  1  'R'
 *      8  4  number: sequence number less the segment's first
 *     12  4  index: place of the record in its commit, from 0
 *     16  8  time, microseconds since 1970-01-01 UTC, signed
 *     24  n  payload
 *
 * A commit is what one fdatasync makes durable; it never spans segments, and the next one is not written before it
 * is durable.
 *
 * A record is valid if and only if (1) the segment's header is, (2) all records before it in the segment are, (3) its
 * length is at most 16384 and it ends inside the file, (4) byte 7 is 'R', (5) its number is one more than that of the
 * record before, 0 for the first, (6) its index is 0, or one more than that of the record before, (7) the CRC is right.
 *
 * What follows the last valid record at offset X, with the number N expected there:
 *  - zeros only: the clean end;
 *  - otherwise, in the last segment, a commit that was cut off (torn). It is not acknowledged and is zeroed. Unless
 *    there is proof that the damage came later, and then nothing is touched:
 *     (a) a record behind X whose bytes are right and whose commit started after N (number - index > N): its commit was
 *         written only when record N was durable;
 *     (b) the bytes of the record at X are all there and yet wrong. A sector that was not written still holds zeros,
 *         because space behind the end is zeroed durably before it is used. So of a torn record some piece, cut at
 *         multiples of 512, begins or ends with a zero byte. When none does, or the length is impossible while its
 *         bytes are there, the record was whole once.
 *  - in any segment but the last, nothing that counts: where the next segment begins its name says. A commit whose sync
 *    failed is left behind there, and written again as the first of the next segment. Damage is when N is less than the
 *    next segment's first number: that starts only after all before it is durable.
 *  - what is known from elsewhere (end_mark.h, the store) to have been acknowledged is not torn, whatever it looks
 * like.
 *
 * The salt makes what an earlier file or a payload left in the same place invalid. Index and rule (a) are there because
 * a disk may write the sectors of one commit in any order: without them, a valid record behind a bad one would be no
 * proof of anything. The second header keeps one bad sector from taking a whole segment with it.
 */
#include "journal/segment.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/wire.h"
#include "journal/frame.h"
#include "journal/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	HEADER_BYTES = 64,
	HEADER_COPY_AT = 2048,
	AT_VERSION = 8,
	AT_NODE = 12,
	AT_FIRST = 16,
	AT_SALT = 24,
	AT_CRC = 60,
	VERSION = 1,
	NAME_DIGITS = 16,
	SECTOR = 512,
};

static const char magic[8] = {'P', 'U', 'G', 'M', 'A', 'R', 'K', 'J'};

void segment_encode_header(const struct segment_header *header, char block[SEGMENT_RECORDS_AT])
{
	memset(block, 0, SEGMENT_RECORDS_AT);
	memcpy(block, magic, sizeof magic);
	wire_store_u32(block + AT_VERSION, VERSION);
	block[AT_NODE] = (char)(header->node & 0xff);
	block[AT_NODE + 1] = (char)(header->node >> 8);
	wire_store_u64(block + AT_FIRST, header->first);
	memcpy(block + AT_SALT, header->salt, SEGMENT_SALT_BYTES);
	wire_store_u32(block + AT_CRC, crc32c(0, block, AT_CRC));
	memcpy(block + HEADER_COPY_AT, block, HEADER_BYTES);
}

static bool header_copy_is_valid(const char *copy)
{
	return memcmp(copy, magic, sizeof magic) == 0 && wire_load_u32(copy + AT_CRC) == crc32c(0, copy, AT_CRC);
}

enum status segment_decode_header(struct slice file, struct segment_header *ret, struct err *err)
{
	const char *copy = file.p;

	if (file.n < SEGMENT_RECORDS_AT)
		return err_set(err, STATUS_CORRUPT, "too short for a header");
	if (!header_copy_is_valid(copy))
		copy += HEADER_COPY_AT;
	if (!header_copy_is_valid(copy))
		return err_set(err, STATUS_CORRUPT, "both copies of the header are damaged");
	if (wire_load_u32(copy + AT_VERSION) != VERSION)
		return err_set(err, STATUS_CORRUPT, "format version %u, this program reads version %d",
			       wire_load_u32(copy + AT_VERSION), VERSION);
	ret->node = (uint16_t)((unsigned char)copy[AT_NODE] | (unsigned char)copy[AT_NODE + 1] << 8);
	ret->first = wire_load_u64(copy + AT_FIRST);
	memcpy(ret->salt, copy + AT_SALT, SEGMENT_SALT_BYTES);
	return STATUS_OK;
}

bool segment_header_is_whole(struct slice file)
{
	return file.n >= SEGMENT_RECORDS_AT && header_copy_is_valid(file.p) &&
	       memcmp(file.p, file.p + HEADER_COPY_AT, HEADER_BYTES) == 0;
}

uint32_t segment_seed(const struct segment_header *header)
{
	return crc32c(0, header->salt, SEGMENT_SALT_BYTES);
}

void segment_name(uint64_t first, char name[SEGMENT_NAME_BYTES])
{
	for (int i = NAME_DIGITS; i-- > 0; first /= 10)
		name[i] = (char)('0' + first % 10);
	memcpy(name + NAME_DIGITS, ".seg", sizeof ".seg");
}

bool segment_parse_name(const char *name, uint64_t *ret_first)
{
	struct slice s = slice_from_cstr(name);
	uint64_t first;

	if (s.n != SEGMENT_NAME_BYTES - 1 || !slice_ends_with(s, SLICE(".seg")) ||
	    !slice_to_u64(slice_sub(s, 0, NAME_DIGITS), UINT64_MAX, &first) || first == 0)
		return false;
	*ret_first = first;
	return true;
}

enum status segment_path(const char *directory, const char *name, char path[SEGMENT_PATH_BYTES])
{
	int n = snprintf(path, SEGMENT_PATH_BYTES, "%s/%s", directory, name);

	return n < 0 || n >= SEGMENT_PATH_BYTES ? STATUS_TOO_BIG : STATUS_OK;
}

/* The offset behind the last byte that is not zero, at least `from`. */
static size_t find_used_end(struct slice file, size_t from)
{
	static const char zeros[SECTOR];
	size_t at = file.n;

	while (at >= from + SECTOR && memcmp(file.p + at - SECTOR, zeros, SECTOR) == 0)
		at -= SECTOR;
	while (at > from && file.p[at - 1] == 0)
		at--;
	return at;
}

bool segment_is_blank(struct slice file)
{
	return find_used_end(file, 0) == 0;
}

size_t segment_find_frame(struct slice file, uint32_t seed, size_t at, uint32_t least_number, struct frame *ret)
{
	for (; at + FRAME_HEADER_BYTES <= file.n; at++) {
		struct frame frame;
		/* Byte 7 of a header is the one to look for; nearly all of a damaged region is passed by memchr. */
		const char *mark = memchr(file.p + at + 7, 'R', file.n - at - 7);

		if (!mark)
			break;
		at = (size_t)(mark - file.p) - 7;
		if (frame_parse(slice_from(file, at), seed, &frame) == FRAME_VALID && frame.number >= least_number) {
			*ret = frame;
			return at;
		}
	}
	return file.n;
}

/* Rule (b): whether the record at `at` looks as if a part of it had never been written. */
static bool may_be_unwritten(struct slice file, size_t at)
{
	size_t end = at + FRAME_HEADER_BYTES;

	if (end > file.n)
		return true;
	for (int round = 0; round < 2; round++) {
		for (size_t from = at; from < end;) {
			size_t to = (from / SECTOR + 1) * SECTOR;

			to = to < end ? to : end;
			if (file.p[from] == 0 || (file.p[to - 1] == 0 && (round == 1 || to < end)))
				return true;
			from = to;
		}
		/* The header is there, as far as this rule can tell; so its length counts. */
		if (frame_stored_size(file.p + at) > FRAME_HEADER_BYTES + JOURNAL_PAYLOAD_MAX)
			return false;
		end = at + frame_stored_size(file.p + at);
		if (end > file.n)
			return false;
	}
	return false;
}

/* What the bytes behind the last valid record mean. */
static void judge_end(struct slice file, uint32_t seed, struct segment_scan *scan)
{
	struct slice used = slice_sub(file, 0, scan->used_end);
	struct frame later;
	size_t at = scan->end_at;

	if (scan->used_end == scan->end_at)
		return;
	scan->end = SEGMENT_TORN;
	while (at = segment_find_frame(file, seed, at + 1, scan->count + 1, &later), at < used.n) {
		if (later.number - later.index <= scan->count)
			continue;
		scan->end = SEGMENT_DAMAGED;
		scan->next_number = later.number;
		scan->why = "a later commit follows";
		return;
	}
	if (!may_be_unwritten(file, scan->end_at)) {
		scan->end = SEGMENT_DAMAGED;
		scan->why = "its bytes are all there, but wrong";
	}
}

struct segment_scan segment_scan(struct slice file, const struct segment_header *header)
{
	uint32_t seed = segment_seed(header);
	struct segment_scan scan = {.end_at = SEGMENT_RECORDS_AT, .last_commit_at = SEGMENT_RECORDS_AT};
	uint32_t index = 0; /* that may follow instead of 0 */
	struct frame frame;

	while (frame_parse(slice_from(file, scan.end_at), seed, &frame) == FRAME_VALID) {
		if (frame.number != scan.count || (frame.index != 0 && frame.index != index))
			break;
		if (frame.index == 0)
			scan.last_commit_at = scan.end_at;
		index = frame.index + 1;
		scan.count++;
		scan.end_at += frame_size(frame.payload.n);
	}
	scan.used_end = find_used_end(file, scan.end_at);
	judge_end(file, seed, &scan);
	return scan;
}

static enum status load_file(const struct disk *disk, int file, struct segment *segment, struct err *err)
{
	int64_t size = disk->size(disk->self, file);
	ssize_t got;

	if (size < 0)
		return err_set_errno(err, (int)-size, "cannot ask for its size");
	if (size > SEGMENT_BYTES_MAX)
		return err_set(err, STATUS_CORRUPT, "%lld bytes are more than a segment has", (long long)size);
	segment->size = (size_t)size;
	segment->bytes = mem_alloc(segment->size + 1);
	got = disk_read_all(disk, file, segment->bytes, segment->size, 0);
	if (got < 0)
		return err_set_errno(err, (int)-got, "cannot read it");
	segment->size = (size_t)got;
	return segment_decode_header(slice_of(segment->bytes, segment->size), &segment->header, err);
}

enum status segment_load(const struct disk *disk, const char *directory, uint64_t first, struct segment *ret,
			 struct err *err)
{
	struct segment segment = {0};
	struct err why = {0};
	char name[SEGMENT_NAME_BYTES], path[SEGMENT_PATH_BYTES];
	enum status status;
	int file;

	segment_name(first, name);
	if (segment_path(directory, name, path) != STATUS_OK)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	file = disk->open(disk->self, path, DISK_READ);
	if (file == -ENOENT)
		return err_set(err, STATUS_NOT_FOUND, "%s is not there", path);
	if (file < 0)
		return err_set_errno(err, -file, "cannot open %s", path);
	status = load_file(disk, file, &segment, &why);
	(void)disk->close(disk->self, file); /* opened for reading: nothing can be lost */
	if (status == STATUS_OK && segment.header.first != first)
		status = err_set(&why, STATUS_CORRUPT, "its header says it starts at %llu",
				 (unsigned long long)segment.header.first);
	if (status != STATUS_OK) {
		segment_unload(&segment);
		err_set(err, status, "%s: %s", path, why.text);
		return status;
	}
	*ret = segment;
	return STATUS_OK;
}

void segment_unload(struct segment *segment)
{
	mem_free(segment->bytes);
	segment->bytes = NULL;
	segment->size = 0;
}

struct listing {
	uint64_t *firsts;
	size_t count;
	size_t room;
};

static void take_name(void *user, const char *name)
{
	struct listing *listing = user;
	uint64_t first;

	if (!segment_parse_name(name, &first))
		return;
	if (listing->count == listing->room) {
		listing->room = listing->room * 2 + 16;
		listing->firsts = mem_resize(listing->firsts, listing->room * sizeof *listing->firsts);
	}
	listing->firsts[listing->count++] = first;
}

static int compare_firsts(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

enum status segment_list(const struct disk *disk, const char *directory, uint64_t **ret_firsts, size_t *ret_count,
			 struct err *err)
{
	struct listing listing = {0};
	int result = disk->list(disk->self, directory, take_name, &listing);

	if (result < 0) {
		mem_free(listing.firsts);
		if (result == -ENOENT)
			return err_set(err, STATUS_NOT_FOUND, "%s is not there", directory);
		return err_set_errno(err, -result, "cannot list %s", directory);
	}
	if (listing.count > 0)
		qsort(listing.firsts, listing.count, sizeof *listing.firsts, compare_firsts);
	*ret_firsts = listing.firsts;
	*ret_count = listing.count;
	return STATUS_OK;
}
