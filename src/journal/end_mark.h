/* SPDX-License-Identifier: Apache-2.0 */
/* end_mark: how far a journal is acknowledged, in a file beside its directory.
 *
 * Segments cannot tell that their own end is missing: one that was cut off looks like one that was not written to any
 * further. So the number of the last acknowledged record stands in a second place, and a start compares. It is written
 * with every commit and synced once a second: exact when the process is killed, at most about a second old after a
 * power cut, and never ahead of what is durable. Nothing is found by it and nothing depends on it (R8): without it, or
 * with bytes in it that are not right, a start believes the segments.
 *
 * What cannot be written is tried again a second later, and is no failure of the journal. Whoever has the journal's
 * lock; one thread.
 */
#ifndef PUGMARK_JOURNAL_END_MARK_H
#define PUGMARK_JOURNAL_END_MARK_H

#include "journal/disk.h"
#include <stdbool.h>

struct end_mark {
	uint16_t node;
	uint64_t sequence; /* last acknowledged record */
};

/* What stands beside `directory`; false, and *ret untouched, when nothing does. */
bool end_mark_read(const struct disk *disk, const char *directory, struct end_mark *ret);

struct end_marker {
	const struct disk *disk;
	const char *directory;
	struct end_mark mark; /* written last */
	int file;             /* negative: could not be opened */
	unsigned place;       /* of the two; the next write goes there */
	bool is_synced;
	int64_t tried_us; /* monotonic; when it was synced or opened last */
};

/* Writes `mark`, durably, making the file when absent; `directory` must outlive the marker. Blocks. */
void end_marker_open(struct end_marker *marker, const struct disk *disk, const char *directory,
		     const struct end_mark *mark);
/* Synced when it is not, and closed. */
void end_marker_close(struct end_marker *marker);
/* Does not wait for the disk. */
void end_marker_write(struct end_marker *marker, uint64_t sequence);
/* When end_marker_sync is to be called, monotonic; 0: it has nothing to do. */
int64_t end_marker_due_us(const struct end_marker *marker);
/* Waits for the disk. */
void end_marker_sync(struct end_marker *marker, int64_t now_us);

#endif
