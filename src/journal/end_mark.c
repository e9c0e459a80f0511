/* SPDX-License-Identifier: Apache-2.0 */
/* The file has two places, 4096 bytes apart, written in turn, so that a write that is cut off, or one bad sector,
 * leaves the other. Each has 64 bytes; integers are little-endian:
 *      0  8  magic "PUGMKEND"
 *      8  4  version, 1
 *     12  2  node of the journal
 *     14  2  zero
 *     16  8  sequence number of the last acknowledged record
 *     24 36  zero
 *     60  4  CRC32C of bytes 0 to 59
 * The larger number of the two that are right counts.
 *
 * Beside the directory and not in it: what takes the directory away (rm, a volume that is not mounted) must not take
 * along the one thing that can say what was in it. It is written after the segment was synced, so a power cut can leave
 * it behind the journal and never ahead of it, in whatever order the disk writes. */
#include "journal/end_mark.h"

#include "base/crc32c.h"
#include "base/wire.h"
#include "journal/segment.h"

#include <errno.h>
#include <stdio.h>

enum {
	MARK_BYTES = 64,
	SECOND_AT = 4096,
	FILE_BYTES = SECOND_AT + MARK_BYTES,
	AT_VERSION = 8,
	AT_NODE = 12,
	AT_SEQUENCE = 16,
	AT_CRC = 60,
	VERSION = 1,
};
static const int64_t SYNC_EVERY_US = 1000000;
static const char magic[8] = {'P', 'U', 'G', 'M', 'K', 'E', 'N', 'D'};

static bool path_of(const char *directory, char path[SEGMENT_PATH_BYTES])
{
	int n = snprintf(path, SEGMENT_PATH_BYTES, "%s.end", directory);

	return n > 0 && n < SEGMENT_PATH_BYTES;
}

static void encode(const struct end_mark *mark, char bytes[MARK_BYTES])
{
	memset(bytes, 0, MARK_BYTES);
	memcpy(bytes, magic, sizeof magic);
	wire_store_u32(bytes + AT_VERSION, VERSION);
	bytes[AT_NODE] = (char)(mark->node & 0xff);
	bytes[AT_NODE + 1] = (char)(mark->node >> 8);
	wire_store_u64(bytes + AT_SEQUENCE, mark->sequence);
	wire_store_u32(bytes + AT_CRC, crc32c(0, bytes, AT_CRC));
}

static bool decode(const char bytes[MARK_BYTES], struct end_mark *ret)
{
	if (memcmp(bytes, magic, sizeof magic) != 0 || wire_load_u32(bytes + AT_VERSION) != VERSION ||
	    wire_load_u32(bytes + AT_CRC) != crc32c(0, bytes, AT_CRC))
		return false;
	ret->node = (uint16_t)((unsigned char)bytes[AT_NODE] | (unsigned char)bytes[AT_NODE + 1] << 8);
	ret->sequence = wire_load_u64(bytes + AT_SEQUENCE);
	return true;
}

bool end_mark_read(const struct disk *disk, const char *directory, struct end_mark *ret)
{
	char path[SEGMENT_PATH_BYTES], bytes[FILE_BYTES] = {0};
	struct end_mark mark, other;
	bool is_right, other_is_right;
	int file;

	if (!path_of(directory, path) || (file = disk->open(disk->self, path, DISK_READ)) < 0)
		return false;
	/* What cannot be read stays zeros, and those are not right. */
	(void)disk_read_all(disk, file, bytes, sizeof bytes, 0);
	(void)disk->close(disk->self, file);
	is_right = decode(bytes, &mark);
	other_is_right = decode(bytes + SECOND_AT, &other);
	if (other_is_right && (!is_right || other.sequence > mark.sequence))
		mark = other;
	if (is_right || other_is_right)
		*ret = mark;
	return is_right || other_is_right;
}

static void let_go(struct end_marker *marker)
{
	/* Never synced again (R2): another open, another write. */
	if (marker->file >= 0)
		(void)marker->disk->close(marker->disk->self, marker->file);
	marker->file = -1;
}

static void put(struct end_marker *marker)
{
	char bytes[MARK_BYTES];
	struct iovec part = {bytes, sizeof bytes};

	encode(&marker->mark, bytes);
	if (disk_write_all(marker->disk, marker->file, &part, 1, marker->place * (uint64_t)SECOND_AT) < 0)
		let_go(marker);
	marker->place ^= 1;
}

static void put_durably(struct end_marker *marker)
{
	put(marker);
	if (marker->file >= 0 && marker->disk->fsync(marker->disk->self, marker->file) < 0)
		let_go(marker);
}

static void open_file(struct end_marker *marker)
{
	const struct disk *disk = marker->disk;
	char path[SEGMENT_PATH_BYTES], above[SEGMENT_PATH_BYTES];
	bool is_new;

	if (!path_of(marker->directory, path) || segment_path(marker->directory, "..", above) != STATUS_OK)
		return;
	marker->file = disk->open(disk->self, path, DISK_WRITE);
	is_new = marker->file == -ENOENT;
	if (is_new)
		marker->file = disk->open(disk->self, path, DISK_CREATE);
	/* One place after the other: what was there before must not be gone before this is there. */
	for (int i = 0; i < 2 && marker->file >= 0; i++)
		put_durably(marker);
	if (is_new && marker->file >= 0 && disk->fsync_directory(disk->self, above) < 0)
		let_go(marker);
}

void end_marker_open(struct end_marker *marker, const struct disk *disk, const char *directory,
		     const struct end_mark *mark)
{
	*marker = (struct end_marker){.disk = disk, .directory = directory, .mark = *mark, .file = -1};
	open_file(marker);
	marker->is_synced = marker->file >= 0;
}

void end_marker_close(struct end_marker *marker)
{
	if (!marker->is_synced && marker->file >= 0)
		end_marker_sync(marker, marker->tried_us);
	let_go(marker);
}

void end_marker_write(struct end_marker *marker, uint64_t sequence)
{
	marker->mark.sequence = sequence;
	marker->is_synced = false;
	if (marker->file >= 0)
		put(marker);
}

int64_t end_marker_due_us(const struct end_marker *marker)
{
	return marker->is_synced ? 0 : marker->tried_us + SYNC_EVERY_US;
}

void end_marker_sync(struct end_marker *marker, int64_t now_us)
{
	marker->tried_us = now_us;
	if (marker->file < 0)
		open_file(marker);
	else if (marker->disk->fdatasync(marker->disk->self, marker->file) < 0)
		let_go(marker);
	marker->is_synced = marker->file >= 0;
}
