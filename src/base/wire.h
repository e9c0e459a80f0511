/* SPDX-License-Identifier: Apache-2.0 */
/* wire: how records are laid out in bytes: little-endian integers, varints, length-prefixed bytes.
 *
 * Written to a buf; read back with a reader whose failure is sticky: read everything, then ask wire_ok() once.
 */
#ifndef PUGMARK_BASE_WIRE_H
#define PUGMARK_BASE_WIRE_H

#include "base/buf.h"

void wire_put_u8(struct buf *b, uint8_t value);
void wire_put_u32(struct buf *b, uint32_t value);
void wire_put_u64(struct buf *b, uint64_t value);
/* LEB128, 1 to 10 bytes. */
void wire_put_varint(struct buf *b, uint64_t value);
/* A varint length and the bytes. */
void wire_put_bytes(struct buf *b, struct slice s);

struct wire {
	struct slice rest;
	bool failed;
};

static inline struct wire wire_read(struct slice s)
{
	return (struct wire){s, false};
}

/* Each returns 0 or the empty slice after a failure. */
uint8_t wire_get_u8(struct wire *w);
uint64_t wire_get_u64(struct wire *w);
/* Only the shortest form of a number is accepted. */
uint64_t wire_get_varint(struct wire *w);
/* A slice into what is read. */
struct slice wire_get_bytes(struct wire *w);
/* Exactly n bytes without a length in front. */
struct slice wire_get_fixed(struct wire *w, size_t n);

static inline bool wire_ok(const struct wire *w)
{
	return !w->failed;
}
/* Nothing failed and nothing is left. */
static inline bool wire_at_end(const struct wire *w)
{
	return !w->failed && w->rest.n == 0;
}

/* In place, for headers that are filled in later. */
void wire_store_u32(void *to, uint32_t value);
void wire_store_u64(void *to, uint64_t value);
uint32_t wire_load_u32(const void *from);
uint64_t wire_load_u64(const void *from);

#endif
