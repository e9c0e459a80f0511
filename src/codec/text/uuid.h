/* SPDX-License-Identifier: Apache-2.0 */
/* uuid: RFC 9562 version 7. The first 48 bits are milliseconds, so ids sort by time. */
#ifndef PUGMARK_CODEC_UUID_H
#define PUGMARK_CODEC_UUID_H

#include "base/buf.h"

struct uuid {
	uint8_t bytes[16];
};

enum { UUID_TEXT_SIZE = 37 }; /* with NUL */

/* From a time and 10 bytes that the caller drew at random. */
struct uuid uuid_v7(int64_t time_us, const uint8_t random[10]);
/* The id of journal record (node, sequence): the same record always has the same id, on every replay. */
struct uuid uuid_of_record(int64_t time_us, uint16_t node, uint64_t sequence);
/* The other way: of which record at that time an id is. Every id of version 7 with the milliseconds of `time_us` is one
 * of some record, whoever made it; false, and *ret_node and *ret_sequence untouched, for others. */
bool uuid_to_record(struct uuid id, int64_t time_us, uint16_t *ret_node, uint64_t *ret_sequence);
/* The id of the `index`th (from 1) event that springs from something with an id of its own: same inputs, same id; the
 * time of `origin` is kept. */
struct uuid uuid_derived(struct uuid origin, uint32_t index);

int64_t uuid_time_us(struct uuid id);
bool uuid_equal(struct uuid a, struct uuid b);
/* The order in which a database keeps them, for qsort and bsearch: of uuids, or of structs that begin with one. */
int uuid_order(const void *a, const void *b);
bool uuid_is_zero(struct uuid id);
static inline struct slice uuid_slice(const struct uuid *id)
{
	return slice_of(id->bytes, sizeof id->bytes);
}
void uuid_format(struct uuid id, char text[UUID_TEXT_SIZE]);
void uuid_append(struct buf *b, struct uuid id);
/* The 36-character form in either case. False, and *ret untouched, for anything else. */
bool uuid_parse(struct slice text, struct uuid *ret);

#endif
