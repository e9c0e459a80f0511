/* SPDX-License-Identifier: Apache-2.0 */
/* segment: one file of the journal, as bytes: its name, its header, and where its records end.
 *
 * The format and the rules are in the head of segment.c. Scanning works on memory and believes nothing it reads.
 */
#ifndef PUGMARK_JOURNAL_SEGMENT_H
#define PUGMARK_JOURNAL_SEGMENT_H

#include "base/slice.h"
#include "base/status.h"
#include "journal/disk.h"

enum {
	SEGMENT_RECORDS_AT = 4096, /* size of the header block; the first record follows it */
	SEGMENT_SALT_BYTES = 16,
	SEGMENT_NAME_BYTES = 21,   /* 16 digits, ".seg" and NUL */
	SEGMENT_PATH_BYTES = 1024, /* longest path of anything in a journal, with NUL */
};
#define SEGMENT_BYTES_MAX (256u << 20)

struct segment_header {
	uint64_t first; /* sequence number of the record with number 0 */
	uint16_t node;
	char salt[SEGMENT_SALT_BYTES];
};

/* Both copies of the header, and zeros between and behind them. */
void segment_encode_header(const struct segment_header *header, char block[SEGMENT_RECORDS_AT]);
/* STATUS_OK when either copy is valid. STATUS_CORRUPT when neither is, or the version is not ours: *err has the words,
 * without the file's name. */
enum status segment_decode_header(struct slice file, struct segment_header *ret, struct err *err) MUST_CHECK;
/* Both copies are valid and the same. */
bool segment_header_is_whole(struct slice file);
/* Nothing but zeros, or nothing. */
bool segment_is_blank(struct slice file);
/* What checksums of this segment's records start from. */
uint32_t segment_seed(const struct segment_header *header);

void segment_name(uint64_t first, char name[SEGMENT_NAME_BYTES]);
/* False, and *ret_first untouched, when it is not the name of a segment. */
bool segment_parse_name(const char *name, uint64_t *ret_first);
/* DIRECTORY/NAME; STATUS_TOO_BIG when it does not fit. */
enum status segment_path(const char *directory, const char *name, char path[SEGMENT_PATH_BYTES]) MUST_CHECK;

enum segment_end {
	SEGMENT_CLEAN,   /* nothing but zeros behind the last record */
	SEGMENT_TORN,    /* what follows may be a commit that never was completed */
	SEGMENT_DAMAGED, /* bytes that were durable once are not what was written */
};

struct segment_scan {
	enum segment_end end;
	uint32_t count;        /* valid records from the start without a gap */
	size_t end_at;         /* offset behind the last of them, which is the bad one's when there is one */
	size_t last_commit_at; /* offset of the first record of the last commit */
	size_t used_end;       /* offset behind the last byte that is not zero, at least end_at */
	uint32_t next_number;  /* DAMAGED: number of the next valid record behind the bad one; 0 when none was found */
	const char *why;       /* DAMAGED: in words */
};

/* Looks at the records of a whole segment file. */
struct segment_scan segment_scan(struct slice file, const struct segment_header *header);
/* The next offset from `at` on where a valid record with at least this number starts, or file.n. *ret is filled when
 * there is one. */
struct frame;
size_t segment_find_frame(struct slice file, uint32_t seed, size_t at, uint32_t least_number, struct frame *ret);

/* A whole segment file in memory. */
struct segment {
	char *bytes; /* mem_free */
	size_t size;
	struct segment_header header;
};
/* Reads the file whose first record has number `first` and checks its header. On failure nothing is kept and *err says
 * which file and where: STATUS_CORRUPT, STATUS_IO, STATUS_NOT_FOUND. */
enum status segment_load(const struct disk *disk, const char *directory, uint64_t first, struct segment *ret,
			 struct err *err) MUST_CHECK;
void segment_unload(struct segment *segment);

/* The sequence numbers in the names of all segments of a directory, in order; mem_free. */
enum status segment_list(const struct disk *disk, const char *directory, uint64_t **ret_firsts, size_t *ret_count,
			 struct err *err) MUST_CHECK;

#endif
