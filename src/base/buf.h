/* SPDX-License-Identifier: Apache-2.0 */
/* buf: a byte string under construction, born with its maximum.
 *
 * Append freely and look once at the end: the first append that would pass the maximum, or for which there is no memory
 * (beyond 1 MiB, on the heap), makes the buffer failed, every later one does nothing, and buf_failed() says so. The
 * bytes are followed by a NUL that does not count, for C APIs. Invariant: n <= max, and p[n] == 0 once anything was
 * appended.
 */
#ifndef PUGMARK_BASE_BUF_H
#define PUGMARK_BASE_BUF_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include <stdarg.h>

struct buf {
	char *p;                           /* NULL until something is appended */
	size_t n;                          /* bytes used */
	size_t room;                       /* bytes allocated, the NUL's included */
	size_t max;                        /* never more than this many bytes */
	bool too_big;                      /* sticky */
	bool borrowed;                     /* p is the caller's memory and never grows */
	struct arena *arena;               /* it grows in here; or NULL */
	const struct allocator *allocator; /* where its memory is from; NULL: the heap, or the arena */
};

/* Heap-backed; released by buf_done. */
void buf_init(struct buf *b, size_t max);
/* The same with the memory of `allocator`, which must outlive it. */
void buf_init_with(struct buf *b, size_t max, const struct allocator *allocator);
/* Grows in `arena` and is not released: what was in it stays valid as long as the arena. For the small and short-lived;
 * what it grows out of is lost until then, so buf_reserve first where the size is known. */
void buf_init_in_arena(struct buf *b, size_t max, struct arena *arena);
/* Over `size` bytes of the caller's memory, the NUL included; nothing is allocated, buf_done only forgets it. */
void buf_init_fixed(struct buf *b, char *memory, size_t size);
void buf_done(struct buf *b);
/* Empty again, no longer failed; keeps its memory. */
void buf_clear(struct buf *b);

void buf_append(struct buf *b, struct slice s);
void buf_append_bytes(struct buf *b, const void *p, size_t n);
void buf_append_cstr(struct buf *b, const char *s);
void buf_append_byte(struct buf *b, char c);
void buf_append_u64(struct buf *b, uint64_t value);
void buf_append_i64(struct buf *b, int64_t value);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Lower-case hexadecimal. */
void buf_append_hex(struct buf *b, struct slice s);

/* Room for `n` more bytes at the end, or NULL (and failed). What was written there counts after buf_commit. */
char *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);
/* Shortens to `n` bytes; a larger n does nothing. */
void buf_truncate(struct buf *b, size_t n);

/* STATUS_OK or STATUS_TOO_BIG. */
enum status buf_status(const struct buf *b);
static inline bool buf_failed(const struct buf *b)
{
	return b->too_big;
}
/* What is in it; valid until the next append. Never a NULL pointer. */
static inline struct slice buf_slice(const struct buf *b)
{
	return b->p ? (struct slice){b->p, b->n} : SLICE_EMPTY;
}
/* The same as a C string. */
static inline const char *buf_cstr(const struct buf *b)
{
	return b->p ? b->p : "";
}
/* Hands the memory to the caller (mem_free) and leaves the buffer empty. Only for buf_init's buffers that have not
 * failed. */
char *buf_detach(struct buf *b, size_t *ret_n);

#endif
