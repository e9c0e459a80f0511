/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a journal's files without the journal. */
#include "journal/inspect.h"

#include "base/mem.h"
#include "journal/end_mark.h"
#include "journal/frame.h"
#include "journal/segment.h"

static void judge(struct inspect_segment *found, const struct segment *segment, bool is_last, uint64_t next_first)
{
	struct segment_scan scan = segment_scan(slice_of(segment->bytes, segment->size), &segment->header);

	found->records = scan.count;
	found->used_bytes = scan.end_at;
	/* Only the last one can end in the middle of a write: the one before was whole when its successor was begun. */
	found->torn = is_last && scan.end == SEGMENT_TORN;
	if (!segment_header_is_whole(slice_of(segment->bytes, segment->size)))
		found->damage = "one of the two headers is damaged; the other one serves";
	/* What stands behind the next one's first was never acknowledged here (segment.c). */
	if (!is_last && found->first + scan.count >= next_first) {
		found->records = next_first - found->first;
		return;
	}
	if (is_last && scan.end != SEGMENT_DAMAGED)
		return;
	found->damage_at = scan.end_at;
	if (scan.end == SEGMENT_DAMAGED)
		found->damage = scan.why;
	else if (!is_last)
		found->damage =
		    scan.end == SEGMENT_TORN ? "a record is damaged" : "records are missing before the next segment";
}

enum { LOOKS = 4 };

/* The end of the last segment may be written to while it is read, and what was read of it then never was there at one
 * time. Damage stays where it is; so it is believed when two looks agree. */
static enum status load_last(const struct disk *disk, const char *directory, uint64_t first, struct segment *ret,
			     struct err *err)
{
	size_t end_before = 0;

	for (int look = 0;; look++) {
		struct segment segment;
		struct segment_scan scan;
		enum status status = segment_load(disk, directory, first, &segment, err);

		if (status != STATUS_OK)
			return status;
		scan = segment_scan(slice_of(segment.bytes, segment.size), &segment.header);
		if (scan.end != SEGMENT_DAMAGED || scan.end_at == end_before || look == LOOKS) {
			*ret = segment;
			return STATUS_OK;
		}
		end_before = scan.end_at;
		segment_unload(&segment);
	}
}

/* Of the last segment: what was acknowledged and is neither there nor in the damage that was found. */
static void note_missing(const struct inspect_segment *last, uint16_t node, const struct end_mark *mark,
			 struct inspect_summary *sum)
{
	uint64_t first = last->first + last->records;

	if (last->damage_at != 0 || mark->node != node || mark->sequence < first)
		return;
	sum->first_missing = first;
	sum->missing = mark->sequence - first + 1;
}

enum status inspect_verify(const struct disk *disk, const char *directory,
			   void (*each)(void *user, const struct inspect_segment *segment), void *user,
			   struct inspect_summary *ret, struct err *err)
{
	struct inspect_summary sum = {0};
	struct end_mark mark = {0};
	uint64_t *firsts;
	size_t count;
	enum status status;

	/* Before the segments: it is written behind them, so what it says now is in what is read then, or is missing.
	 */
	(void)end_mark_read(disk, directory, &mark);
	status = segment_list(disk, directory, &firsts, &count, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		char name[SEGMENT_NAME_BYTES];
		struct inspect_segment found = {.name = name, .first = firsts[i]};
		struct segment segment;
		struct err why = {0};

		segment_name(firsts[i], name);
		status = (i + 1 == count ? load_last : segment_load)(disk, directory, firsts[i], &segment, &why);
		if (status == STATUS_NOT_FOUND)
			continue; /* trimmed meanwhile */
		if (status == STATUS_OK) {
			judge(&found, &segment, i + 1 == count, i + 1 < count ? firsts[i + 1] : 0);
			if (i + 1 == count)
				note_missing(&found, segment.header.node, &mark, &sum);
			segment_unload(&segment);
		} else {
			found.damage = why.text;
		}
		sum.segments++;
		sum.records += found.records;
		sum.damaged += found.damage != NULL;
		if (sum.first == 0 && found.records > 0)
			sum.first = found.first;
		if (found.records > 0)
			sum.last = found.first + found.records - 1;
		each(user, &found);
	}
	mem_free(firsts);
	*ret = sum;
	return STATUS_OK;
}

/* Up to `end`, where the next segment begins. */
static bool dump_segment(const struct segment *segment, uint64_t after, uint64_t end,
			 bool (*each)(void *user, const struct journal_record *record), void *user)
{
	struct slice file = slice_of(segment->bytes, segment->size);
	struct segment_scan scan = segment_scan(file, &segment->header);
	uint32_t seed = segment_seed(&segment->header), number = 0;
	size_t at = SEGMENT_RECORDS_AT;
	struct frame frame;

	/* What is torn was never acknowledged. */
	if (scan.end != SEGMENT_DAMAGED)
		file = slice_sub(file, 0, scan.end_at);
	while (at = segment_find_frame(file, seed, at, number, &frame), at < file.n) {
		struct journal_record record = {.sequence = segment->header.first + frame.number,
						.time_us = frame.time_us,
						.type = frame.type,
						.payload = frame.payload};

		if (record.sequence >= end)
			break;
		if (record.sequence > after && !each(user, &record))
			return false;
		number = frame.number + 1;
		at += frame_size(frame.payload.n);
	}
	return true;
}

enum status inspect_dump(const struct disk *disk, const char *directory, uint64_t after,
			 bool (*each)(void *user, const struct journal_record *record), void *user, struct err *err)
{
	uint64_t *firsts;
	size_t count;
	enum status status = segment_list(disk, directory, &firsts, &count, err);
	bool go_on = true;

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count && go_on && status == STATUS_OK; i++) {
		struct segment segment;

		if (i + 1 < count && firsts[i + 1] <= after + 1)
			continue;
		status = segment_load(disk, directory, firsts[i], &segment, err);
		if (status == STATUS_OK) {
			go_on = dump_segment(&segment, after, i + 1 < count ? firsts[i + 1] : UINT64_MAX, each, user);
			segment_unload(&segment);
		} else if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND) {
			status = STATUS_OK; /* verify speaks of it */
		}
	}
	mem_free(firsts);
	return status;
}
