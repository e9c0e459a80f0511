/* SPDX-License-Identifier: Apache-2.0 */
/* Integers go byte by byte, not by memcpy: the files of a machine can be read on one with another byte order, and
 * compilers make one load of it where that is the same. */
#include "base/wire.h"

static void put(struct buf *b, uint64_t value, size_t n)
{
	char bytes[8];
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(value >> (8 * i));
	buf_append_bytes(b, bytes, n);
}

void wire_put_u8(struct buf *b, uint8_t value)
{
	put(b, value, 1);
}

void wire_put_u32(struct buf *b, uint32_t value)
{
	put(b, value, 4);
}

void wire_put_u64(struct buf *b, uint64_t value)
{
	put(b, value, 8);
}

void wire_put_varint(struct buf *b, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		wire_put_u8(b, (uint8_t)(value | 0x80));
	wire_put_u8(b, (uint8_t)value);
}

void wire_put_bytes(struct buf *b, struct slice s)
{
	wire_put_varint(b, s.n);
	buf_append(b, s);
}

struct slice wire_get_fixed(struct wire *w, size_t n)
{
	if (w->failed || w->rest.n < n) {
		w->failed = true;
		return SLICE_EMPTY;
	}
	struct slice s = slice_sub(w->rest, 0, n);
	w->rest = slice_from(w->rest, n);
	return s;
}

static uint64_t get(struct wire *w, size_t n)
{
	struct slice s = wire_get_fixed(w, n);
	uint64_t value = 0;
	for (size_t i = 0; i < s.n; i++)
		value |= (uint64_t)(unsigned char)s.p[i] << (8 * i);
	return value;
}

uint8_t wire_get_u8(struct wire *w)
{
	return (uint8_t)get(w, 1);
}

uint64_t wire_get_u64(struct wire *w)
{
	return get(w, 8);
}

uint64_t wire_get_varint(struct wire *w)
{
	uint64_t value = 0;
	for (int shift = 0; shift < 64; shift += 7) {
		uint8_t byte = wire_get_u8(w);
		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		/* A longer form of a smaller number: two records that mean the same would have different bytes. */
		if (byte == 0 && shift > 0)
			break;
		return w->failed ? 0 : value;
	}
	w->failed = true;
	return 0;
}

struct slice wire_get_bytes(struct wire *w)
{
	uint64_t n = wire_get_varint(w);
	/* Compared as 64 bits before it becomes a size_t, because it is whatever the bytes say. */
	if (n > w->rest.n)
		w->failed = true;
	return w->failed ? SLICE_EMPTY : wire_get_fixed(w, (size_t)n);
}

void wire_store_u32(void *to, uint32_t value)
{
	unsigned char *p = to;
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(value >> (8 * i));
}

void wire_store_u64(void *to, uint64_t value)
{
	unsigned char *p = to;
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(value >> (8 * i));
}

uint32_t wire_load_u32(const void *from)
{
	const unsigned char *p = from;
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t wire_load_u64(const void *from)
{
	const unsigned char *p = from;
	return wire_load_u32(p) | (uint64_t)wire_load_u32(p + 4) << 32;
}
