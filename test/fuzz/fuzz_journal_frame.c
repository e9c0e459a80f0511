/* SPDX-License-Identifier: Apache-2.0 */
/* Arbitrary bytes as one record, as a segment's records under a good header, and as a whole segment file. What is found
 * valid must hold together; nothing may be read outside of the input. */
#include "base/mem.h"
#include "journal/frame.h"
#include "journal/journal.h"
#include "journal/segment.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 16 };

static void check_scan(struct slice file, const struct segment_header *header)
{
	struct segment_scan scan = segment_scan(file, header);
	size_t at = SEGMENT_RECORDS_AT;
	struct frame frame;

	BUG_IF(scan.end_at > file.n || scan.used_end > file.n || scan.used_end < scan.end_at);
	BUG_IF(scan.last_commit_at > scan.end_at || (scan.end == SEGMENT_CLEAN) != (scan.used_end == scan.end_at));
	for (uint32_t i = 0; i < scan.count; i++) {
		BUG_IF(frame_parse(slice_from(file, at), segment_seed(header), &frame) != FRAME_VALID ||
		       frame.number != i);
		at += frame_size(frame.payload.n);
	}
	BUG_IF(at != scan.end_at);
}

/* Makes checksums right where the input looks like a record, or a fuzzer would never get past the first one. */
static void repair_checksums(char *bytes, size_t n, uint32_t seed)
{
	size_t at = SEGMENT_RECORDS_AT;

	for (uint32_t number = 0; at + FRAME_HEADER_BYTES <= n && bytes[at + 7] == 'R'; number++) {
		size_t record = frame_stored_size(bytes + at);

		if (at + record > n || bytes[at] == 'X')
			break;
		frame_seal(bytes + at, seed, number, (uint32_t)(unsigned char)bytes[at + 12]);
		at += record;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct segment_header header = {.first = 1, .node = 1, .salt = "0123456789abcde"}, read;
	struct frame frame;
	struct err err;
	char *file;

	if (size > INPUT_MAX)
		return 0;
	if (frame_parse(slice_of(data, size), 0, &frame) == FRAME_VALID)
		BUG_IF(frame_size(frame.payload.n) > size || frame.payload.n > JOURNAL_PAYLOAD_MAX);
	if (segment_decode_header(slice_of(data, size), &read, &err) == STATUS_OK)
		check_scan(slice_of(data, size), &read);
	file = malloc(SEGMENT_RECORDS_AT + size);
	segment_encode_header(&header, file);
	if (size > 0)
		memcpy(file + SEGMENT_RECORDS_AT, data, size);
	check_scan(slice_of(file, SEGMENT_RECORDS_AT + size), &header);
	repair_checksums(file, SEGMENT_RECORDS_AT + size, segment_seed(&header));
	check_scan(slice_of(file, SEGMENT_RECORDS_AT + size), &header);
	free(file);
	return 0;
}
