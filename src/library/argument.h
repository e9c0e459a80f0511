/* SPDX-License-Identifier: Apache-2.0 */
/* argument: what a host gives, checked and in the types that the code below takes. */
#ifndef PUGMARK_LIBRARY_ARGUMENT_H
#define PUGMARK_LIBRARY_ARGUMENT_H

#include "base/slice.h"
#include <pugmark.h>

/* False: a NULL pointer with a size above 0. */
bool argument_slice(const char *bytes, size_t size, struct slice *ret);
bool argument_text(struct pugmark_text text, struct slice *ret);
/* Where it came from must stay. */
struct pugmark_text argument_text_of(struct slice s);

/* Structs of the caller begin with their size, and grow at their end. The first version of a struct ends behind
 * `last`. None of them has padding at its end, where a later field would be hidden from its size. */
#define ARGUMENT_LEAST(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))

/* Copies a caller's struct; what it does not have is zero. False: smaller than `least`, or with something in it that is
 * not known here. `from` may be NULL, which is false. */
bool argument_read(const void *from, size_t least, void *to, size_t to_size);
/* Whether there is a struct to write to. */
bool argument_is_writable(const void *to, size_t least);
/* Fills a caller's struct as far as it goes; its size stays. */
void argument_write(void *to, const void *from, size_t from_size);

#endif
