/* SPDX-License-Identifier: Apache-2.0 */
/* The mark is not zero, so that preallocated space is never a record, whatever the seed. */
#include "journal/frame.h"

#include "base/crc32c.h"
#include "base/wire.h"
#include "journal/journal.h"

enum {
	AT_CRC = 0,
	AT_LENGTH = 4,
	AT_TYPE = 6,
	AT_MARK = 7,
	AT_NUMBER = 8,
	AT_INDEX = 12,
	AT_TIME = 16,
	MARK = 'R',
};

static size_t load_length(const char *frame)
{
	return (size_t)((unsigned char)frame[AT_LENGTH] | (unsigned char)frame[AT_LENGTH + 1] << 8);
}

void frame_put(char *to, uint8_t type, int64_t time_us, struct slice payload)
{
	to[AT_LENGTH] = (char)(payload.n & 0xff);
	to[AT_LENGTH + 1] = (char)(payload.n >> 8);
	to[AT_TYPE] = (char)type;
	to[AT_MARK] = MARK;
	wire_store_u64(to + AT_TIME, (uint64_t)time_us);
	if (payload.n > 0)
		memcpy(to + FRAME_HEADER_BYTES, payload.p, payload.n);
}

size_t frame_stored_size(const char *frame)
{
	return frame_size(load_length(frame));
}

static uint32_t checksum(const char *frame, uint32_t seed)
{
	return crc32c(seed, frame + AT_LENGTH, frame_stored_size(frame) - AT_LENGTH);
}

/* Apart from frame_put, because number and index are given by the journal's thread; the copying is the producers', each
 * on its own. */
void frame_seal(char *frame, uint32_t seed, uint32_t number, uint32_t index)
{
	wire_store_u32(frame + AT_NUMBER, number);
	wire_store_u32(frame + AT_INDEX, index);
	wire_store_u32(frame + AT_CRC, checksum(frame, seed));
}

enum frame_result frame_parse(struct slice bytes, uint32_t seed, struct frame *ret)
{
	struct frame frame;

	if (bytes.n < FRAME_HEADER_BYTES)
		return FRAME_SHORT;
	/* The length is bounded before it is believed. */
	if (bytes.p[AT_MARK] != MARK || load_length(bytes.p) > JOURNAL_PAYLOAD_MAX)
		return FRAME_INVALID;
	if (bytes.n < frame_stored_size(bytes.p))
		return FRAME_SHORT;
	frame.number = wire_load_u32(bytes.p + AT_NUMBER);
	frame.index = wire_load_u32(bytes.p + AT_INDEX);
	if (frame.index > frame.number || wire_load_u32(bytes.p + AT_CRC) != checksum(bytes.p, seed))
		return FRAME_INVALID;
	frame.time_us = (int64_t)wire_load_u64(bytes.p + AT_TIME);
	frame.type = (uint8_t)bytes.p[AT_TYPE];
	frame.payload = slice_of(bytes.p + FRAME_HEADER_BYTES, load_length(bytes.p));
	*ret = frame;
	return FRAME_VALID;
}

bool frame_looks_like(struct slice bytes, uint32_t number)
{
	return bytes.n >= FRAME_HEADER_BYTES && bytes.p[AT_MARK] == MARK &&
	       load_length(bytes.p) <= JOURNAL_PAYLOAD_MAX && bytes.n >= frame_stored_size(bytes.p) &&
	       wire_load_u32(bytes.p + AT_NUMBER) == number;
}
