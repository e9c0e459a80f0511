/* SPDX-License-Identifier: Apache-2.0 */
/* mend: one damaged segment replaced by what can be read of it. For whoever holds the journal's lock: a start, and
 * salvage. Holds the segment in memory; blocks. */
#ifndef PUGMARK_JOURNAL_MEND_H
#define PUGMARK_JOURNAL_MEND_H

#include "journal/disk.h"
#include "journal/inspect.h"

struct mend {
	const struct disk *disk;
	const char *directory;
	uint64_t first;              /* of the segment, as in its name */
	uint64_t next_first;         /* of the one behind it; 0: it is the last one */
	uint64_t acknowledged;       /* of the last one: a record that is known elsewhere to have been; 0: nothing is */
	uint16_t node;               /* for a header that has to be put together; 0: not known */
	struct salvage_summary *sum; /* is added to */
};

/* Nothing is changed when nothing needs it: a torn end of the last segment does only when what is torn is known to have
 * been acknowledged. A last segment that is merely shorter than it should be stays so; the next start fills it up. One
 * that holds nothing at all, of a node that nobody knows, is deleted. STATUS_CORRUPT: not a segment of this format or
 * not this one, or nobody knows of which node; *err says what to do. STATUS_TOO_BIG, STATUS_CONFLICT (too many copies
 * of damaged files), STATUS_IO, STATUS_FULL. Safe to run again after any interruption. */
enum status mend_segment(const struct mend *mend, struct err *err) MUST_CHECK;

/* The node that the first readable header of these segments names; 0: none is readable. */
uint16_t mend_find_node(const struct disk *disk, const char *directory, const uint64_t *firsts, size_t count);

#endif
