/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes come first in every struct that a host gives, so that a program that was built against an older header, whose
 * struct is shorter, is understood, and one that is newer is refused only when it says something that is not known
 * here. See GROWTH in pugmark.h. */
#include "library/argument.h"

/* NULL is the empty text, so that a host need not invent one; NULL with a size is a mistake of his. */
bool argument_slice(const char *bytes, size_t size, struct slice *ret)
{
	if (size == PUGMARK_CSTR) {
		*ret = slice_from_cstr(bytes);
		return true;
	}
	if (!bytes && size > 0)
		return false;
	*ret = bytes ? slice_of(bytes, size) : SLICE_EMPTY;
	return true;
}

bool argument_text(struct pugmark_text text, struct slice *ret)
{
	return argument_slice(text.bytes, text.size, ret);
}

struct pugmark_text argument_text_of(struct slice s)
{
	return (struct pugmark_text){s.p ? s.p : "", s.n};
}

/* By memcpy, since all that is known of the struct is that a size comes first. */
static size_t size_of(const void *object)
{
	size_t size;
	memcpy(&size, object, sizeof size);
	return size;
}

/* What lies behind our struct must be zero: a host that was built against a newer header may have set an option that
 * would be ignored here. */
bool argument_read(const void *from, size_t least, void *to, size_t to_size)
{
	if (!from || size_of(from) < least)
		return false;
	size_t size = size_of(from);
	for (size_t i = to_size; i < size; i++)
		if (((const char *)from)[i] != 0)
			return false;
	memset(to, 0, to_size);
	memcpy(to, from, size < to_size ? size : to_size);
	return true;
}

/* The size is the host's to set, also in what it only gets back: it says how much may be written. */
bool argument_is_writable(const void *to, size_t least)
{
	return to && size_of(to) >= least;
}

/* A longer struct of the host's is filled with zeros to its end, so that what he reads there is always "nothing". */
void argument_write(void *to, const void *from, size_t from_size)
{
	size_t size = size_of(to);
	size_t known = size < from_size ? size : from_size;
	size_t behind = sizeof size;
	memcpy((char *)to + behind, (const char *)from + behind, known - behind);
	memset((char *)to + known, 0, size - known);
}
