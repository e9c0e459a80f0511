/* SPDX-License-Identifier: Apache-2.0 */
/* Ids sort by time because their first 48 bits are milliseconds (RFC 9562, 5.7), which keeps what is inserted together
 * together on disk. Those of records are not drawn but computed from node and sequence: what is replayed after a crash
 * gets the same id again. */
#include "codec/text/uuid.h"

#include "codec/text/hex.h"

static void put_time(struct uuid *id, int64_t time_us)
{
	uint64_t ms = time_us > 0 ? (uint64_t)time_us / 1000 : 0;
	for (int i = 0; i < 6; i++)
		id->bytes[i] = (uint8_t)(ms >> (8 * (5 - i)));
}

/* Version 7 and the variant of RFC 9562, 4.1: six bits that are fixed, 74 that are free. */
static void put_version(struct uuid *id)
{
	id->bytes[6] = (uint8_t)((id->bytes[6] & 0x0f) | 0x70);
	id->bytes[8] = (uint8_t)((id->bytes[8] & 0x3f) | 0x80);
}

struct uuid uuid_v7(int64_t time_us, const uint8_t random[10])
{
	struct uuid id;
	put_time(&id, time_us);
	memcpy(id.bytes + 6, random, 10);
	put_version(&id);
	return id;
}

/* Layout behind the time: 12 bits of node, then 4 bits of node and 58 bits of sequence; all 74 free bits are used. */
struct uuid uuid_of_record(int64_t time_us, uint16_t node, uint64_t sequence)
{
	struct uuid id;
	put_time(&id, time_us);
	id.bytes[6] = (uint8_t)(node >> 12);
	id.bytes[7] = (uint8_t)(node >> 4);
	uint64_t low = ((uint64_t)(node & 15) << 58) | (sequence & ((UINT64_C(1) << 58) - 1));
	for (int i = 0; i < 8; i++)
		id.bytes[8 + i] = (uint8_t)(low >> (8 * (7 - i)));
	put_version(&id);
	return id;
}

bool uuid_to_record(struct uuid id, int64_t time_us, uint16_t *ret_node, uint64_t *ret_sequence)
{
	uint16_t node = (uint16_t)((id.bytes[6] & 0x0f) << 12 | id.bytes[7] << 4 | (id.bytes[8] >> 2 & 0x0f));
	uint64_t sequence = id.bytes[8] & 3;
	for (int i = 1; i < 8; i++)
		sequence = sequence << 8 | id.bytes[8 + i];
	if (!uuid_equal(uuid_of_record(time_us, node, sequence), id))
		return false;
	*ret_node = node;
	*ret_sequence = sequence;
	return true;
}

/* Mixes the index into the free bits by a bijection of the low 62, so that different indexes of one origin never meet.
 */
struct uuid uuid_derived(struct uuid origin, uint32_t index)
{
	struct uuid id = origin;
	uint64_t low = 0;
	for (int i = 0; i < 8; i++)
		low = low << 8 | id.bytes[8 + i];
	low = (low + index * UINT64_C(0x1e3779b97f4a7c15)) & ((UINT64_C(1) << 62) - 1);
	for (int i = 0; i < 8; i++)
		id.bytes[8 + i] = (uint8_t)(low >> (8 * (7 - i)));
	id.bytes[6] = (uint8_t)(id.bytes[6] ^ (index ? 0x08 : 0));
	put_version(&id);
	return id;
}

int64_t uuid_time_us(struct uuid id)
{
	int64_t ms = 0;
	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id.bytes[i];
	return ms * 1000;
}

bool uuid_equal(struct uuid a, struct uuid b)
{
	return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

int uuid_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

bool uuid_is_zero(struct uuid id)
{
	return uuid_equal(id, (struct uuid){{0}});
}

void uuid_append(struct buf *b, struct uuid id)
{
	static const uint8_t ends[] = {4, 6, 8, 10, 16};
	size_t from = 0;
	for (size_t i = 0; i < sizeof ends; i++) {
		if (from)
			buf_append_byte(b, '-');
		buf_append_hex(b, slice_of(id.bytes + from, ends[i] - from));
		from = ends[i];
	}
}

void uuid_format(struct uuid id, char text[UUID_TEXT_SIZE])
{
	struct buf b;
	buf_init_fixed(&b, text, UUID_TEXT_SIZE);
	uuid_append(&b, id);
}

/* Exactly 8-4-4-4-12 in either case: without braces, urn: or missing hyphens, so that equal ids have equal texts but
 * for the case. */
bool uuid_parse(struct slice text, struct uuid *ret)
{
	struct uuid id = {{0}};
	size_t digits = 0;
	if (text.n != UUID_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		int value = hex_value(text.p[i]);
		if (dash ? text.p[i] != '-' : value < 0)
			return false;
		if (dash)
			continue;
		id.bytes[digits / 2] = (uint8_t)(id.bytes[digits / 2] << 4 | value);
		digits++;
	}
	*ret = id;
	return true;
}
