/* SPDX-License-Identifier: Apache-2.0 */
/* frame: one record as bytes. The layout is in the head of segment.c; here is nothing but memory. */
#ifndef PUGMARK_JOURNAL_FRAME_H
#define PUGMARK_JOURNAL_FRAME_H

#include "base/slice.h"

enum { FRAME_HEADER_BYTES = 24 };

struct frame {
	uint32_t number; /* place in the segment, from 0 */
	uint32_t index;  /* place in the commit, from 0 */
	int64_t time_us;
	uint8_t type;
	struct slice payload; /* into the bytes that were parsed */
};

static inline size_t frame_size(size_t payload_bytes)
{
	return FRAME_HEADER_BYTES + payload_bytes;
}

/* Lays out a record at `to`, which has frame_size(payload.n) bytes, except for what only the writer of the segment
 * knows; the payload is at most JOURNAL_PAYLOAD_MAX bytes. */
void frame_put(char *to, uint8_t type, int64_t time_us, struct slice payload);
/* Fills in the rest of a record that frame_put laid out, and its checksum. */
void frame_seal(char *frame, uint32_t seed, uint32_t number, uint32_t index);
/* The whole size of a record that frame_put laid out. */
size_t frame_stored_size(const char *frame);

enum frame_result {
	FRAME_VALID,
	FRAME_SHORT,   /* `bytes` ends before the record does, or before its header does */
	FRAME_INVALID, /* not a record of a segment with this seed */
};
/* Looks at the start of `bytes`. *ret is filled only with FRAME_VALID. Whether the number is the one expected is the
 * caller's to say. */
enum frame_result frame_parse(struct slice bytes, uint32_t seed, struct frame *ret);

/* Whether `bytes` begin with something of the shape of a record with this number, whatever its checksum says: for a
 * segment whose seed is lost. */
bool frame_looks_like(struct slice bytes, uint32_t number);

#endif
