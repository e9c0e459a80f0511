/* SPDX-License-Identifier: Apache-2.0 */
/* inspect: looking at, and repairing, the files of a journal from outside (R13), for operators' tools.
 *
 * Verifying and dumping read only, take no lock and may run beside a server; a write in progress looks torn then, which
 * is not damage. Salvaging takes the lock. All of it holds one segment in memory at a time and blocks.
 */
#ifndef PUGMARK_JOURNAL_INSPECT_H
#define PUGMARK_JOURNAL_INSPECT_H

#include "journal/journal.h"

struct inspect_segment {
	const char *name;    /* of the file; valid during the call */
	uint64_t first;      /* sequence number of its first record */
	uint64_t records;    /* valid ones without a gap */
	uint64_t used_bytes; /* up to the end of the last of these */
	bool torn;           /* the last segment ends in an unfinished commit; the next start removes it */
	const char *damage;  /* NULL, or what is wrong, in words */
	uint64_t damage_at;  /* offset */
};

struct inspect_summary {
	uint64_t segments;
	uint64_t records;
	uint64_t damaged; /* segments */
	uint64_t first;   /* sequence numbers; 0 without records */
	uint64_t last;    /* */
	uint64_t missing; /* records behind the end that were acknowledged */
	uint64_t first_missing;
};

/* Calls `each` for every segment, in order. STATUS_OK even when there is damage: *ret says. STATUS_NOT_FOUND without
 * such a directory, STATUS_IO. */
enum status inspect_verify(const struct disk *disk, const char *directory,
			   void (*each)(void *user, const struct inspect_segment *segment), void *user,
			   struct inspect_summary *ret, struct err *err) MUST_CHECK;

/* Calls `each` for every record above `after` whose bytes are right, also behind damage; the sequence numbers say what
 * is missing. Stops early when it returns false. Results as above; a segment without a readable header is passed over.
 */
enum status inspect_dump(const struct disk *disk, const char *directory, uint64_t after,
			 bool (*each)(void *user, const struct journal_record *record), void *user,
			 struct err *err) MUST_CHECK;

struct salvage_summary {
	uint64_t segments;   /* replaced */
	uint64_t kept;       /* records in these that are as they were */
	uint64_t lost;       /* records in these that are JOURNAL_TYPE_LOST now */
	uint64_t first_lost; /* sequence numbers; 0 when none is lost */
	uint64_t last_lost;  /* */
};

/* Makes a damaged journal usable again: every damaged segment is copied to NAME.damaged and replaced by one with all of
 * its records whose bytes are right, under their own sequence numbers, and a JOURNAL_TYPE_LOST one for each that is
 * not. Safe to run again after any interruption. STATUS_CONFLICT while a server runs; STATUS_NOT_FOUND; STATUS_CORRUPT
 * when nobody can say how many records there were (*err says what to do); STATUS_TOO_BIG, STATUS_IO, STATUS_FULL. */
enum status journal_salvage(const struct disk *disk, const char *directory, struct salvage_summary *ret,
			    struct err *err) MUST_CHECK;

#endif
